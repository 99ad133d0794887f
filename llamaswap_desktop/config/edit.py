"""Changes single values in the text of a configuration; comments, order and the way of writing stay.

ruamel.yaml keeps the comments.  It is told to see nothing but texts in scalars, so that ``0x1F`` and ``on`` come out
as they went in, and every result is compared with the original: what an edit would change elsewhere is refused.
"""

import io
from collections.abc import Mapping as MappingType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.nodes import Alias, Mapping, Node, Path, Scalar, Sequence, dotted
from llamaswap_desktop.config.scalars import render, resolve_plain
from llamaswap_desktop.errors import RequestRefused


class CannotEdit(RequestRefused):
    """The text cannot be changed at this place without changing more: it must be edited by hand."""


def set_value(text: str, path: Path, value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``; mappings on the way are made where they are missing.

    ``value`` is plain data: texts, numbers, booleans, None, lists and mappings of them.  Raises ``ConfigError`` for a
    text that is no YAML, and ``CannotEdit``.
    """
    old = compose(text)
    if old is None and text.strip():
        return text.rstrip("\n") + "\n\n" + set_value("", path, value)
    top = _load(text)
    place = top
    for step in path[:-1]:
        place = _step_into(place, step, path)
    _check_container(place, path)
    place[path[-1]] = _written(value)
    return _checked(old, top, path, text)


def remove_value(text: str, path: Path) -> str:
    """Return ``text`` without the key or list item at ``path``; raises as ``set_value`` does."""
    old = compose(text)
    top = _load(text)
    place = top
    for step in path[:-1]:
        place = place[step] if _holds(place, step) else None
    if not _holds(place, path[-1]):
        raise CannotEdit(f"there is no '{dotted(path)}' to remove")
    del place[path[-1]]
    return _checked(old, top, path, text)


class _TextOnly(VersionedResolver):
    """Resolves nothing: every scalar is the text that it was written as."""

    @property
    def versioned_resolver(self) -> dict[str, Any]:
        return {}


def _round_trip(text: str) -> YAML:
    yaml = YAML(typ="rt")
    yaml.Resolver = _TextOnly
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.explicit_start = text.startswith("---")
    if _indents_lists(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _indents_lists(text: str) -> bool:
    """Whether the first list below a key is indented further than the key."""
    before = ""
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith("- ") and before.rstrip().endswith(":"):
            return len(line) - len(stripped) > len(before) - len(before.lstrip())
        if stripped and not stripped.startswith("#"):
            before = line
    return True


def _load(text: str) -> Any:
    try:
        loaded = _round_trip(text).load(text)
    except (YAMLError, RecursionError) as error:
        raise CannotEdit(f"this text has to be edited by hand: {error}") from error
    return CommentedMap() if loaded is None or loaded == "" else loaded


def _holds(place: Any, step: str | int) -> bool:
    if isinstance(place, MappingType):
        return step in place
    return isinstance(place, list) and isinstance(step, int) and step < len(place)


def _step_into(place: Any, step: str | int, path: Path) -> Any:
    _check_container(place, path)
    if not _holds(place, step) or place[step] == "":
        place[step] = CommentedMap()
    return place[step]


def _check_container(place: Any, path: Path) -> None:
    if not isinstance(place, (MappingType, list)):
        raise CannotEdit(f"'{dotted(path)}' cannot be set: there is a single value on the way to it")


def _written(value: Any) -> Any:
    match value:
        case dict():
            return CommentedMap((str(key), _written(inner)) for key, inner in value.items())
        case list() | tuple():
            return [_written(item) for item in value]
        case str() if "\n" in value:
            return LiteralScalarString(value)
        case str():
            return value if isinstance(resolve_plain(value), str) else DoubleQuotedScalarString(value)
        case _:
            return render(value)


def _checked(old: Node | None, top: Any, path: Path, text: str) -> str:
    out = io.StringIO()
    _round_trip(text).dump(top, out)
    edited = out.getvalue()
    if not _is_same_but(old, compose(edited), path):
        raise CannotEdit(f"setting '{dotted(path)}' would change other values too: edit the text by hand")
    return edited


def _is_same_but(old: Node | None, new: Node | None, path: Path | None) -> bool:
    """Whether two trees are equal in everything that is written, the value at ``path`` left aside."""
    if path == ():
        return True
    if isinstance(old, Alias) and isinstance(new, Alias):
        return old.name == new.name
    if isinstance(old, Scalar) and isinstance(new, Scalar):
        return old.text == new.text and old.value == new.value
    if isinstance(old, Sequence) and isinstance(new, Sequence) and len(old.items) == len(new.items):
        children = enumerate(zip(old.items, new.items, strict=True))
        return all(_is_same_but(one, other, _deeper(path, index)) for index, (one, other) in children)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = dict.fromkeys([*old.entries, *new.entries])
        return all(_is_same_but(old.get(key), new.get(key), _deeper(path, key)) for key in keys)
    return (old is None or new is None or isinstance(old, Scalar)) and path is not None


def _deeper(path: Path | None, step: str | int) -> Path | None:
    """Return the rest of the path below ``step``; None for a place that the path does not lead to."""
    return path[1:] if path and path[0] == step else None
