"""The little language of matrix sets (specification, section 8.3).

::

    expr  := term ( "|" term )*         alternatives
    term  := atom ( "&" atom )*         together
    atom  := NAME | "+" NAME | "(" expr ")"

An expression becomes a flat list of nodes, each after those that it is made of: nothing here or in ``matrix`` recurses,
however deep the parentheses go.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class ExpressionError(Exception):
    """The text is no expression; the message names the token or character, and where it stands."""


class Name(NamedTuple):
    """One model, by var or id."""

    name: str


class Reference(NamedTuple):
    """All that another set stands for: ``+name``."""

    name: str


class AllOf(NamedTuple):
    """One choice out of each part, together; parts are indices of earlier nodes."""

    parts: tuple[int, ...]


class AnyOf(NamedTuple):
    """One of the parts, the left ones first; parts are indices of earlier nodes."""

    parts: tuple[int, ...]


ExpressionNode: TypeAlias = Name | Reference | AllOf | AnyOf


@dataclass(slots=True)
class _Level:
    """What stands between two parentheses, so far."""

    alternatives: list[int] = field(default_factory=list)
    together: list[int] = field(default_factory=list)


def parse_expression(text: str) -> tuple[ExpressionNode, ...]:
    """Return the nodes of an expression, the last one standing for the whole; raises ``ExpressionError``."""
    nodes: list[ExpressionNode] = []
    levels = [_Level()]
    wants_operand = True
    for token, position in _tokens(text.strip()):
        is_operand = token not in {"&", "|", ")"}
        if is_operand != wants_operand:
            raise ExpressionError(_misplaced(token, position, wants_operand=wants_operand))
        match token:
            case "(":
                levels.append(_Level())
            case ")":
                if len(levels) == 1:
                    raise ExpressionError(f"')' at position {position} closes nothing")
                whole = _close(levels.pop(), nodes)
                levels[-1].together.append(whole)
            case "&":
                wants_operand = True
            case "|":
                _end_alternative(levels[-1], nodes)
                wants_operand = True
            case _:
                nodes.append(Reference(token[1:]) if token[0] == "+" else Name(token))
                levels[-1].together.append(len(nodes) - 1)
                wants_operand = False
    if wants_operand:
        raise ExpressionError("it ends where a name is still missing" if nodes or len(levels) > 1 else "it is empty")
    if len(levels) > 1:
        raise ExpressionError("a '(' is never closed")
    whole = _close(levels.pop(), nodes)
    if whole != len(nodes) - 1:
        nodes.append(AnyOf((whole,)))
    return tuple(nodes)


def _misplaced(token: str, position: int, *, wants_operand: bool) -> str:
    if wants_operand:
        return f"'{token}' at position {position} stands where a name is missing"
    return f"'{token}' at position {position} follows without '&' or '|' in between"


def _end_alternative(level: _Level, nodes: list[ExpressionNode]) -> None:
    level.alternatives.append(_joined(AllOf, level.together, nodes))
    level.together = []


def _close(level: _Level, nodes: list[ExpressionNode]) -> int:
    _end_alternative(level, nodes)
    return _joined(AnyOf, level.alternatives, nodes)


def _joined(kind: type[AllOf] | type[AnyOf], parts: list[int], nodes: list[ExpressionNode]) -> int:
    if len(parts) == 1:
        return parts[0]
    nodes.append(kind(tuple(parts)))
    return len(nodes) - 1


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield operators, names, and references with their ``+``, each with its position."""
    at = 0
    while at < len(text):
        character = text[at]
        if character.isspace():
            at += 1
        elif character in "&|()":
            yield character, at
            at += 1
        else:
            start = at + 1 if character == "+" else at
            end = start
            while end < len(text) and _is_of_name(text[end]):
                end += 1
            if end == start and character == "+":
                raise ExpressionError(f"the '+' at position {at} has no name right after it")
            if end == start:
                raise ExpressionError(
                    f"the character '{character}' at position {at} has no place in an expression: "
                    "give a model with such an id a short name under vars"
                )
            yield text[at:end], at
            at = end


def _is_of_name(character: str) -> bool:
    return character.isalpha() or character.isdecimal() or character in "_-."
