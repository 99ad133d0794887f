"""No start at login: for systems that have no switch we know."""


class NoAutostart:
    """Says that it cannot be asked."""

    def is_on(self) -> bool | None:
        return None

    def turn(self, _is_on: bool) -> None:
        raise OSError("this system has no start at login that we know of")
