"""Puts in what aliases and ``<<`` stand for (specification, section 2.1); the result is a plain tree."""

from collections.abc import Iterable

from llamaswap_desktop.config.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence
from llamaswap_desktop.config.report import Report


def resolve(node: Node, report: Report) -> Node:
    """Return ``node`` without aliases, each mapping with the entries that its ``<<`` brings.

    One frame per level of nesting: the depth has been bounded while composing.
    """
    if isinstance(node, Alias):
        node = _target(node)
    if isinstance(node, Sequence):
        items = []
        for item in node.items:
            items.append(resolve(item, report))  # noqa: PERF401 - a comprehension is a second frame per level
        return Sequence(node.mark, tuple(items))
    if not isinstance(node, Mapping):
        return node
    entries = {}
    inherited: Node | None = None
    for text, (key, value) in node.entries.items():
        resolved = resolve(value, report)
        if text == "<<" and key.is_plain:
            inherited = resolved
        else:
            entries[text] = Entry(key, resolved)
    if inherited is None:
        return Mapping(node.mark, entries)
    merge_key = node.entries["<<"].key.mark
    for template in _templates(inherited):
        if isinstance(template, Mapping):
            for text, entry in template.entries.items():
                entries.setdefault(text, entry)
        else:
            report.error((), "'<<' takes over a mapping, or a list of mappings, and nothing else", at=merge_key)
    return Mapping(node.mark, entries, merge_key)


def _target(node: Node) -> Node:
    while isinstance(node, Alias):
        node = node.target
    return node


def _templates(inherited: Node) -> Iterable[Node]:
    return inherited.items if isinstance(inherited, Sequence) else (inherited,)


def anchored_keys(root: Node | None) -> frozenset[str]:
    """Return the top-level keys below which something is kept for aliases elsewhere."""
    if not isinstance(root, Mapping):
        return frozenset()
    targets = {id(alias.target) for alias in _aliases(root)}
    return frozenset(key for key, value in root if not targets.isdisjoint(map(id, _walk(value))))


def _walk(node: Node) -> Iterable[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            waiting.extend(value for _, value in node)
        elif isinstance(node, Sequence):
            waiting.extend(node.items)


def _aliases(root: Node) -> Iterable[Alias]:
    return (node for node in _walk(root) if isinstance(node, Alias))


def scalars(root: Node) -> Iterable[Scalar]:
    """Yield every scalar that is written below ``root``, keys too; what an alias stands for only once."""
    for node in _walk(root):
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Mapping):
            yield from (key for key, _ in node.entries.values())
