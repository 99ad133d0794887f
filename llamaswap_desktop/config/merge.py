"""Several files become one tree (specification, section 1.3), before macros, defaults and types."""

from collections.abc import Sequence

from llamaswap_desktop.config.nodes import Alias, Entry, Mapping, Mark, Node, Path, Scalar, dotted
from llamaswap_desktop.config.nodes import Sequence as SequenceNode
from llamaswap_desktop.config.report import Report

_SETTINGS: Path = ("routing", "router", "settings")
_ENTITIES: dict[Path, str] = {
    ("models",): "model",
    ("groups",): "group",
    ("profiles",): "profile",
    ("selectors",): "selector",
    ("peers",): "peer",
    ("matrix",): "part of the matrix",
    (*_SETTINGS, "groups"): "group",
    (*_SETTINGS, "matrix"): "part of the matrix",
}
"""The maps whose children must each live in one file, and what such a child is called."""


def merge(files: Sequence[tuple[str, Node | None]], report: Report) -> Mapping:
    """Return the tree of all files, by name and in order; reports every conflict."""
    merged = Mapping(Mark("", 0, 0), {})
    for file, root in files:
        top = _top(file, root, report)
        if top is not None:
            merged = _merge_mappings(merged, top, (), report) if merged.entries else top
    return merged


def _top(file: str, root: Node | None, report: Report) -> Mapping | None:
    if isinstance(root, Mapping) and root.entries:
        return root
    if isinstance(root, SequenceNode) and root.items:
        report.error((), "the top of a configuration is a mapping (key: value), not a list", at=root.mark)
    elif root is not None and not (isinstance(root, Scalar) and root.is_empty):
        report.warn((), f"{file or 'this file'} holds no key, only a value: it counts as empty", at=root.mark)
    return None


def _merge_mappings(old: Mapping, new: Mapping, path: Path, report: Report) -> Mapping:
    """Merge key by key; one frame per level, as values may be nested 500 deep."""
    entries = dict(old.entries)
    for text, entry in new.entries.items():
        known = entries.get(text)
        here = (*path, text)
        if known is None:
            entries[text] = entry
        elif here in _ENTITIES:
            entries[text] = Entry(known.key, _merge_entities(known.value, entry, here, report))
        elif isinstance(known.value, Mapping) and isinstance(entry.value, Mapping):
            entries[text] = Entry(known.key, _merge_mappings(known.value, entry.value, here, report))
        else:
            entries[text] = Entry(known.key, _merge_values(known.value, entry, here, report))
    return Mapping(old.mark, entries)


def _merge_values(old: Node, entry: Entry, path: Path, report: Report) -> Node:
    new = entry.value
    if isinstance(old, Scalar) and old.is_empty:
        return new
    if isinstance(new, Scalar) and new.is_empty:
        return old
    if isinstance(old, SequenceNode) and isinstance(new, SequenceNode):
        return SequenceNode(old.mark, old.items + new.items)
    if not _is_same(old, new):
        message = f"conflicts with line {old.mark.line} of {old.mark.file}: give '{dotted(path)}' in one file only"
        report.error(path, message, at=entry.key.mark)
    return old


def _merge_entities(old: Node, entry: Entry, path: Path, report: Report) -> Node:
    new = entry.value
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        message = f"conflicts with line {old.mark.line} of {old.mark.file}: '{dotted(path)}' must be a mapping in both"
        report.error(path, f"{message} files; remove the empty or other one", at=entry.key.mark)
        return old
    for text, (key, _) in new.entries.items():
        if text in old.entries:
            first = old.entries[text].key.mark
            message = f"duplicate {_ENTITIES[path]} '{text}': it stands in line {first.line} of {first.file} too"
            report.error((*path, text), f"{message}; keep one of them", at=key.mark)
    added = {text: entry for text, entry in new.entries.items() if text not in old.entries}
    return Mapping(old.mark, {**old.entries, **added})


def _is_same(old: Node, new: Node) -> bool:
    """Whether two values are literally equal: by text and type, so that ``5``, ``05`` and ``"5"`` all differ."""
    if isinstance(old, Alias) and isinstance(new, Alias):
        return old.name == new.name and old.target is new.target
    if isinstance(old, Scalar) and isinstance(new, Scalar):
        return old.text == new.text and type(old.value) is type(new.value)
    return False
