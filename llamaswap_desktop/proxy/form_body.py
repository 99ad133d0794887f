"""Bodies that are forms, urlencoded or in parts, and requests whose query names the model.

A form in parts is scanned while it arrives: only the fields ``model`` and ``stream`` are looked at, and only the spans
of ``model`` are ever changed, so that files keep their bytes, names and types.
Source: HTTP specification, sections 6.1, 6.2 and 9.2.
"""

import re
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote_plus, unquote_plus, urlencode

from llamaswap_desktop.errors import BodyUnreadable
from llamaswap_desktop.proxy.body import Body
from llamaswap_desktop.proxy.document import Span
from llamaswap_desktop.proxy.treatment import Treatment

_MAX_FORM_BYTES = 10 * 1024 * 1024
_MAX_FIELDS_BYTES = 42 * 1024 * 1024
_MAX_VALUE_BYTES = 64 * 1024
_MAX_PART_HEAD_BYTES = 64 * 1024

_MODEL_PAIR = re.compile(rb"(?:(?<=&)|^)model=([^&]*)")


class FormBody(Body):
    """An urlencoded form, or a body that says nothing; then ``query`` may name the model.

    ``query`` is what is sent on; ``rewrite`` changes it if the name stands there.
    """

    __slots__ = ("_fields", "_is_form", "query")

    def __init__(self, folder: Path | None, query: str, *, is_form: bool) -> None:
        super().__init__(folder)
        self.query = query
        self._is_form = is_form
        self._fields: dict[str, list[str]] = {}

    def complete(self) -> None:
        super().complete()
        if self._is_form and self.is_in_memory and self.size <= _MAX_FORM_BYTES:
            self._fields = parse_qs(self.data.decode("latin-1"), encoding="utf-8", errors="replace")

    def model(self) -> str:
        return self._first("model")

    def is_streaming(self) -> bool:
        return self._first("stream") == "true"

    def rewrite(self, name: str | None, _treatment: Treatment, _requested: str) -> None:
        if name is None:
            return
        if "model" in self._fields:
            spans = [
                Span(*pair.span(1))
                for pair in _MODEL_PAIR.finditer(self.data)
                if unquote_plus(pair[1].decode("latin-1"))
            ]
            self._replace(spans, quote_plus(name).encode("ascii"))
        else:
            self.query = with_model(self.query, name)

    def _first(self, name: str) -> str:
        return (self._fields.get(name) or parse_qs(self.query).get(name) or [""])[0]


def with_model(query: str, name: str) -> str:
    """Return ``query`` with another model, written anew with its keys in alphabetical order (section 2.1)."""
    pairs = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key != "model"]
    return urlencode(sorted([*pairs, ("model", name)], key=lambda pair: pair[0]))


class MultipartBody(Body):
    """A form in parts, as files are uploaded."""

    __slots__ = ("_form", "_is_scanned")

    def __init__(self, folder: Path | None, boundary: bytes, *, announced_bytes: int = 0) -> None:
        super().__init__(folder, announced_bytes=announced_bytes)
        self._form = _PartScanner(boundary)
        self._is_scanned = False

    def scan(self, data: bytes) -> None:
        self._is_scanned = True
        self._form.feed(data)

    def complete(self) -> None:
        super().complete()
        if not self._is_scanned:
            self._form.feed(self.data)

    def model(self) -> str:
        return self._form.first("model") if self._form.is_whole else ""

    def is_streaming(self) -> bool:
        return self._form.first("stream") == "true"

    def rewrite(self, name: str | None, treatment: Treatment, _requested: str) -> None:
        new_name = treatment.use_model_name or name
        if new_name is not None:
            if "\r\n" in new_name:
                raise BodyUnreadable("could not parse multipart form: the model's new name holds a line break")
            self._replace(self._form.spans("model"), new_name.encode())


def boundary_of(content_type: bytes) -> bytes:
    """Return the boundary that the content type of a form in parts announces, or nothing."""
    found = re.search(rb';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', content_type, re.IGNORECASE)
    return (found[1] or found[2]) if found else b""


_NAME = re.compile(rb';\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)
_FILENAME = re.compile(rb";\s*filename\*?=", re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class _PartScanner:
    """Finds the fields called ``model`` and ``stream`` with their spans."""

    def __init__(self, boundary: bytes) -> None:
        self.is_whole = False
        self._delimiter = re.compile(rb"\r\n--%s(?:--|[ \t]{0,64}\r\n)" % re.escape(boundary))
        self._longest_delimiter = len(boundary) + 70
        self._buffer = b"\r\n"  # the first delimiter has no line before it
        self._base = -2
        self._in_head = False
        self._is_unreadable = not boundary
        self._field: str | None = None
        self._is_kept = False
        self._part_start = 0
        self._fields_bytes = 0
        self._found: list[tuple[str, Span, str]] = []
        self._is_preamble = True

    def first(self, name: str) -> str:
        """Return the value of the first field called ``name``, or nothing."""
        return next((value for found, _, value in self._found if found == name), "")

    def spans(self, name: str) -> list[Span]:
        """Return where the values of the fields called ``name`` stand."""
        return [span for found, span, _ in self._found if found == name]

    def feed(self, data: bytes) -> None:
        """Scan the next piece."""
        if self._is_unreadable or self.is_whole:
            return
        self._buffer += data
        while not self._is_unreadable and not self.is_whole and self._step():
            pass

    def _step(self) -> bool:
        """Get on by one part head or one part body; False if more must arrive first."""
        return self._take_head() if self._in_head else self._take_content()

    def _take_content(self) -> bool:
        end, behind = self._find_delimiter()
        if end < 0:
            kept = self._part_start - self._base if self._is_kept else len(self._buffer) - self._longest_delimiter
            if self._is_kept and len(self._buffer) - kept > _MAX_VALUE_BYTES:
                self._is_unreadable = True
            self._drop(max(kept, 0))
            return False
        self._end_part(self._base + end)
        if self._buffer[behind - 2 : behind] == b"--":
            self.is_whole = True
            return False
        self._drop(behind - 2)  # the line break may be the first half of the blank line of an empty head
        self._in_head = True
        return True

    def _find_delimiter(self) -> tuple[int, int]:
        """Return where the next delimiter begins and ends, its line break or closing dashes included; or -1."""
        found = self._delimiter.search(self._buffer)
        return found.span() if found is not None else (-1, -1)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            self._is_unreadable = len(self._buffer) > _MAX_PART_HEAD_BYTES
            return False
        head = self._buffer[2 : max(end, 2)]
        self._drop(end + 4)
        self._in_head = False
        self._is_preamble = False
        self._field = _field_name(head)
        self._is_kept = self._field in {"model", "stream"}
        self._part_start = self._base
        return True

    def _end_part(self, end: int) -> None:
        if self._is_preamble or self._field is None:
            return
        self._fields_bytes += end - self._part_start
        if self._fields_bytes > _MAX_FIELDS_BYTES:
            self._is_unreadable = True
        if self._is_kept:
            value = self._buffer[self._part_start - self._base : end - self._base]
            self._found.append((self._field, Span(self._part_start, end), value.decode("utf-8", "replace")))
        self._is_kept = False

    def _drop(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._base += count


def _field_name(head: bytes) -> str | None:
    """Return the name of a part that is a field; None for files."""
    disposition = _DISPOSITION.search(head)
    if disposition is None or _FILENAME.search(disposition[1]):
        return None
    name = _NAME.search(disposition[1])
    if name is None:
        return None
    return re.sub(rb"\\(.)", rb"\1", name[1] or name[2] or b"").decode("utf-8", "replace")
