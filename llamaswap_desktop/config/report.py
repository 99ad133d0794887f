"""Collects what is wrong with a configuration, in the order in which it is found, each with its place."""

import difflib
from collections.abc import Iterable

from llamaswap_desktop.config.nodes import Alias, Mapping, Mark, Node, Path, Scalar, Sequence, dotted
from llamaswap_desktop.errors import ConfigError, Problem, Severity

_MOST_SUGGESTIONS = 50
"""Looking for a near name is slow (0.1 ms); a file with more unknown keys than this has other troubles."""

_MOST_SHOWN = 100


class Report:
    """The problems of one configuration so far.

    ``root`` is the merged tree in which places are looked up; ``hidden`` are texts that must not be shown, each with
    what stands in for it: secrets, and the values of environment variables.
    """

    def __init__(self, root: Node | None = None) -> None:
        self.root = root
        self.hidden: dict[str, str] = {}
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._suggestions = 0

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What deserves a look but stops nothing."""
        return tuple(self._warnings)

    @property
    def error_count(self) -> int:
        """How many errors there are so far."""
        return len(self._errors)

    def hide(self, secrets: Iterable[str]) -> None:
        """Keep these texts out of all later messages."""
        self.hidden.update((secret, "***") for secret in secrets if secret)

    def error(self, path: Path, message: str, *, at: Mark | None = None) -> None:
        """Note what stops the configuration from being used."""
        self._errors.append(self._problem(Severity.ERROR, path, message, at))

    def warn(self, path: Path, message: str, *, at: Mark | None = None) -> None:
        """Note what is accepted but hardly meant."""
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
            (self._errors if problem.severity is Severity.ERROR else self._warnings).append(problem)

    def stop_if_errors(self) -> None:
        """Raise ``ConfigError`` with every error so far, then the warnings, if there is an error."""
        if self._errors:
            raise ConfigError([*self._errors, *self._warnings])

    def quote(self, text: object) -> str:
        """Return ``text`` in quotes for a message, shortened and without anything hidden."""
        shown = str(text)
        for secret, stand_in in self.hidden.items():
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
