"""The model server's side: an address, its idle connections, and one exchange at a time on each.

Theory of operation.  ``Upstream.send`` takes an idle connection or opens one and writes the whole request.  The
answer comes back through a ``Receiver``, one call per read: head, body bytes and end together where they arrived
together, so that they can leave together.  The body is passed on as plain bytes; its framing is the reader's.

llhttp needs help with responses: a parser lives for one exchange and knows its method (it would wait for a body
after HEAD), 1xx heads are reported as whole messages, and bytes after the end look like another response.
A request is written again on a fresh connection only if the idle one had been closed by the other side before any
answer *and* the method is idempotent: a generation must never run twice.
"""

import asyncio
import contextlib
import time
from typing import Protocol, cast
from urllib.parse import urlsplit

import httptools

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1.framing import has_no_body
from llamaswap_desktop.http1.messages import Headers, ResponseHead, first_value
from llamaswap_desktop.tasks import spawn

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Receiver(Protocol):
    """Takes the answer of one exchange."""

    def on_answer(self, head: ResponseHead | None, body: bytes, *, complete: bool) -> None:
        """Take what one read brought; ``head`` comes once, first; ``complete`` comes once, last."""

    def on_failure(self, error: UpstreamFailed) -> None:
        """Know that no more will come: the upstream could not be reached or broke off."""


class Call:
    """A request on its way: give it up with ``cancel``, slow it down with ``hold``."""

    __slots__ = ("_connecting", "_connection", "_held", "is_over", "message", "method", "receiver", "retries")

    def __init__(self, method: str, message: bytes, receiver: Receiver) -> None:
        self.method = method
        self.message = message
        self.receiver = receiver
        self.is_over = False
        self.retries = 1 if method in _IDEMPOTENT else 0
        self._connecting: asyncio.Task[object] | None = None
        self._connection: _Connection | None = None
        self._held = False

    def cancel(self) -> None:
        """Close the connection under the call at once; the receiver hears nothing more."""
        self.is_over = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.discard()

    def hold(self, hold: bool) -> None:
        """Stop or go on reading the answer."""
        self._held = hold
        if self._connection is not None:
            self._connection.hold(hold)

    def attempt(self, connecting: "asyncio.Task[object]") -> None:
        self._connecting = connecting

    def attach(self, connection: "_Connection") -> None:
        self._connecting = None
        self._connection = connection
        if self._held:
            connection.hold(True)

    def fail(self, error: UpstreamFailed) -> None:
        if not self.is_over:
            self.is_over = True
            self.receiver.on_failure(error)


class Upstream:
    """A model server's address with its idle connections.

    ``base_url`` may carry a path, which stands before every request's own.  ``localhost`` is dialled as 127.0.0.1,
    then ::1.  Building one opens nothing.
    """

    def __init__(self, base_url: str, *, connect_timeout_s: float = 30.0, idle_timeout_s: float = 90.0) -> None:
        parts = urlsplit(base_url)
        self.base_url = base_url
        self.prefix = parts.path.rstrip("/")
        self.netloc = parts.netloc
        self.idle_timeout_s = idle_timeout_s
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._connect_timeout_s = connect_timeout_s
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<Upstream {self.base_url}, {len(self._open)} connections, {len(self._idle)} idle>"

    def send(self, method: str, message: bytes, receiver: Receiver) -> Call:
        """Write ``message`` (head and body of one request) and have ``receiver`` take the answer."""
        call = Call(method, message, receiver)
        self._dispatch(call)
        return call

    def close(self) -> None:
        """Close the idle connections, and the busy ones as soon as they are idle."""
        self._is_closed = True
        for connection in list(self._idle):
            connection.discard()

    def _dispatch(self, call: Call) -> None:
        now = time.monotonic()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable(now):
                connection.start(call)
                return
            connection.discard()
        call.attempt(spawn(f"connect {self.netloc}", self._connect(call)))

    async def _connect(self, call: Call) -> None:
        try:
            connection = await self._open_connection()
        except (OSError, TimeoutError) as error:
            call.fail(UpstreamFailed(f"cannot connect to {self.base_url}: {_reason(error)}"))
            return
        if call.is_over:
            connection.discard()
        else:
            connection.start(call)

    async def _open_connection(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        hosts = ("127.0.0.1", "::1") if self._host == "localhost" else (self._host,)
        async with asyncio.timeout(self._connect_timeout_s):
            for host in hosts:
                with contextlib.suppress(ConnectionRefusedError):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(self), host, self._port, ssl=self._tls or None
                    )
                    return connection
        raise ConnectionRefusedError("connection refused")

    # -- told by the connections

    def opened(self, connection: "_Connection") -> None:
        self._open.add(connection)

    def closed(self, connection: "_Connection") -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def returned(self, connection: "_Connection") -> None:
        if self._is_closed:
            connection.discard()
        else:
            self._idle.append(connection)

    def broke_before_answer(self, call: Call, error: UpstreamFailed, *, was_reused: bool) -> None:
        if was_reused and call.retries and not call.is_over:
            call.retries -= 1
            self._dispatch(call)
        else:
            call.fail(error)


class _Connection(asyncio.Protocol):
    """One connection to the model server, busy with at most one call."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._transport: asyncio.Transport | None = None
        self._call: Call | None = None
        self._exchanges = 0
        self._usable_until = 0.0
        self._is_held = False
        self._begin()

    def _begin(self) -> None:
        self._parser: httptools.HttpResponseParser | None = None
        self._reason = b""
        self._headers: Headers = []
        self._head: ResponseHead | None = None
        self._head_is_new = False
        self._pieces: list[bytes] = []
        self._is_interim = False
        self._is_complete = False
        self._has_surplus = False
        self._got_bytes = False

    def start(self, call: Call) -> None:
        """Write the call's request."""
        assert self._transport is not None
        self._begin()
        self._exchanges += 1
        self._call = call
        self._parser = httptools.HttpResponseParser(self)
        call.attach(self)
        self._transport.write(call.message)

    def is_usable(self, now: float) -> bool:
        """Whether the other side still waits for a request here, as far as can be known."""
        return now < self._usable_until and self._transport is not None and not self._transport.is_closing()

    def discard(self) -> None:
        """Close at once; the call under way, if any, is told nothing."""
        self._call = None
        if self._transport is not None:
            self._transport.abort()

    def hold(self, hold: bool) -> None:
        if self._transport is not None and hold != self._is_held and not self._transport.is_closing():
            self._is_held = hold
            if hold:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._upstream.opened(self)

    def data_received(self, data: bytes) -> None:
        call = self._call
        if call is None or self._parser is None:
            self.discard()  # nobody asked: whatever this is, it is no answer
            return
        self._got_bytes = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break(UpstreamFailed("the upstream switched protocols without being asked"))
            return
        except httptools.HttpParserError as error:
            if not self._is_complete:
                self._break(UpstreamFailed(f"the upstream's answer is not valid HTTP: {error}"))
                return
            self._has_surplus = True
        self._deliver(call)

    def _deliver(self, call: Call) -> None:
        head = self._head if self._head_is_new else None
        self._head_is_new = False
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if self._is_complete:
            self._release(call)
        if head is not None or body or self._is_complete:
            call.receiver.on_answer(head, body, complete=self._is_complete)

    def _release(self, call: Call) -> None:
        """Give the connection back before the receiver hears of the end: it may ask for the next at once."""
        call.is_over = True
        self._call = None
        assert self._head is not None
        if not self._head.keep_alive or self._has_surplus or self._transport is None:
            self.discard()
            return
        self.hold(False)
        self._usable_until = time.monotonic() + self._idle_limit_s(self._head)
        self._upstream.returned(self)

    def _idle_limit_s(self, head: ResponseHead) -> float:
        """Stay a second below what the server announces (``Keep-Alive: timeout=5``): it closes at its own time."""
        for part in head.header(b"keep-alive").split(b","):
            name, _, value = part.strip().partition(b"=")
            if name.lower() == b"timeout" and value.isdigit():
                return min(self._upstream.idle_timeout_s, int(value) - 1.0)
        return self._upstream.idle_timeout_s

    def eof_received(self) -> None:
        call = self._call
        head = self._head
        if call is not None and head is not None and head.length is None and not _is_chunked(head):
            self._is_complete = True  # close-delimited: this is its regular end
            self._deliver(call)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._upstream.closed(self)
        if self._call is not None:
            when = "in the middle of its answer" if self._head is not None else "before answering"
            self._break(UpstreamFailed(f"the connection ended {when}: {_reason(exc)}"))

    def _break(self, error: UpstreamFailed) -> None:
        call, self._call = self._call, None
        if self._transport is not None:
            self._transport.abort()
        if call is None:
            return
        if self._got_bytes:
            call.fail(error)
        else:
            self._upstream.broke_before_answer(call, error, was_reused=self._exchanges > 1)

    # -- what the parser reports

    def on_message_begin(self) -> None:
        if self._is_complete:
            self._has_surplus = True

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_complete:
            return
        assert self._parser is not None
        assert self._call is not None
        status = self._parser.get_status_code()
        if status < 200:
            self._is_interim = True
            self._headers = []
            self._reason = b""
            return
        length = first_value(self._headers, b"content-length")
        self._head = ResponseHead(
            status=status,
            reason=self._reason,
            headers=self._headers,
            length=int(length) if length else None,
            keep_alive=self._parser.should_keep_alive(),
        )
        self._head_is_new = True
        if has_no_body(self._call.method, status):
            self._is_complete = True

    def on_body(self, body: bytes) -> None:
        if not self._is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._is_interim:
            self._is_interim = False
        else:
            self._is_complete = True


def _is_chunked(head: ResponseHead) -> bool:
    return b"chunked" in head.header(b"transfer-encoding").lower()


def _reason(error: BaseException | None) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return (
        (getattr(error, "strerror", None) or str(error) or "closed by the upstream")
        if error
        else "closed by the upstream"
    )
