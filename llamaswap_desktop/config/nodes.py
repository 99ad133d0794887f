"""The shapes of parsed YAML: scalars, sequences and mappings that remember where they were written."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from llamaswap_desktop.config.scalars import Value


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


class Scalar(Struct, frozen=True, eq=False):
    """A leaf: its text as written, and the typed value that the text stands for."""

    mark: Mark
    text: str
    value: Value
    is_plain: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was written (``key:``), as opposed to a written-out null."""
        return self.is_plain and self.value is None and not self.text


class Sequence(Struct, frozen=True, eq=False):
    """A list of nodes."""

    mark: Mark
    items: tuple["Node", ...]


class Entry(NamedTuple):
    """One line of a mapping."""

    key: Scalar
    value: "Node"


class Mapping(Struct, frozen=True, eq=False):
    """Entries by the text of their keys, in the order of the file.

    ``merge_key`` is the place of the ``<<`` whose entries have been taken over, if there was one.
    """

    mark: Mark
    entries: dict[str, Entry]
    merge_key: Mark | None = None

    def get(self, key: str) -> "Node | None":
        """Return the value of ``key``, or None where there is none."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def __iter__(self) -> Iterator[tuple[str, "Node"]]:
        return ((key, entry.value) for key, entry in self.entries.items())


class Alias(Struct, frozen=True, eq=False):
    """A reference to an anchored node of the same file; there are none left after ``anchors.resolve``."""

    mark: Mark
    name: str
    target: "Node"


Node: TypeAlias = Scalar | Sequence | Mapping | Alias

Path: TypeAlias = tuple[str | int, ...]
"""The way from the top of a configuration to one of its values: keys, and list indices from 0."""


def replaced(
    node: Node, replace: Callable[[Scalar], Scalar], replace_key: Callable[[Scalar], Scalar] | None = None
) -> Node:
    """Return a tree without aliases with every value, and where it is asked for every key, replaced.

    One frame per level of nesting: the depth has been bounded while composing.
    """
    if isinstance(node, Scalar):
        return replace(node)
    if isinstance(node, Sequence):
        items = []
        for item in node.items:
            items.append(replaced(item, replace, replace_key))  # noqa: PERF401 - a comprehension is a second frame
        return Sequence(node.mark, tuple(items))
    assert isinstance(node, Mapping)
    entries = {}
    for key, value in node.entries.values():
        new = replace_key(key) if replace_key else key
        entries[new.text] = Entry(new, replaced(value, replace, replace_key))
    return Mapping(node.mark, entries, node.merge_key)


def at(root: Node | None, path: Path) -> Node | None:
    """Return what stands at ``path``, or None where there is nothing."""
    node = root
    for step in path:
        if isinstance(node, Mapping):
            node = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def is_null(node: Node | None) -> bool:
    """Whether there is nothing, or only a null."""
    return node is None or (isinstance(node, Scalar) and node.value is None)


def dotted(path: Path) -> str:
    """Write a path as people do: ``models.qwen.aliases[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
