"""Changes single values in the text of a configuration; comments, order and the way of writing stay.

What can be done by whole lines is (``edit_lines``), the rest with ruamel.yaml (``round_trip``).  Every result is
compared with the original: what an edit would change elsewhere is refused.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.edit_lines import put, take_out
from llamaswap_desktop.config.nodes import Alias, Mapping, Node, Path, Scalar, Sequence, dotted
from llamaswap_desktop.errors import ConfigError, RequestRefused

if TYPE_CHECKING:
    from llamaswap_desktop.config.round_trip import Document


class CannotEdit(RequestRefused):
    """The text cannot be changed at this place without changing more: it must be edited by hand."""


def set_value(text: str, path: Path, value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``; mappings on the way are made where they are missing.

    The number behind the last of a list adds one to it.  ``value`` is plain data: texts, numbers, booleans, None, lists
    and mappings of them.  Raises ``ConfigError`` for a text that is no YAML, and ``CannotEdit``.
    """
    old = compose(text)
    if old is None and text.strip():
        return text.rstrip("\n") + "\n\n" + set_value("", path, value)
    by_lines = put(text, old, path, value, lambda key, its: _snippet(text, key, its))
    if by_lines is not None and _is_edited(old, by_lines, path):
        return by_lines
    return _by_round_trip(text, old, path, lambda document: document.put(path, value))


def remove_value(text: str, path: Path) -> str:
    """Return ``text`` without the key or list item at ``path``; raises as ``set_value`` does."""
    old = compose(text)
    by_lines = take_out(text, old, path)
    if by_lines is not None and _is_edited(old, by_lines, path):
        return by_lines
    return _by_round_trip(text, old, path, lambda document: document.take_out(path))


def _snippet(text: str, key: str | None, value: Any) -> list[str]:
    from llamaswap_desktop.config.round_trip import snippet  # noqa: PLC0415 - as below

    return snippet(text, key, value)


def _by_round_trip(text: str, old: Node | None, path: Path, edit: Callable[["Document"], None]) -> str:
    from llamaswap_desktop.config.round_trip import Document  # noqa: PLC0415 - ruamel.yaml takes 60 ms, few ever edit

    document = Document(text)
    unedited = document.written() if text.strip() else ""
    edit(document)
    edited = document.written()
    for candidate in (_with_the_lines_of(text, unedited, edited), edited):
        if _is_edited(old, candidate, path):
            return candidate
    raise CannotEdit(f"setting '{dotted(path)}' would change other values too: edit the text by hand")


def _is_edited(old: Node | None, edited: str, path: Path) -> bool:
    """Whether nothing but what is at ``path`` has another value."""
    try:
        return _is_same_but(old, compose(edited), path)
    except ConfigError:
        return False


def _with_the_lines_of(text: str, unedited: str, edited: str) -> str:
    """Return ``edited``, but where only ruamel.yaml's way of writing is another than the user's, the user's lines."""
    lines, before, after = text.splitlines(), unedited.splitlines(), edited.splitlines()
    if len(before) != len(lines):
        return edited
    first = _common(before, after)
    last = _common(before[first:][::-1], after[first:][::-1])
    return "\n".join([*lines[:first], *after[first : len(after) - last], *lines[len(lines) - last :], ""])


def _common(one: list[str], other: list[str]) -> int:
    """Return how many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((position for position, (a, b) in pairs if a != b), min(len(one), len(other)))


def _is_same_but(old: Node | None, new: Node | None, path: Path | None) -> bool:
    """Whether two trees are equal in everything that is written, the value at ``path`` left aside."""
    if path == ():
        return True
    if isinstance(old, Alias) and isinstance(new, Alias):
        return old.name == new.name
    if isinstance(old, Scalar) and isinstance(new, Scalar):
        return old.text == new.text and old.value == new.value
    if isinstance(old, Sequence) and isinstance(new, Sequence):
        before, after = list(old.items), list(new.items)
        if path is not None and len(path) == 1 and isinstance(path[0], int):
            place, surplus = path[0], len(after) - len(before)
            del before[place : place + 1]
            del after[place : place + 1 + surplus]
            path = None
        children = enumerate(zip(before, after, strict=False))
        return len(before) == len(after) and all(
            _is_same_but(one, other, _deeper(path, index)) for index, (one, other) in children
        )
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = dict.fromkeys([*old.entries, *new.entries])
        return all(_is_same_but(old.get(key), new.get(key), _deeper(path, key)) for key in keys)
    return (old is None or new is None or isinstance(old, Scalar)) and path is not None


def _deeper(path: Path | None, step: str | int) -> Path | None:
    """Return the rest of the path below ``step``; None for a place that the path does not lead to."""
    return path[1:] if path and path[0] == step else None
