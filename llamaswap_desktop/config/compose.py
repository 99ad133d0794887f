"""Composes one YAML document into nodes, from the C parser's events (specification, sections 1.2, 2.1 and 2.2).

PyYAML's own composer refuses an anchor that is defined twice, and knows YAML 1.1 only.  Work is bounded: libyaml's time
grows with the square of the depth, so the depth is counted while events are pulled; aliases count with all that they
stand for, so a few lines cannot stand for millions of nodes.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from llamaswap_desktop.config.nodes import Alias, Entry, Mapping, Mark, Node, Scalar, Sequence
from llamaswap_desktop.config.scalars import WrongTag, resolve_plain, resolve_tagged
from llamaswap_desktop.errors import ConfigError, Problem, Severity

DEEPEST = 500
_MOST_FROM_ALIASES = 100_000
"""How many nodes aliases may stand for in all: 500 models with a template each need a fifth of it."""

_MOST_DUPLICATES = 100

_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_NOTHING_YET = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)|%[^\r\n]*(?:\r\n?|\n))*[ \t]*(?:#[^\r\n]*)?\Z")


def first_document(text: str) -> str:
    """Cut off everything behind the first YAML document, so that it may even be broken."""
    text = text.removeprefix("\ufeff")
    for marker in _MARKER.finditer(text):
        is_start = marker[0] == "---" and _NOTHING_YET.fullmatch(text[: marker.start()])
        if not is_start:
            return text[: marker.start()]
    return text


def compose(text: str, file: str = "") -> Node | None:
    """Return the top node of the first document in ``text``, None if there is none.

    Raises ``ConfigError`` naming file and line: for what is no YAML, duplicate keys, unknown anchors, anchors that
    contain themselves, nesting beyond 500, and aliases that stand for too much.
    """
    composer = _Composer(file)
    try:
        for event in yaml.parse(first_document(text), Loader=yaml.CSafeLoader):
            composer.take(event)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        composer.fail(Mark(file, line, 0), "half a character (a lone surrogate) stands here: save the file as UTF-8")
    except yaml.reader.ReaderError as error:
        before = first_document(text).encode()[: error.position]
        line = before.count(b"\n") + 1
        composer.fail(Mark(file, line, 0), "a character stands here that YAML does not allow, such as a control code")
    except yaml.MarkedYAMLError as error:
        composer.fail_to_parse(error)
    if composer.duplicates:
        raise ConfigError(composer.duplicates[:_MOST_DUPLICATES])
    return composer.root


@dataclass(slots=True)
class _Frame:
    """An open collection, and what has been found in it."""

    mark: Mark
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: Scalar | None = None
    depth: int = 0
    size: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node with a name; None while it is still open."""

    node: Node | None
    depth: int = 0
    size: int = 0


class _Composer:
    """Takes events one by one; ``root`` is there after the last one."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self.duplicates: list[Problem] = []
        self._file = file
        self._open: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._from_aliases = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event), event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._alias(event)
            case _:
                pass

    def _mark(self, event: Any) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _scalar(self, event: Any) -> Scalar:
        mark = self._mark(event)
        is_plain = event.implicit[0] and not event.style
        if event.tag is None or (not event.implicit[0] and event.implicit[1]):
            return Scalar(mark, event.value, resolve_plain(event.value) if is_plain else event.value, is_plain)
        try:
            return Scalar(mark, event.value, resolve_tagged(event.value, event.tag), is_plain=False)
        except WrongTag as error:
            self.fail(mark, str(error))

    def _begin(self, event: Any) -> None:
        mark = self._mark(event)
        self._check_depth(mark, 1)
        if self._open and self._open[-1].is_mapping and self._open[-1].key is None:
            self.fail(mark, "a list or mapping cannot be a key: a key is a single word or text")
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(None)
        self._open.append(_Frame(mark, event.anchor, isinstance(event, yaml.MappingStartEvent)))

    def _check_depth(self, mark: Mark, more: int) -> None:
        if len(self._open) + more > DEEPEST:
            self.fail(mark, f"nested more than {DEEPEST} deep")

    def _end(self) -> None:
        frame = self._open.pop()
        node: Node = (
            Mapping(frame.mark, frame.entries) if frame.is_mapping else Sequence(frame.mark, tuple(frame.items))
        )
        self._add(node, frame.anchor, frame.depth + 1, frame.size)

    def _alias(self, event: Any) -> None:
        mark = self._mark(event)
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            self.fail(
                mark, f"unknown anchor '{event.anchor}': define it further up, in this file, with &{event.anchor}"
            )
        if anchored.node is None:
            self.fail(mark, f"the anchor '{event.anchor}' contains itself")
        self._check_depth(mark, anchored.depth)
        self._from_aliases += anchored.size
        if self._from_aliases > _MOST_FROM_ALIASES:
            self.fail(mark, f"aliases stand for more than {_MOST_FROM_ALIASES} values up to here: write fewer of them")
        self._add(Alias(mark, event.anchor, anchored.node), None, anchored.depth, anchored.size)

    def _add(self, node: Node, anchor: str | None, depth: int = 0, size: int = 1) -> None:
        if anchor:
            self._anchors[anchor] = _Anchored(node, depth, size)
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.depth = max(frame.depth, depth)
        frame.size += size
        if not frame.is_mapping:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._key(node)
        else:
            self._enter(frame, frame.key, node)
            frame.key = None

    def _key(self, node: Node) -> Scalar:
        target = node.target if isinstance(node, Alias) else node
        if not isinstance(target, Scalar):
            self.fail(node.mark, "a list or mapping cannot be a key: a key is a single word or text")
        return Scalar(node.mark, target.text, target.value, target.is_plain)

    def _enter(self, frame: _Frame, key: Scalar, value: Node) -> None:
        first = frame.entries.setdefault(key.text, Entry(key, value))
        if first.key is not key:
            message = f"duplicate key '{key.text[:80]}': it stands in lines {first.key.mark.line} and {key.mark.line}"
            self.duplicates.append(Problem(Severity.ERROR, f"{message}; keep one of them", *key.mark))

    def fail(self, mark: Mark, message: str) -> NoReturn:
        raise ConfigError([*self.duplicates, Problem(Severity.ERROR, message, *mark)])

    def fail_to_parse(self, error: yaml.MarkedYAMLError) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        place = Mark(self._file, mark.line + 1, mark.column + 1) if mark else Mark(self._file, 0, 0)
        details = ", ".join(part for part in (error.context, error.problem) if part)
        self.fail(place, f"this is no YAML: {details}")
