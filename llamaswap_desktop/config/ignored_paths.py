"""Which paths below ``/upstream/<model>`` never start a model (specification, section 13.7).

The expressions are RE2, not Python's: they differ in both directions, and RE2 takes linear time on any input.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2


class BadExpression(Exception):
    """RE2 refuses an expression; the text says why."""


class IgnoredPaths:
    """The expressions, compiled when they are first needed."""

    def __init__(self, expressions: Iterable[str]) -> None:
        self._expressions = tuple(expressions)

    @cached_property
    def _compiled(self) -> "list[re2._Regexp]":
        return [_compile(expression) for expression in self._expressions]

    def __contains__(self, path: str) -> bool:
        """Whether one of the expressions is found anywhere in ``path``."""
        return any(expression.search(path) for expression in self._compiled)


def _compile(expression: str) -> "re2._Regexp":
    import re2  # noqa: PLC0415 - 2.6 MB that most programs never need: nobody asks below /upstream

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        raise BadExpression(_reason(error)) from error


def _reason(error: Exception) -> str:
    text: object = error.args[0] if error.args else ""
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)


def problems(expressions: Sequence[str]) -> dict[int, str]:
    """Return why each expression that RE2 refuses is refused, by index."""
    found = {}
    for index, expression in enumerate(expressions):
        try:
            _compile(expression)
        except BadExpression as error:
            found[index] = str(error)
    return found
