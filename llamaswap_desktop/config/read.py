"""Reads nodes into the typed values of ``schema`` (specification, sections 2.3 and 2.4).

A *prototype* says what is true where nothing is written; the fields of its class say which keys exist and which type
each has.  So no key is named here, and no default.
"""

import math
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, NewType, TypeVar, get_args, get_origin

import msgspec

from llamaswap_desktop.config.duration import parse_duration
from llamaswap_desktop.config.nodes import Mapping, Node, Path, Scalar, Sequence, is_null
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.scalars import Timestamp, Value, describe_value, render

S = TypeVar("S", bound=msgspec.Struct)

_YES = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
_NO = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
_NOT_KEYS = frozenset({"id", "port", "warnings"})
"""Fields that no key of the file fills."""


class Kind(StrEnum):
    """The types of a field, each with its own rules (section 2.3)."""

    STRING = "a text"
    INTEGER = "a whole number"
    BOOLEAN = "true or false"
    DURATION = "a duration such as 90s or 1m30s"
    STRINGS = "a list"
    VALUES = "a mapping"
    BLOCK = "a mapping (keys with values)"
    OTHER = "anything"


class KeyInfo(NamedTuple):
    """A key that a block may have."""

    field: str
    kind: Kind
    inner: Any


@cache
def keys_of(cls: type[msgspec.Struct]) -> dict[str, KeyInfo]:
    """Return the keys of a block by name."""
    infos = msgspec.structs.fields(cls)
    return {info.encode_name: KeyInfo(info.name, *_kind_of(info.type)) for info in infos if info.name not in _NOT_KEYS}


def _kind_of(annotation: Any) -> tuple[Kind, Any]:
    if isinstance(annotation, NewType):
        return _kind_of(annotation.__supertype__)
    if isinstance(annotation, UnionType):
        return _kind_of(next(part for part in get_args(annotation) if part is not NoneType))
    simple = {str: Kind.STRING, int: Kind.INTEGER, bool: Kind.BOOLEAN, float: Kind.DURATION}
    if annotation in simple:
        return simple[annotation], None
    if get_origin(annotation) is tuple:
        return Kind.STRINGS, None
    if get_origin(annotation) is MappingType:
        kind, inner = _kind_of(get_args(annotation)[1])
        return (Kind.OTHER, None) if kind is Kind.BLOCK else (Kind.VALUES, (kind, inner))
    if isinstance(annotation, type) and issubclass(annotation, str):
        return Kind.STRING, None
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return Kind.BLOCK, annotation
    return Kind.OTHER, None


class Reader:
    """Turns nodes into values; what has the wrong type is reported and read as if it were absent."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._left_out: set[Path] = set()

    def leave_out(self, path: Path) -> None:
        """Do not look at what stands at ``path``, whatever it is."""
        self._left_out.add(path)

    def block(self, node: Node | None, prototype: S, path: Path, *, also: Iterable[str] = ()) -> S:
        """Return ``prototype`` with the fields that ``node`` gives.

        ``also`` are further keys that somebody else reads; any other unknown key is a warning.
        """
        mapping = self.mapping(node, path)
        if mapping is None:
            return prototype
        keys = keys_of(type(prototype))
        given: dict[str, Any] = {}
        for text, (key, value) in mapping.entries.items():
            info = keys.get(text)
            if info is None:
                if text not in also:
                    self._report.warn_unknown((*path, text), [*keys, *also], at=key.mark)
            elif info.kind is not Kind.OTHER and (*path, text) not in self._left_out:
                default = getattr(prototype, info.field)
                given[info.field] = self._field(value, info, default, (*path, text))
        return msgspec.structs.replace(prototype, **given) if given else prototype

    def _field(self, node: Node, info: KeyInfo, default: Any, path: Path) -> Any:
        if info.kind is Kind.BLOCK:
            return default if is_null(node) else self.block(node, default or _empty(info.inner), path)
        return self.value(node, info.kind, info.inner, default, path)

    def value(self, node: Node, kind: Kind, inner: Any, default: Any, path: Path) -> Any:
        """Return what ``node`` holds, of the given kind; ``default`` for a null scalar and for a wrong type."""
        match kind:
            case Kind.STRINGS:
                return self.strings(node, path, default)
            case Kind.VALUES:
                return self._values(node, inner, default, path)
            case Kind.OTHER:
                return plain_value(node)
            case Kind.STRING | Kind.INTEGER | Kind.BOOLEAN | Kind.DURATION | Kind.BLOCK:
                return self._scalar(node, kind, default, path)

    def _scalar(self, node: Node, kind: Kind, default: Any, path: Path) -> Any:
        if not isinstance(node, Scalar):
            self._refuse(node, kind, path)
            return default
        if node.value is None:
            return default
        result = _READ[kind](node.value)
        if result is None:
            self._refuse(node, kind, path)
            return default
        if kind is Kind.STRING and node.is_plain and isinstance(node.value, (int, float)):
            self._warn_of_number(node, result, path)
        return result

    def _warn_of_number(self, node: Scalar, read: str, path: Path) -> None:
        if read != node.text and not isinstance(node.value, bool) and "${" not in node.text:
            shown = self._report.quote(node.text)
            self._report.warn(
                path, f"{shown} is a number and is read as '{read}': put it in quotes to keep it", at=node.mark
            )

    def integer(self, node: Node, default: int) -> int:
        """Return a whole number."""
        return int(self._scalar(node, Kind.INTEGER, default, ()))

    def string(self, node: Node | None, path: Path, default: str = "") -> str:
        """Return a text."""
        return default if node is None else str(self._scalar(node, Kind.STRING, default, path))

    def strings(self, node: Node | None, path: Path, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts without its null items; a null list is an empty one."""
        if node is None:
            return default
        if is_null(node):
            return ()
        if not isinstance(node, Sequence):
            self._refuse(node, Kind.STRINGS, path)
            return default
        return tuple(self.string(item, (*path, index)) for index, item in enumerate(node.items) if not is_null(item))

    def _values(self, node: Node, inner: tuple[Kind, Any], default: Any, path: Path) -> Any:
        if is_null(node):
            return {}
        mapping = self.mapping(node, path)
        if mapping is None:
            return default
        kind, deeper = inner
        zero = {Kind.VALUES: {}, Kind.INTEGER: 0, Kind.STRING: ""}.get(kind)
        return {key: self.value(value, kind, deeper, zero, (*path, key)) for key, value in mapping}

    def mapping(self, node: Node | None, path: Path) -> Mapping | None:
        """Return a mapping; None for nothing, null, or (reported) anything else."""
        if isinstance(node, Mapping):
            return node
        if node is not None and not is_null(node):
            self._refuse(node, Kind.BLOCK, path)
        return None

    def _refuse(self, node: Node, expected: Kind, path: Path) -> None:
        if isinstance(node, Scalar):
            found = f"{describe_value(node.value)} {self._report.quote(node.text)}"
        else:
            found = "a list" if isinstance(node, Sequence) else "a mapping"
        self._report.error(path, f"expected {expected}, not {found}", at=node.mark)


def plain_value(node: Node) -> Any:
    """Return a free value: of any depth and type, keys as texts, timestamps as texts."""
    if isinstance(node, Scalar):
        return node.value.text if isinstance(node.value, Timestamp) else node.value
    if isinstance(node, Sequence):
        items = []
        for item in node.items:
            items.append(plain_value(item))  # noqa: PERF401 - a comprehension is a second frame per level
        return items
    assert isinstance(node, Mapping)
    values = {}
    for key, value in node:
        values[key] = plain_value(value)
    return values


def _integer(value: Value) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not math.isfinite(value) or not -(2**63) <= value < 2**63:
        return None
    return int(value)


def _boolean(value: Value) -> bool | None:
    if isinstance(value, bool):
        return value
    return True if value in _YES else False if value in _NO else None


def _duration(value: Value) -> float | None:
    return parse_duration(value) if isinstance(value, str) else None


_READ: dict[Kind, Any] = {
    Kind.STRING: render,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.DURATION: _duration,
}


def _empty(cls: type[msgspec.Struct]) -> msgspec.Struct:
    """Return a block in which only what has no default is missing, so empty."""
    return cls(**{info.name: "" for info in msgspec.structs.fields(cls) if info.required})
