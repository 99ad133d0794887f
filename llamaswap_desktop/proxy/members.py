"""Finds the members of a JSON object (or the elements of an array) by their spans, while the text arrives.

The scanner is lenient on purpose: clients and llama-swap agree that a body is passed on as it is, so it reads the
members of the outermost value as far as they make sense and never judges the rest.
Source: HTTP specification, section 6.1.
"""

import json
import re
from enum import Enum, auto
from typing import NamedTuple

_MAX_NAME_BYTES = 4096
_MAX_MEMBERS = 100_000

_SPACE = re.compile(rb"[ \t\r\n]*")
_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""Everything up to a bracket, or to a string that is not whole: strings are passed over within one match."""

_BARE = re.compile(rb"[^\s,\]}\[{\"]*")


class Member(NamedTuple):
    """A member: from ``start`` its name, from ``value`` to before ``end`` its value.  Elements have their index."""

    name: str
    start: int
    value: int
    end: int


class _Expect(Enum):
    OUTERMOST = auto()
    NAME = auto()
    REST_OF_NAME = auto()
    COLON = auto()
    VALUE = auto()
    REST_OF_STRING = auto()
    REST_OF_NESTED = auto()
    REST_OF_BARE = auto()
    COMMA = auto()
    NOTHING = auto()


class MemberScanner:
    """Takes a text piece by piece; ``members`` are those found so far, in order, repeats kept."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.is_array = False
        self.open_end = 0
        self._expect = _Expect.OUTERMOST
        self._base = 0
        self._name = b""
        self._start = 0
        self._value = 0
        self._depth = 0
        self._is_in_string = False
        self._is_escaped = False

    @property
    def is_too_much(self) -> bool:
        """Whether there were more members than are kept."""
        return len(self.members) >= _MAX_MEMBERS

    def feed(self, data: bytes) -> None:
        """Scan the next piece."""
        at = 0
        while at < len(data) and self._expect is not _Expect.NOTHING:
            at = self._step(data, at)
        self._base += len(data)

    def finish(self) -> None:
        """Know that the text is at its end."""
        if self._expect is _Expect.REST_OF_BARE:
            self._end_value(self._base)
        self._expect = _Expect.NOTHING

    def first(self, name: str) -> Member | None:
        """Return the first member called ``name``."""
        return next((member for member in self.members if member.name == name), None)

    def _step(self, data: bytes, at: int) -> int:
        match self._expect:
            case _Expect.REST_OF_NAME:
                return self._go_on_with_name(data, at)
            case _Expect.REST_OF_STRING:
                return self._go_on_with_string(data, at)
            case _Expect.REST_OF_NESTED:
                return self._go_on_with_nested(data, at)
            case _Expect.REST_OF_BARE:
                end = _end_of(_BARE, data, at)
                if end < len(data):
                    self._end_value(self._base + end)
                return end
        at = _end_of(_SPACE, data, at)
        return self._take_mark(data[at : at + 1], at) if at < len(data) else at

    def _take_mark(self, mark: bytes, at: int) -> int:
        """Take the character that says what comes next."""
        place = self._base + at
        match self._expect, mark:
            case _Expect.OUTERMOST, b"{":
                self._expect = _Expect.NAME
                self.open_end = place + 1
            case _Expect.OUTERMOST, b"[":
                self.is_array = True
                self._expect = _Expect.VALUE
                self._start = self.open_end = place + 1
            case _Expect.NAME, b'"':
                self._expect = _Expect.REST_OF_NAME
                self._start = place
                self._name = b""
            case _Expect.COLON, b":":
                self._expect = _Expect.VALUE
            case _Expect.COMMA, b",":
                self._expect = _Expect.VALUE if self.is_array else _Expect.NAME
            case _Expect.VALUE, _:
                return self._begin_value(mark, at)
            case _:
                self._expect = _Expect.NOTHING
        return at + 1

    def _begin_value(self, mark: bytes, at: int) -> int:
        self._value = self._base + at
        if self.is_array:
            self._start = self._value
        if mark == b'"':
            self._expect = _Expect.REST_OF_STRING
        elif mark in {b"{", b"["}:
            self._expect = _Expect.REST_OF_NESTED
            self._depth = 1
        elif mark in {b",", b"}", b"]"}:
            self._expect = _Expect.NOTHING
        else:
            self._expect = _Expect.REST_OF_BARE
        return at + 1

    def _go_on_with_name(self, data: bytes, at: int) -> int:
        end, is_closed = self._string_end(data, at)
        if len(self._name) < _MAX_NAME_BYTES:
            self._name += data[at : end - 1 if is_closed else end][:_MAX_NAME_BYTES]
        if is_closed:
            self._expect = _Expect.COLON
        return end

    def _go_on_with_string(self, data: bytes, at: int) -> int:
        end, is_closed = self._string_end(data, at)
        if is_closed:
            self._end_value(self._base + end)
        return end

    def _go_on_with_nested(self, data: bytes, at: int) -> int:
        if self._is_in_string:
            at, is_closed = self._string_end(data, at)
            self._is_in_string = not is_closed
        while (at := _end_of(_TO_BRACKET, data, at)) < len(data):
            mark = data[at : at + 1]
            at += 1
            if mark == b'"':
                at, is_closed = self._string_end(data, at)
                self._is_in_string = not is_closed
            elif mark in {b"{", b"["}:
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    self._end_value(self._base + at)
                    break
        return at

    def _string_end(self, data: bytes, at: int) -> tuple[int, bool]:
        """Return where the string that goes on at ``at`` ends in ``data``, and whether its quote is there."""
        if self._is_escaped:
            self._is_escaped = False
            at += 1
        quote = data.find(b'"', at)
        end = quote if quote >= 0 else len(data)
        if data.find(b"\\", at, end) >= 0:
            end = _end_of(_IN_STRING, data, at)
        if end >= len(data):
            return len(data), False
        if data[end : end + 1] == b'"':
            return end + 1, True
        self._is_escaped = True  # a backslash at the very end of the piece
        return len(data), False

    def _end_value(self, end: int) -> None:
        self._expect = _Expect.COMMA
        if len(self.members) < _MAX_MEMBERS:
            name = str(len(self.members)) if self.is_array else text_of(b'"%s"' % self._name)
            self.members.append(Member(name, self._start, self._value, end))


def _end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    match = pattern.match(data, at)
    assert match is not None, "these patterns match nothing at all, too"
    return match.end()


def members_of(text: bytes) -> MemberScanner:
    """Scan a whole text."""
    scanner = MemberScanner()
    scanner.feed(text)
    scanner.finish()
    return scanner


def text_of(value: bytes) -> str:
    """Return a JSON string's text, nothing for null, and the spelling of anything else."""
    if value.startswith(b'"'):
        try:
            return str(json.loads(value, strict=False))
        except ValueError:
            return value[1:-1].decode("utf-8", "replace")
    return "" if value == b"null" else value.decode("utf-8", "replace")


def is_true(value: bytes) -> bool:
    """Tell whether a member is true as llama-swap reads it: true, a number but 0, or a usual spelling of true."""
    if value.startswith(b'"'):
        return text_of(value).lower() in {"1", "t", "true"}
    if value in {b"true", b"false", b"null"} or not value:
        return value == b"true"
    try:
        return float(value) != 0
    except ValueError:
        return False
