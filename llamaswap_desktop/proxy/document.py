"""Changes a JSON text by its spans: what is not addressed keeps its exact text (HTTP specification, section 9.1).

A ``Document`` is an object or array as its members; each is still where it stood, or has a new value, or is gone.
Joined together again, only the members that were addressed differ: order, repeats, spelling of numbers, escapes and
space are the client's.  A path goes down into members of members; those are documents of their own.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from llamaswap_desktop.proxy.members import MemberScanner, members_of

_MAX_INNER_BYTES = 8 * 1024 * 1024
"""A member may be this large if a path goes down into it: it is read into memory for that."""

_MAX_INDEX = 10_000

Read = Callable[[int, int], bytes]
"""Returns the text from a start to before an end."""


class BadPath(Exception):
    """A path cannot be followed in this text; says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text as it came."""

    start: int
    end: int


@dataclass(slots=True)
class _Part:
    """A member in its place: ``label`` is its name with the colon; ``gap`` what stands before it, if not the first."""

    name: str
    gap: Span | bytes
    label: Span | bytes
    value: Span | bytes


class Document:
    """An object or array that ``scanner`` has found in a text of ``size`` bytes."""

    def __init__(self, scanner: MemberScanner, read: Read, size: int) -> None:
        self._read = read
        self._is_array = scanner.is_array
        members = scanner.members
        first = members[0].start if members else scanner.open_end
        self._head = Span(0, first)
        self._tail = Span(members[-1].end if members else scanner.open_end, size)
        self._parts: list[_Part] = []
        end = first
        for member in members:
            gap = Span(end, member.start)
            label = Span(member.start, member.value)
            self._parts.append(_Part(member.name, gap, label, Span(member.value, member.end)))
            end = member.end

    def strip(self, path: Sequence[str]) -> None:
        """Remove what ``path`` leads to, repeats too; nothing happens if it leads nowhere."""
        name, *rest = path
        if not rest:
            self._parts = [part for part in self._parts if part.name != name]
            return
        part = self._find(name)
        if part is not None and (inner := self._inner(part)) is not None:
            inner.strip(rest)
            part.value = inner.text()

    def set(self, path: Sequence[str], value: bytes) -> None:
        """Put ``value`` (JSON) where ``path`` leads; parents that are missing become objects.

        Raises ``BadPath`` for a path that leads through an array by something else than an index.
        """
        name, *rest = path
        if self._is_array:
            self._reach_index(name)
        part = self._find(name)
        if part is None:
            part = self._append(name)
        if not rest:
            part.value = value
            return
        inner = self._inner(part) or _parse(b"{}")
        inner.set(rest, value)
        part.value = inner.text()

    def pieces(self) -> list[Span | bytes]:
        """Return the text as it is now: stretches of the old one and new bytes."""
        pieces: list[Span | bytes] = [self._head]
        for index, part in enumerate(self._parts):
            if index:
                pieces.append(part.gap or b",")
            pieces += (part.label, part.value)
        pieces.append(self._tail)
        return _joined(pieces)

    def text(self) -> bytes:
        """Return the text as it is now."""
        return b"".join(self._bytes_of(piece) for piece in self.pieces())

    def _find(self, name: str) -> _Part | None:
        return next((part for part in self._parts if part.name == name), None)

    def _append(self, name: str) -> _Part:
        label = b"" if self._is_array else msgspec.json.encode(name) + b":"
        part = _Part(name, b",", label, b"null")
        self._parts.append(part)
        return part

    def _reach_index(self, name: str) -> None:
        if not re.fullmatch(r"[0-9]+", name) or int(name) > _MAX_INDEX:
            raise BadPath(f"{name!r} is no index of an array")
        while len(self._parts) < int(name):
            self._append(str(len(self._parts)))

    def _inner(self, part: _Part) -> "Document | None":
        """Return a member's value as a document, if it is an object or array."""
        if isinstance(part.value, Span) and part.value.end - part.value.start > _MAX_INNER_BYTES:
            raise BadPath(f"{part.name!r} is larger than {_MAX_INNER_BYTES} bytes")
        text = self._bytes_of(part.value)
        return _parse(text) if text[:1] in {b"{", b"["} else None

    def _bytes_of(self, piece: Span | bytes) -> bytes:
        return self._read(piece.start, piece.end) if isinstance(piece, Span) else piece


def _parse(text: bytes) -> Document:
    return Document(members_of(text), lambda start, end: text[start:end], len(text))


def _joined(pieces: list[Span | bytes]) -> list[Span | bytes]:
    """Make one of stretches that follow each other."""
    joined: list[Span | bytes] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Span) and isinstance(last, Span) and last.end == piece.start:
            joined[-1] = Span(last.start, piece.end)
        elif piece != b"" and not (isinstance(piece, Span) and piece.start == piece.end):
            joined.append(piece)
    return joined


def parse_path(key: str) -> list[str]:
    r"""Split a filter's key at its dots; ``\.`` is a dot within a name.  Raises ``BadPath``."""
    names = [re.sub(r"\\(.)", r"\1", name) for name in re.findall(r"(?:^|\.)((?:[^.\\]|\\.)*)", key)]
    if not key or not all(names):
        raise BadPath("a name in it is empty")
    return names
