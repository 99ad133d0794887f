"""Collects what is wrong with a configuration, in the order in which it is found, each with its place."""

import difflib
from collections.abc import Iterable

from llamaswap_desktop.config.nodes import Alias, Mapping, Mark, Node, Path, Scalar, Sequence, dotted
from llamaswap_desktop.errors import ConfigError, Problem, Severity

_MOST_SUGGESTIONS = 50
"""Looking for a near name is slow (0.1 ms); a file with more unknown keys than this has other troubles."""

_MOST_SHOWN = 100
"""Characters of a value that a message shows."""

_SHORTEST_WITHIN = 4
"""Shorter secrets are hidden only where they are the whole value: elsewhere they would tear holes into other words."""

_MOST_PROBLEMS = 200
"""Nobody reads more of them, and a hostile file can hold a hundred thousand."""


class Report:
    """The problems of one configuration so far.

    ``root`` is the merged tree in which places are looked up; ``hidden`` are texts that must not be shown, each with
    what stands in for it: secrets, and the values of environment variables.
    """

    def __init__(self, root: Node | None = None) -> None:
        self.root = root
        self.hidden: dict[str, str] = {}
        self.error_count = 0
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._suggestions = 0

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What deserves a look but stops nothing."""
        return tuple(self._warnings)

    def hide(self, secrets: Iterable[str]) -> None:
        """Keep these texts out of all later messages."""
        self.hidden.update((secret, "***") for secret in secrets if secret)

    def error(self, path: Path, message: str, *, at: Mark | None = None) -> None:
        """Note what stops the configuration from being used."""
        self.error_count += 1
        if self.error_count <= _MOST_PROBLEMS:
            self._errors.append(self._problem(Severity.ERROR, path, message, at))

    def warn(self, path: Path, message: str, *, at: Mark | None = None) -> None:
        """Note what is accepted but hardly meant."""
        if len(self._warnings) < _MOST_PROBLEMS:
            self._warnings.append(self._problem(Severity.WARNING, path, message, at))

    def warn_unknown(self, path: Path, known: Iterable[str], *, at: Mark) -> None:
        """Note a key that nothing reads."""
        self._suggestions += 1
        near: list[str] = []
        if self._suggestions <= _MOST_SUGGESTIONS:
            lower = {name.lower(): name for name in known}
            near = [lower[name] for name in difflib.get_close_matches(str(path[-1])[:64].lower(), lower, n=1)]
        meant = f": did you mean '{near[0]}'?" if near else ""
        self.warn(path, f"unknown key, ignored{meant}", at=at)

    def add(self, problems: Iterable[Problem]) -> None:
        """Take over problems that somebody else has found."""
        for problem in problems:
            is_error = problem.severity is Severity.ERROR
            self.error_count += is_error
            (self._errors if is_error else self._warnings).append(problem)

    def stop_if_errors(self) -> None:
        """Raise ``ConfigError`` with every error so far, then the warnings, if there is an error."""
        if not self._errors:
            return
        left_out = self.error_count - len(self._errors)
        more = [Problem(Severity.ERROR, f"and {left_out} more errors like these")] if left_out else []
        raise ConfigError([*self._errors, *more, *self._warnings])

    def quote(self, text: object) -> str:
        """Return ``text`` in quotes for a message, shortened and without anything hidden."""
        shown = str(text)
        for secret, stand_in in self.hidden.items():
            if shown == secret or len(secret) >= _SHORTEST_WITHIN:
                shown = shown.replace(secret, stand_in)
        return f"'{shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 3] + '...'}'"

    def _problem(self, severity: Severity, path: Path, message: str, at: Mark | None) -> Problem:
        mark = at or self.place(path)
        return Problem(severity, message, mark.file, mark.line, mark.column, dotted(path))

    def place(self, path: Path) -> Mark:
        """Return where ``path`` stands, or as much of it as there is."""
        node = self.root
        mark = Mark("", 0, 0)
        for step in path:
            while isinstance(node, Alias):
                node = node.target
            if isinstance(node, Mapping) and step in node.entries:
                key, node = node.entries[str(step)]
                mark = node.mark if isinstance(node, Scalar) and node.text else key.mark
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                mark = node.mark
            else:
                break
        return mark
