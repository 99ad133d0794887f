"""What the text of a scalar stands for, and how a value is written as text (specification, sections 2.2, 2.3, 5.4)."""

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time, in the form of RFC 3339."""

    text: str


Value: TypeAlias = bool | int | float | str | Timestamp | None

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)"
    r"(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TIMESTAMP = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:(?:[Tt](?P<clock_z>[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})(?P<part_z>\.[0-9]{1,9})?(?P<zone>Z|[-+][0-9]{2}:[0-9]{2}))"
    r"|(?: (?P<clock>[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})(?P<part>\.[0-9]{1,9})?))?"
)
_FIRST_OF_NUMBER = frozenset("0123456789+-.")
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_LONGEST_NUMBER = 400
"""Longer digits than any number needs: the text stays text, and nobody waits for huge integers to be read."""

_TAGS = "tag:yaml.org,2002:"


class WrongTag(Exception):
    """A scalar does not have the form that its tag asks for."""


def resolve_plain(text: str) -> Value:
    """Return what an unquoted scalar stands for, as YAML 1.2 readers see it: ``yes`` is a string, ``017`` is 15."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    number = _number(text.replace("_", ""))
    if number is not None:
        return number
    return _timestamp(text) or text


def _number(text: str) -> int | float | None:
    if match := _INTEGER.fullmatch(text):
        base = match.lastgroup or "dec"
        integer = int(match["sign"] + match[base], _BASES[base])
        if _SMALLEST <= integer <= _LARGEST:
            return integer
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None


def _timestamp(text: str) -> Timestamp | None:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    clock = match["clock"] or match["clock_z"] or "0:0:0"
    hour, minute, second = (int(part) for part in clock.split(":"))
    zone = match["zone"] or "Z"
    is_zone = zone == "Z" or (int(zone[1:3]) < 24 and int(zone[4:]) < 60)
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59 or not is_zone:
        return None
    part = (match["part"] or match["part_z"] or "").rstrip("0").rstrip(".")
    zone = "Z" if zone[1:] == "00:00" else zone
    return Timestamp(f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}{part}{zone}")


def resolve_tagged(text: str, tag: str) -> Value:
    """Return what a scalar with an explicit tag stands for; an unknown tag counts for nothing.

    Raises ``WrongTag`` where text and tag do not go together.
    """
    if tag == "!":
        return text
    plain = resolve_plain(text)
    match tag.removeprefix(_TAGS) if tag.startswith(_TAGS) else None:
        case "str" | "binary":
            return text
        case "int" if isinstance(plain, int) and not isinstance(plain, bool):
            return plain
        case "float" if isinstance(plain, (int, float)) and not isinstance(plain, bool):
            return float(plain)
        case "bool" if isinstance(plain, bool):
            return plain
        case "null" if plain is None:
            return None
        case "timestamp" if isinstance(plain, Timestamp):
            return plain
        case "int" | "float" | "bool" | "null" | "timestamp" as kind:
            raise WrongTag(f"this value is tagged !!{kind}, but is none: correct it, or leave the tag out")
        case _:
            return plain


def render(value: Value) -> str:
    """Write a value as text: for a macro inside a longer string, and for a number in a string field."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _render_float(value)
        case str():
            return value
        case Timestamp(text):
            return text


def _render_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    magnitude = len(digits) - 1 + exponent if any(digits) else 0
    if -4 <= magnitude < 6:
        return f"{Decimal((sign, digits, exponent)):f}"
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    mantissa = f"{first}.{rest}" if rest else first
    return f"{'-' if sign else ''}{mantissa}e{'-' if magnitude < 0 else '+'}{abs(magnitude):02}"


def describe_value(value: Value) -> str:
    """Say in a few words what kind of thing a value is, for messages."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "the boolean"
        case int() | float():
            return "the number"
        case str():
            return "the text"
        case Timestamp():
            return "the timestamp"
