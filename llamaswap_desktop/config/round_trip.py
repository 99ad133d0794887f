"""The whole text by ruamel.yaml, which keeps comments and the way of writing, if not every space.

It is told to see nothing but texts in scalars, so that ``0x1F`` and ``on`` come out as they went in.
"""

import io
import textwrap
from collections.abc import Mapping as MappingType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from llamaswap_desktop.config.edit import CannotEdit
from llamaswap_desktop.config.edit_lines import indent_of
from llamaswap_desktop.config.nodes import Path, dotted
from llamaswap_desktop.config.scalars import render, resolve_plain


class Document:
    """A text that is changed in memory; ``written`` is what it is then.  Raises ``CannotEdit``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._top = _load(text)

    def put(self, path: Path, value: Any) -> None:
        """Set ``value`` at ``path``, and make the mappings on the way that are missing."""
        place = self._top
        for step in path[:-1]:
            if not _holds(place, step) or place[step] == "":
                _set(place, step, CommentedMap(), path)
            place = place[step]
        _set(place, path[-1], _written(value), path)

    def take_out(self, path: Path) -> None:
        """Remove what is at ``path``."""
        place = self._top
        for step in path[:-1]:
            place = place[step] if _holds(place, step) else None
        if not _holds(place, path[-1]):
            raise CannotEdit(f"there is no '{dotted(path)}' to remove")
        del place[path[-1]]

    def written(self) -> str:
        """Return the text as ruamel.yaml writes it."""
        out = io.StringIO()
        _round_trip(self._text).dump(self._top, out)
        return out.getvalue()


def snippet(text: str, key: str | None, value: Any) -> list[str]:
    """Return the lines of a key with its value, or of an item of a list, as they would be written in ``text``."""
    yaml, out = _round_trip(text), io.StringIO()
    yaml.explicit_start = False
    yaml.dump([_written(value)] if key is None else CommentedMap({key: _written(value)}), out)
    return textwrap.dedent(out.getvalue()).splitlines()


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
    indent = _first_indent(text)
    offset = indent if _indents_lists(text) else 0
    yaml.indent(mapping=indent, sequence=offset + 2, offset=offset)
    return yaml


def _first_indent(text: str) -> int:
    """Return by how many spaces the first inner key is indented."""
    indents = (indent_of(line) for line in text.splitlines() if line.strip()[:1] not in {"", "#", "-"})
    return next((indent for indent in indents if indent), 2)


def _indents_lists(text: str) -> bool:
    """Whether the first list below a key is indented further than the key."""
    before = ""
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith("- ") and before.rstrip().endswith(":"):
            return indent_of(line) > indent_of(before)
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
    return isinstance(place, list) and isinstance(step, int) and 0 <= step < len(place)


def _set(place: Any, step: str | int, value: Any, path: Path) -> None:
    """Set a key of a mapping or an item of a list, to which the number behind its last adds one."""
    if isinstance(place, list) and step == len(place):
        place.append(value)
    elif isinstance(place, MappingType) or _holds(place, step):
        place[step] = value
    else:
        raise CannotEdit(f"'{dotted(path)}' cannot be set: what is on the way to it has no place for it")


def _written(value: Any) -> Any:
    match value:
        case dict():
            return CommentedMap((str(key), _written(inner)) for key, inner in value.items())
        case list() | tuple():
            return [_written(item) for item in value]
        case str() if "\n" in value:
            return LiteralScalarString(value)
        case None:
            return "null"
        case str():
            return value if isinstance(resolve_plain(value), str) else DoubleQuotedScalarString(value)
        case _:
            return render(value)
