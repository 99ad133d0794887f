"""One connection to a model server, and the parsing of its answers.

llhttp needs help with responses: a parser lives for one exchange and knows its method (it would wait for a body
after HEAD), 1xx heads are reported as whole messages, trailers like headers, and bytes after the end look like
another response.
"""

import asyncio
import socket
import time
from typing import TYPE_CHECKING, cast

import httptools

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1.framing import has_no_body
from llamaswap_desktop.http1.known_head import KnownHead
from llamaswap_desktop.http1.messages import Headers, ResponseHead
from llamaswap_desktop.http1.outgoing import Outgoing

if TYPE_CHECKING:
    from llamaswap_desktop.http1.call import Call
    from llamaswap_desktop.http1.upstream import Upstream

_MAX_HEAD_BYTES = 1024 * 1024


class UpstreamConnection(asyncio.Protocol):
    """One connection to the model server, busy with at most one call."""

    def __init__(self, upstream: "Upstream") -> None:
        self._upstream = upstream
        self._transport: asyncio.Transport | None = None
        self._outgoing: Outgoing
        self._call: Call | None = None
        self._exchanges = 0
        self._usable_until = 0.0
        self._is_held = False
        self._is_full = False
        self._timer: asyncio.TimerHandle | None = None
        self._known_head = KnownHead()
        self._known: ResponseHead | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser: httptools.HttpResponseParser | None = None
        self._reason = b""
        self._headers: Headers = []
        self._trailers: Headers = []
        self._head: ResponseHead | None = None
        self._head_is_new = False
        self._head_bytes = 0
        self._pieces: list[bytes] = []
        self._interim_status = 0
        self._is_complete = False
        self._has_surplus = False
        self._has_answered = False
        self._is_tunnel = False

    def start(self, call: "Call") -> None:
        """Write the call's request."""
        assert self._transport is not None
        self._begin()
        self._exchanges += 1
        self._call = call
        call.attach(self)
        self._outgoing.write(call.message)
        if call.body is not None:
            self.pump()
        elif self._upstream.timeouts.response_header_s:
            self._await_head()

    def pump(self) -> None:
        """Write what the body has got, until it has no more or the upstream is slow to take it."""
        call = self._call
        if call is None or call.body is None or self._transport is None:
            return
        while not self._is_full and self._transport is not None and (piece := call.body.read()):
            self._outgoing.write_now(piece)
        if call.body.is_exhausted and self._timer is None and self._upstream.timeouts.response_header_s:
            self._await_head()

    def _await_head(self) -> None:
        if self._head is None:
            limit_s = self._upstream.timeouts.response_header_s
            error = UpstreamFailed(f"no answer from {self._upstream.base_url} within {limit_s:g} s (responseHeader)")
            self._timer = asyncio.get_running_loop().call_later(limit_s, self._break, error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def is_usable(self, now: float) -> bool:
        """Whether the other side still waits for a request here, as far as can be known."""
        return now < self._usable_until and self._transport is not None and not self._transport.is_closing()

    def discard(self) -> None:
        """Close at once; the call under way, if any, is told nothing."""
        self._call = None
        self._stop_timer()
        if self._transport is not None:
            self._outgoing.abort()

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
        self._outgoing = Outgoing(self._transport, self._upstream.turn_end)
        if interval_s := self._upstream.timeouts.keepalive_s:
            _keep_alive(transport.get_extra_info("socket"), interval_s)
        self._upstream.opened(self)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self.pump()

    def data_received(self, data: bytes | bytearray) -> None:
        if isinstance(data, bytearray):  # by asyncio's proactor loop
            data = bytes(data)
        call = self._call
        if call is None:
            self.discard()  # nobody asked: whatever this is, it is no answer
            return
        if self._is_tunnel:
            call.receiver.on_answer(None, data, complete=False)
            return
        is_first = not self._has_answered
        if is_first:
            self._has_answered = True
            if self._known is not None and call.method != "HEAD" and (body := self._known_head.body_of(data)):
                self._repeat(call, self._known.with_length(len(body)), body)
                return
            self._parser = httptools.HttpResponseParser(self)
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._on_upgrade(call, data[upgrade.args[0] :])
            return
        except httptools.HttpParserError as error:
            if isinstance(error, httptools.HttpParserCallbackError):
                raise  # a mistake of ours: the event loop logs it and ends the connection
            if not self._is_complete:
                self._break(UpstreamFailed(f"the upstream's answer is not valid HTTP: {error}"))
                return
            self._has_surplus = True
        if self._head is None:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self._break(UpstreamFailed(f"the head of the upstream's answer is larger than {_MAX_HEAD_BYTES} bytes"))
                return
        if is_first and self._is_complete:
            self._learn(data)
        self._deliver(call)

    def _learn(self, data: bytes) -> None:
        """Remember the whole answer that ``data`` was, if the next of its kind may be told by its head."""
        head = self._head
        is_plain = head is not None and head.keep_alive and not _is_chunked(head) and not self._has_surplus
        self._known = head if is_plain and len(data) <= _MAX_HEAD_BYTES and self._known_head.learn(data) else None

    def _repeat(self, call: "Call", head: ResponseHead, body: bytes) -> None:
        self._stop_timer()
        self._head = head
        self._is_complete = True
        self._release(call)
        call.receiver.on_answer(head, body, complete=True)

    def _on_upgrade(self, call: "Call", rest: bytes) -> None:
        if not call.is_upgrade or self._head is None or self._head.status != 101:
            self._break(UpstreamFailed("the upstream switched protocols without being asked"))
            return
        self._is_tunnel = True
        call.receiver.on_answer(self._head, rest, complete=False)

    def _deliver(self, call: "Call") -> None:
        head = self._head if self._head_is_new else None
        self._head_is_new = False
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if self._is_complete:
            self._release(call)
        if head is not None or body or self._is_complete:
            call.receiver.on_answer(head, body, complete=self._is_complete)

    def _release(self, call: "Call") -> None:
        """Give the connection back before the receiver hears of the end: it may ask for the next at once."""
        call.trailers = self._trailers
        call.detach()
        self._call = None
        assert self._head is not None
        is_unsent = call.body is not None and not call.body.is_exhausted
        if not self._head.keep_alive or self._has_surplus or is_unsent or self._is_full or self._transport is None:
            self.discard()
            return
        self.hold(False)
        self._usable_until = time.monotonic() + self._idle_limit_s(self._head)
        self._upstream.returned(self)

    def _idle_limit_s(self, head: ResponseHead) -> float:
        """Stay a second below what the server announces (``Keep-Alive: timeout=5``): it closes at its own time."""
        own_s = self._upstream.timeouts.idle_conn_s or float("inf")
        announced = head.header(b"keep-alive")
        if not announced:
            return own_s
        for part in announced.split(b","):
            name, _, value = part.strip().partition(b"=")
            if name.lower() == b"timeout" and value.isdigit():
                return min(own_s, int(value) - 1.0)
        return own_s

    def eof_received(self) -> None:
        call = self._call
        head = self._head
        if call is None:
            return
        if self._is_tunnel:
            call.detach()
            self._call = None
            call.receiver.on_answer(None, b"", complete=True)
        elif head is not None and head.length is None and not _is_chunked(head):
            self._is_complete = True  # close-delimited: this is its regular end
            self._deliver(call)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._parser = None  # it holds this connection, which shall not wait for the collector
        self._upstream.closed(self)
        if self._call is not None:
            when = "in the middle of its answer" if self._head is not None else "before answering"
            self._break(UpstreamFailed(f"the connection ended {when}: {reason_of(exc)}"))

    def _break(self, error: UpstreamFailed) -> None:
        call, self._call = self._call, None
        self._stop_timer()
        if self._transport is not None:
            self._outgoing.abort()
        if call is None:
            return
        if self._has_answered:
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
        if self._head is None:
            self._headers.append((name, value))
        elif not self._is_complete:
            self._trailers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_complete:
            return
        assert self._parser is not None
        assert self._call is not None
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            self._interim_status = status
            return
        self._stop_timer()
        self._head = ResponseHead(
            status=status,
            reason=self._reason,
            headers=self._headers,
            keep_alive=self._parser.should_keep_alive(),
        )
        self._head_is_new = True
        if status != 101 and has_no_body(self._call.method, status):
            self._is_complete = True

    def on_body(self, body: bytes) -> None:
        if not self._is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if not self._interim_status:
            self._is_complete = True
            return
        status, self._interim_status = self._interim_status, 0
        headers, self._headers = self._headers, []
        self._reason = b""
        self._head_bytes = 0
        assert self._call is not None
        if status != 100:  # our own answer to the client's Expect was given long ago
            self._call.receiver.on_interim(status, headers)


def _is_chunked(head: ResponseHead) -> bool:
    return b"chunked" in head.header(b"transfer-encoding").lower()


def _keep_alive(sock: socket.socket, interval_s: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), interval_s)


def reason_of(error: BaseException | None) -> str:
    """Say in words why a connection could not be made or ended."""
    if error is None:
        return "closed by the upstream"
    if isinstance(error, TimeoutError):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or "closed by the upstream"
