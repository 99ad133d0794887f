"""Turns the bytes of one client into requests, strictly.

Theory of operation.  llhttp finds the parts; what it lets through and should not is refused here and in ``framing``.
Three things need help:

- llhttp ends a request with ``Upgrade`` at its head and stops.  If the request has a body, or wants ``h2c``, the
  upgrade is ignored and the body is parsed by a second parser that is told of its length only.  If it has none, the
  reader *holds*: whatever follows may be the other protocol or, after a refusal, the next request.  ``go_on`` decides.
- Trailer fields are reported like headers, long after the request has been checked.  They are dropped: a trailer
  must not be able to look like a header.  One that would change where the request or the connection ends is refused.
- A header, a trailer or a chunk extension that never ends is not reported at all.  So the bytes are counted that
  arrived without anything coming of them.
"""

from typing import Protocol

import httptools

from llamaswap_desktop.errors import BodyTooLarge, HeadTooLarge, Malformed
from llamaswap_desktop.http1 import framing
from llamaswap_desktop.http1.known_head import KnownHead
from llamaswap_desktop.http1.limits import Limits
from llamaswap_desktop.http1.messages import Headers, Request

_LONGEST_READ_BYTES = 256 * 1024
"""A read may hold this much before the part that is counted begins."""


_LONGEST_KNOWN_BYTES = 16 * 1024
"""A longer head is parsed each time."""


class RequestSink(Protocol):
    """Takes what a reader finds, in order."""

    def on_request(self, request: Request) -> None:
        """Take a request whose head has passed every check."""

    def on_request_body(self, data: bytes) -> None:
        """Take a piece of the last request's body."""

    def on_request_complete(self) -> None:
        """Know that the last request is whole."""


class RequestReader:
    """Parses what one connection receives; ``feed`` raises ``Malformed`` once and is not to be called again."""

    __deletable__ = ("_parser", "_sink")  # mypyc asks for this

    def __init__(self, sink: RequestSink, limits: Limits, client: str) -> None:
        self._sink = sink
        self._limits = limits
        self._client = client
        self._parser = httptools.HttpRequestParser(self)
        self._fault: Malformed | None = None
        self._target = b""
        self._headers: Headers = []
        self._request: Request | None = None
        self._known_head = KnownHead()
        self._known: Request | None = None
        self._newest: Request | None = None
        self._found = 0
        self._body_bytes = 0
        self._read_bytes = 0
        self._idle_bytes = 0
        self._held: bytearray | None = None
        self._is_replay = False
        self._is_last = False
        self.is_in_head = False

    @property
    def held_bytes(self) -> int:
        """How much has arrived behind an upgrade request that is not decided yet."""
        return 0 if self._held is None else len(self._held)

    def feed(self, data: bytes) -> None:
        """Parse what has arrived."""
        if self._held is not None:
            self._held += data
            return
        if self._is_last and self._request is None:
            return  # the client has said that it sends no further request
        is_between_requests = self._request is None and not self.is_in_head
        if self._known is not None and is_between_requests and (body := self._known_head.body_of(data)) is not None:
            self._repeat(self._known.with_length(len(body)), body)
            return
        self._found = 0
        self._read_bytes = len(data)
        self._idle_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if self._fault is None and isinstance(error, httptools.HttpParserCallbackError):
                raise  # a mistake of ours: the event loop logs it and ends the connection
            if self._fault is None and self._is_last and self._request is None:
                return  # llhttp objects to bytes behind the last request
            raise self._fault or Malformed(f"not a valid HTTP request: {error}") from error
        if self._idle_bytes > self._limits.header_bytes + _LONGEST_READ_BYTES:
            raise _head_too_large(self._limits)
        if is_between_requests and self._found == 1 and self._request is None and not self.is_in_head:
            self._learn(data)

    def _learn(self, data: bytes) -> None:
        """Remember the one request that ``data`` was, if the next of its kind may be told by its head."""
        request = self._newest
        assert request is not None
        is_plain = request.keep_alive and not request.upgrade and b"expect" not in request.fields
        is_known = (
            is_plain
            and request.length is not None
            and self._limits.header_bytes >= _LONGEST_KNOWN_BYTES >= len(data) - request.length
            and self._known_head.learn(data)
        )
        self._known = request if is_known else None

    def _repeat(self, request: Request, body: bytes) -> None:
        self._check_body(len(body))
        self._sink.on_request(request)
        if body:
            self._sink.on_request_body(body)
        self._sink.on_request_complete()

    def close(self) -> None:
        """Let go of those who hold this reader: a connection that has ended shall not wait for the collector."""
        del self._parser, self._sink

    def go_on(self) -> None:
        """Parse what has been held: the upgrade was refused."""
        if self._held is not None:
            held, self._held = bytes(self._held), None
            self._parser = httptools.HttpRequestParser(self)
            self.feed(held)

    def take_held(self) -> bytes:
        """Return what has been held: the upgrade was granted, and nothing is parsed any more."""
        held, self._held = bytes(self._held or b""), bytearray()
        return held

    def _after_upgrade(self, rest: bytes) -> None:
        request = self._request
        assert request is not None
        if request.upgrade:
            self._request = None
            self._held = bytearray(rest)
            self._sink.on_request_complete()
            return
        self._parser = httptools.HttpRequestParser(self)
        self._is_replay = True
        coding = b"Transfer-Encoding: chunked" if request.length is None else b"Content-Length: %d" % request.length
        persistence = b"keep-alive" if request.keep_alive else b"close"
        head = b"POST / HTTP/1.1\r\nHost: h\r\n%s\r\nConnection: %s\r\n\r\n" % (coding, persistence)
        self._parser.feed_data(head)
        self.feed(rest)

    # -- what the parser reports

    def on_message_begin(self) -> None:
        if not self._is_replay:
            self._target = b""
            self._headers = []
            self._idle_bytes = self._read_bytes
            self.is_in_head = True

    def on_url(self, url: bytes) -> None:
        if not self._is_replay:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_in_head:
            self._headers.append((name, value))
        elif not self._is_replay and name.lower() in framing.HOP_BY_HOP:
            self._fault = Malformed(f"{name.decode('latin-1')} may not stand behind a body: send it as a header")
            raise self._fault

    def on_headers_complete(self) -> None:
        if self._is_replay:
            self._is_replay = False
            return
        self.is_in_head = False
        parser = self._parser
        try:
            self._check_size()
            request = framing.parse_request(
                method=parser.get_method().decode("ascii"),
                target=self._target,
                version=parser.get_http_version(),
                headers=self._headers,
                keep_alive=parser.should_keep_alive(),
                client=self._client,
                wants_upgrade=parser.should_upgrade(),
            )
            self._check_body(request.length or 0)
        except Malformed as fault:
            self._fault = fault
            raise
        self._request = self._newest = request
        self._found += 1
        self._body_bytes = 0
        self._is_last = not request.keep_alive
        self._sink.on_request(request)

    def _check_size(self) -> None:
        limit = self._limits.header_bytes
        if self._idle_bytes > limit and (
            len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._headers) > limit
        ):
            raise _head_too_large(self._limits)

    def _check_body(self, size: int) -> None:
        limit = self._limits.body_bytes
        if limit and size > limit:
            raise BodyTooLarge(f"the request's body is larger than {limit} bytes (desktop.limits.body)")

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        if self._limits.body_bytes:
            self._body_bytes += len(body)
            try:
                self._check_body(self._body_bytes)
            except Malformed as fault:
                self._fault = fault
                raise
        self._sink.on_request_body(body)

    def on_message_complete(self) -> None:
        self._idle_bytes = 0
        if self._parser.should_upgrade():
            return  # ended here without its body: see _after_upgrade
        self._request = None
        self._sink.on_request_complete()


def _head_too_large(limits: Limits) -> HeadTooLarge:
    return HeadTooLarge(f"the request's head is larger than {limits.header_bytes} bytes (desktop.limits.header)")
