"""Edits by whole lines: what is put in, replaced or taken out is a line or some, and every other one stays as it is.

This is how a person would do it, and so the next entry's comment stays with that entry.  It works where a mapping is
written as a block, a key a line.  For all else, such as a value in quotes, the answer is None.
The caller has to look at the result: these functions know of YAML only what indents and marks tell.
"""

from collections.abc import Callable, Iterable
from typing import Any

from llamaswap_desktop.config.nodes import Mapping, Node, Path, Scalar, Sequence, at

Written = Callable[[str | None, Any], list[str]]
"""The lines of a key (None: of an item of a list) with its value, not indented."""


def put(text: str, root: Node | None, path: Path, value: Any, written: Written) -> str | None:
    """Return ``text``, which ``root`` is the tree of, with ``value`` at ``path``."""
    lines = text.splitlines()
    node: Node | None = root
    for depth, step in enumerate(path):
        if isinstance(node, Mapping) and (entry := node.entries.get(str(step))) is not None:
            if depth == len(path) - 1:
                return _replaced(lines, _start(lines, node, step), entry.value, written(str(step), value))
            node = entry.value
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items) and depth < len(path) - 1:
            node = node.items[step]
        else:
            return _added(lines, node, path[depth:], value, written)
    return None


def take_out(text: str, root: Node | None, path: Path) -> str | None:
    """Return ``text`` without what is at ``path``."""
    lines = text.splitlines()
    first = _start(lines, at(root, path[:-1]), path[-1])
    if first is None:
        return None
    after = _end(lines, first) + 1
    if first > 0 and after < len(lines) and not lines[first - 1].strip() and not lines[after].strip():
        after += 1  # no two blank lines where one was
    return _text([*lines[:first], *lines[after:]])


def _added(lines: list[str], parent: Node | None, missing: Path, value: Any, written: Written) -> str | None:
    step, *deeper = missing
    for inner in reversed(deeper):
        value = {str(inner): value}
    if isinstance(parent, Mapping) and parent.entries:
        starts = [_start(lines, parent, key) for key in parent.entries]
        snippet = written(str(step), value)
    elif isinstance(parent, Sequence) and parent.items and step == len(parent.items):
        starts = [_start(lines, parent, position) for position in range(len(parent.items))]
        snippet = written(None, value)
    else:
        return None
    known = [start for start in starts if start is not None]
    if len(known) < len(starts):
        return None
    last = _end(lines, max(known))
    is_spaced = isinstance(value, dict) and any(_is_spaced(lines, start) for start in sorted(known)[1:])
    snippet = _indented(snippet, indent_of(lines[known[0]]))
    return _text([*lines[: last + 1], *([""] if is_spaced else []), *snippet, *lines[last + 1 :]])


def _replaced(lines: list[str], first: int | None, old: Node, snippet: list[str]) -> str | None:
    if first is None:
        return None
    last = _end(lines, first)
    if first == last and len(snippet) == 1:
        key, _, new = snippet[0].partition(": ")
        before, value, behind = _cut(lines[first], old)
        if not value or not new or not before.strip().startswith(key):
            return None
        return _text([*lines[:first], before + new + behind, *lines[first + 1 :]])
    return _text([*lines[:first], *_indented(snippet, indent_of(lines[first])), *lines[last + 1 :]])


def _cut(line: str, value: Node) -> tuple[str, str, str]:
    """Return what stands before a plain value, the value, and what stands behind it: space and a comment."""
    if not isinstance(value, Scalar) or not line[value.mark.column - 1 :].startswith(value.text):
        return line, "", ""
    start = value.mark.column - 1
    return line[:start], value.text, line[start + len(value.text) :]


def _start(lines: list[str], parent: Node | None, step: str | int) -> int | None:
    """Return the position of the line on which an entry begins, if it has that line for itself."""
    if isinstance(parent, Mapping) and (entry := parent.entries.get(str(step))) is not None:
        mark, before = entry.key.mark, ""
    elif isinstance(parent, Sequence) and isinstance(step, int) and step < len(parent.items):
        mark, before = parent.items[step].mark, "-"
    else:
        return None
    return mark.line - 1 if lines[mark.line - 1][: mark.column - 1].strip() == before else None


def _end(lines: list[str], first: int) -> int:
    """Return the position of the last line of what begins at ``first``: blank lines and comments behind it are not."""
    indent = indent_of(lines[first])
    is_item = lines[first].lstrip().startswith("-")
    last = first
    for position in range(first + 1, len(lines)):
        line = lines[position]
        if not line.strip():
            continue
        deeper = indent_of(line) - indent
        if line.lstrip().startswith("#"):
            if deeper > 0:
                last = position
            continue
        if deeper < 0 or (deeper == 0 and (is_item or not line.lstrip().startswith("- "))):
            break
        last = position
    return last


def _is_spaced(lines: list[str], start: int) -> bool:
    """Whether a blank line stands before an entry and its comment."""
    before = next((line for line in reversed(lines[:start]) if not line.lstrip().startswith("#")), "x")
    return not before.strip()


def indent_of(line: str) -> int:
    """Return by how many spaces a line is indented."""
    return len(line) - len(line.lstrip(" "))


def _indented(lines: Iterable[str], indent: int) -> list[str]:
    return [" " * indent + line if line else line for line in lines]


def _text(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
