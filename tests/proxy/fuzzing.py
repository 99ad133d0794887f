"""Bytes that no client should send, and a connection in memory that is given them in whatever pieces.

An input is a pipeline of valid and hostile requests, mutated: spliced, cut, doubled, sprinkled with what parsers trip
over.  ``Session`` feeds it to a real ``ServerConnection`` and checks after each what must hold whatever comes in.
"""

import asyncio
import random
import re
from collections.abc import Callable

from llamaswap_desktop.config import Limits
from llamaswap_desktop.http1 import Keys, Request, request_head
from llamaswap_desktop.http1.connection import ServerConnection
from llamaswap_desktop.http1.outgoing import TurnEnd
from llamaswap_desktop.proxy.headers import framing_lines, lines_for_model
from tests.proxy.test_hostile import BODY, CHUNKED, CHUNKS, HARMLESS, HOSTILE, LENGTH, post

LIMITS = Limits(header_bytes=2048, body_bytes=1024)
"""Small ones, so that inputs of some kilobytes go beyond them."""


def _get(path: bytes, *headers: bytes, version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"GET %s HTTP/%s" % (path, version), b"Host: h", *headers]) + b"\r\n\r\n"


def _put(path: bytes, *headers: bytes, body: bytes = BODY) -> bytes:
    return post(*headers, body=body, line=b"PUT %s HTTP/1.1" % path)


VALID = (
    _get(b"/v1/models"),
    _get(b"/a?b=c%20d", b"Accept: text/html", b"X-Forwarded-For: 6.6.6.6"),
    _get(b"/old", version=b"1.0"),
    _get(b"/old", b"Connection: keep-alive", version=b"1.0"),
    _get(b"/last", b"Connection: close"),
    _get(b"/later"),
    _get(b"/early"),
    _get(b"/ws", b"Connection: Upgrade", b"Upgrade: websocket"),
    _get(b"/refused", b"Connection: Upgrade", b"Upgrade: websocket"),
    b"HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    post(LENGTH),
    post(LENGTH, b"Authorization: Bearer s3cret", b"TE: trailers"),
    post(CHUNKED, body=CHUNKS),
    post(CHUNKED, body=b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX-Trailer: a\r\n\r\n"),
    post(b"Expect: 100-continue", LENGTH),
    _put(b"/later", LENGTH),
    _put(b"/early", LENGTH),
    _put(b"/early", CHUNKED, body=CHUNKS),
    _put(b"/stream", CHUNKED, body=CHUNKS),
    _put(b"/stream", LENGTH),
    _put(b"/stream", LENGTH, b"Expect: 100-continue"),
    post(CHUNKED, body=CHUNKS[:-2] + b"X-Trailer: a\r\n\r\n"),
    post(b"Content-Length: 2000", body=b"x" * 2000),
    post(b"Content-Length: 600", body=b"y" * 600),
    _get(b"/long", b"X: " + b"z" * 1500),
    _get(b"/longer", b"X: " + b"z" * 2500),
)
CORPUS = (*VALID, *VALID, *HARMLESS.values(), *HOSTILE.values())

TOKENS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b'"',
    b"#",
    b"\x0b",
    b"\x7f",
    b"\x85",
    b"\xa0",
    b"\xff",
    b"\r\n\r\n",
    b"\r\n ",
    b"0\r\n\r\n",
    b"0",
    b"-1",
    b"ffffffffffffffffff",
    b"HTTP/1.0",
    b"HTTP/1.1",
    b"HTTP/2.0",
    b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"Host: h\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive, content-length\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"x" * 100,
)


def fuzzed(dice: random.Random) -> tuple[bytes, list[int]]:
    """Return an input, and where its requests met before it was mutated."""
    if dice.random() < 0.02:
        return dice.randbytes(dice.randrange(1, 300)), []
    requests = [dice.choice(CORPUS if dice.random() < 0.5 else VALID) for _ in range(dice.choice((1, 1, 2, 2, 3, 5)))]
    if dice.random() < 0.15:
        requests *= 2  # a head that is known already
    data = bytearray()
    seams: list[int] = []
    for request in requests:
        data += request
        seams.append(len(data))
    for _ in range(dice.choice((0, 0, 1, 1, 1, 2, 3, 8))):
        _mutate(data, dice)
    return bytes(data), seams[:-1]


def _mutate(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    length = dice.choice((1, 1, 2, 4, 16, 64))
    match dice.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        case 1 if at < len(data):
            data[at] = dice.randrange(256)
        case 2:
            data[at:at] = dice.choice(TOKENS)
        case 3:
            data[at : at + length] = dice.choice(TOKENS)
        case 4:
            del data[at : at + length]
        case 5:
            data[at:at] = data[at : at + length]
        case _:
            other = dice.choice(CORPUS)
            start = dice.randrange(len(other))
            data[at : at + length] = other[start : start + length]


def cuts(size: int, seams: list[int], dice: random.Random) -> list[int]:
    """Return where to cut an input into reads: nowhere, between requests, here and there, or behind each byte."""
    match dice.randrange(6):
        case 0:
            return [seam for seam in seams if seam < size]
        case 1 if size < 400:
            return list(range(1, size))
        case _:
            return sorted({dice.randrange(1, size) for _ in range(dice.choice((1, 1, 2, 3, 8)))} if size > 1 else ())


class _Turn(TurnEnd):
    """The end of a turn comes when the test says so."""

    def call(self, outgoing):
        self._waiting.append(outgoing)


class _Socket:
    def setsockopt(self, *_option):
        pass


class _Wire(asyncio.Transport):
    """The server's end of a connection whose client is the test."""

    def __init__(self):
        super().__init__({"peername": ("127.0.0.1", 1), "socket": _Socket()})
        self.sent = bytearray()
        self.is_closed = False
        self.has_sent_eof = False
        self.is_paused = False

    def write(self, data):
        assert not self.is_closed, "nothing is written behind the end"
        assert not self.has_sent_eof, "nothing is written behind the end of the sending side"
        self.sent += data

    def can_write_eof(self):
        return True

    def write_eof(self):
        self.has_sent_eof = True

    def is_closing(self):
        return self.is_closed

    def close(self):
        self.is_closed = True

    abort = close

    def get_write_buffer_size(self):
        return 0

    def pause_reading(self):
        self.is_paused = True

    def resume_reading(self):
        self.is_paused = False


class _Handler:
    """Answers with what it was asked, when its body is whole (or, for ``/later``, when it is told to)."""

    def __init__(self, exchange, session):
        self.exchange = exchange
        self.session = session
        self.body = b""
        self.is_whole = False
        self.has_left = False
        self.is_tunnel = False
        if exchange.request.path == "/stream":
            exchange.begin(200, [], length=None)
            exchange.flush()

    def on_body(self, data):
        assert data
        assert not self.has_left
        if self.is_tunnel:
            self.exchange.send(data)
            self.exchange.flush()
            return
        assert not self.is_whole
        self.body += data

    def on_body_complete(self):
        assert not self.is_whole
        assert not self.has_left
        self.is_whole = True
        request = self.exchange.request
        self.session.check_forwarded(request, self.body)
        if request.upgrade and request.path == "/ws":
            self.is_tunnel = True
            self.exchange.switch_protocols([(b"Upgrade", b"websocket")])
        elif request.path == "/later":
            self.session.later.append(self)
        else:
            self.answer()

    def answer(self):
        if self.has_left:
            return
        if self.exchange.is_begun:
            self.exchange.send(self.body)
            self.exchange.finish()
            return
        request = self.exchange.request
        said = f"echo {request.method} {request.target} ".encode() + self.body
        self.exchange.respond(200, [(b"Content-Type", b"text/plain")], said)

    def on_client_left(self):
        assert not self.has_left
        self.has_left = True

    def on_writable(self, writable):
        raise AssertionError("the wire is never full")


class Session:
    """One connection from its first byte to its end, as the service that it serves."""

    limits = LIMITS
    keys = Keys()

    def __init__(self):
        self.later: list[_Handler] = []
        self.handlers: list[_Handler] = []
        self.dispatched: list[object] = []
        self.ended: list[object] = []
        self.is_open = False
        self.turn_end = _Turn()
        self.wire = _Wire()
        self.connection = ServerConnection(self, self.turn_end)
        self.connection.connection_made(self.wire)

    # -- the connection's service

    def opened(self, connection):
        self.is_open = True
        return True

    def closed(self, connection):
        assert self.is_open
        self.is_open = False

    def dispatch(self, exchange):
        assert self.dispatched == self.ended, "one at a time"
        assert not self.is_over, "who cannot be answered is not asked for"
        self.dispatched.append(exchange)
        if exchange.request.path == "/early":
            exchange.respond(404, [], b"nothing here")
            return None
        self.handlers.append(_Handler(exchange, self))
        return self.handlers[-1]

    def finished(self, exchange):
        assert len(self.ended) < len(self.dispatched)
        assert exchange is self.dispatched[len(self.ended)], "each ends once, in order"
        self.ended.append(exchange)

    # -- the client

    def feed(
        self,
        data: bytes,
        where: list[int],
        dice: random.Random | None = None,
        disturb: Callable[[], None] | None = None,
    ) -> None:
        """Send ``data`` in reads that are cut at ``where``; answers that come later come anywhere between.

        ``disturb`` is called somewhere in the middle.
        """
        disturbed_at = where[len(where) // 2] if where else len(data)
        for start, end in zip([0, *where], [*where, len(data)], strict=True):
            if self.wire.is_closed:
                break
            self.connection.data_received(data[start:end])
            if end == disturbed_at and disturb is not None:
                disturb()
            self.turn_end._flush()
            if dice is None or dice.random() < 0.3:
                self.answer_later()
        while self.later and not self.wire.is_closed:
            self.answer_later()
        assert self.is_over or self.connection._fault is None, "a refusal is not kept back"

    def answer_later(self) -> None:
        later, self.later = self.later, []
        for handler in later:
            handler.answer()
            self.turn_end._flush()

    @property
    def is_over(self) -> bool:
        """Whether the server takes nothing more."""
        return self.wire.is_closed or self.wire.has_sent_eof

    def goes_on(self) -> bool:
        """Between two requests the next is served, else there is no answer that is owed."""
        if self.is_over or not self.connection.is_idle:
            return True
        before = len(self.wire.sent)
        self.feed(b"GET /probe HTTP/1.1\r\nHost: h\r\n\r\n", [])
        return b"\r\n\r\necho GET /probe " in self.wire.sent[before:] or self.is_last

    @property
    def is_last(self) -> bool:
        """Whether the client itself has said that no further request comes."""
        return bool(self.dispatched) and not self.dispatched[-1].request.keep_alive

    def leave(self) -> None:
        """Close the client's end, and see that nothing is left."""
        self.turn_end._flush()
        self.wire.is_closed = True
        self.connection.connection_lost(None)
        assert not self.is_open
        assert self.dispatched == self.ended, "whatever has begun has ended"
        assert all(handler.is_whole or handler.has_left for handler in self.handlers)
        assert not self.wire.is_paused

    def check_forwarded(self, request: Request, body: bytes) -> None:
        """What a model server would get is one request with that body, and no two readings of it are possible."""
        head = request_head(
            request.method,
            request.target,
            lines_for_model(request, self.keys, is_metered=True) + framing_lines(request, len(body)),
        )
        first, *lines = head.split(b"\r\n")
        assert lines[-2:] == [b"", b""], head
        assert re.fullmatch(rb"[A-Z-]+ [!-~]+ HTTP/1\.1", first), first
        assert b"#" not in first
        names = []
        for line in lines[:-2]:
            name, value = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\r\n\x00]*)", line).groups()
            names.append((name.lower(), value))
        assert sum(name == b"host" for name, _ in names) <= 1
        assert not {b"transfer-encoding", b"upgrade", b"expect", b"trailer"} & {name for name, _ in names}
        lengths = [value for name, value in names if name == b"content-length"]
        assert lengths == ([b"%d" % len(body)] if body else lengths[:1])
        assert lengths in ([], [b"%d" % len(body)])

    # -- what came back

    def answers(self) -> list[tuple]:
        """Return every answer as status and body; the last may be cut, and a tunnel is one answer."""
        found = []
        rest = bytes(self.wire.sent)
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            status = int(head[9:12])
            if status == 100:
                continue
            body, rest = self._body(head, rest, len(found), status)
            found.append((status, body, b"\r\nConnection: close" in head))
        return found

    def _body(self, head: bytes, rest: bytes, index: int, status: int) -> tuple[bytes, bytes]:
        if status == 101:
            return rest, b""
        if index < len(self.dispatched) and self.dispatched[index].request.method == "HEAD":
            return b"", rest
        if length := re.search(rb"\r\nContent-Length: (\d+)", head):
            return rest[: int(length[1])], rest[int(length[1]) :]
        if b"\r\nTransfer-Encoding: chunked" not in head:
            return rest, b""
        body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
            if size == b"0":
                return body, rest
        return b"cut", b""
