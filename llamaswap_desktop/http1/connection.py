"""The client's side: one connection, parsed strictly, one exchange at a time, its transport kept for life.

Theory of operation.  llhttp parses whatever arrives, so several pipelined requests may be parsed while the first
is still being answered.  They wait in ``_exchanges``, oldest first: the first is *active* (it has a handler), the
last may still be *receiving* its body.  Reading goes on while an answer is in the making, otherwise a client that
leaves would not be noticed, but stops once ``_MAX_AHEAD_BYTES`` of later requests have piled up.

A request that is answered before its body has arrived whole keeps its place as a *sink* until the body has passed,
up to a bound; beyond it the connection is closed, which is what the client's kernel needs to stop sending.
"""

import asyncio
import socket
import struct
from collections import deque
from typing import Protocol, cast

import httptools

from llamaswap_desktop.errors import HeadTooLarge, Malformed
from llamaswap_desktop.http1 import framing
from llamaswap_desktop.http1.exchange import Exchange, Handler
from llamaswap_desktop.http1.faults import error_answer
from llamaswap_desktop.http1.messages import Headers

_MAX_AHEAD_BYTES = 64 * 1024
_MAX_SINK_BYTES = 256 * 1024
_RESET = struct.pack("ii", 1, 0)


class Service(Protocol):
    """Whom a connection serves."""

    def opened(self, connection: "ServerConnection") -> None:
        """Take note of a connection."""

    def closed(self, connection: "ServerConnection") -> None:
        """Forget a connection."""

    def dispatch(self, exchange: Exchange) -> Handler | None:
        """Choose who answers; None means that the answer has been given already."""

    def finished(self, exchange: Exchange) -> None:
        """Take note that an exchange is over, by an answer or because the client left."""


class _Slot:
    """An exchange in its place on the connection, with what arrived before it became active."""

    __slots__ = ("early", "exchange", "handler", "is_whole", "sunk_bytes")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.handler: Handler | None = None
        self.early: list[bytes] = []
        self.is_whole = False
        self.sunk_bytes = 0


class ServerConnection(asyncio.Protocol):
    """Serves one client connection; hands each request in turn to ``service.dispatch``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._transport: asyncio.Transport | None = None
        self._client = ""
        self._parser = httptools.HttpRequestParser(self)
        self._slots: deque[_Slot] = deque()
        self._fault: Malformed | None = None
        self._closing = False
        self._held = False
        self._ahead_bytes = 0
        self._is_paused = False
        self._starting = False
        self._target = b""
        self._headers: Headers = []
        self._head_bytes = 0
        self._in_head = False
        self._is_replay = False

    def __repr__(self) -> str:
        return f"<ServerConnection {self._client}, {len(self._slots)} requests>"

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or answered."""
        return not self._slots and not self._in_head

    def close_when_idle(self) -> None:
        """Close now if nothing is going on, else after the answer under way."""
        self._closing = True
        if self.is_idle and self._transport is not None:
            self._transport.close()
        elif self._slots and not self._slots[0].exchange.is_begun:
            self._slots[0].exchange.close_after()

    def drop(self) -> None:
        """End the connection at once, whatever is going on."""
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if peer else ""
        self._service.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        slots, self._slots = self._slots, deque()
        for slot in slots:
            if slot.exchange.is_over:
                continue
            slot.exchange.is_over = True
            if slot.handler is not None:
                slot.handler.on_client_left()
                self._service.finished(slot.exchange)
        self._service.closed(self)

    def pause_writing(self) -> None:
        if self._slots and (handler := self._slots[0].handler):
            handler.on_writable(False)

    def resume_writing(self) -> None:
        if self._slots and (handler := self._slots[0].handler):
            handler.on_writable(True)

    def data_received(self, data: bytes) -> None:
        if self._fault is not None or (self._closing and self.is_idle):
            return
        if len(self._slots) > 1 or (self._slots and self._slots[0].is_whole):
            self._ahead_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parse_again_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(self._fault or Malformed(f"not a valid HTTP request: {error}"))
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > 2 * framing.MAX_HEAD_BYTES:
                self._refuse(_head_too_large())
                return
        self._start_next()
        self._pace_reading()

    # -- what the parser reports

    def on_message_begin(self) -> None:
        if not self._is_replay:
            self._target = b""
            self._headers = []
            self._head_bytes = 0
            self._in_head = True

    def on_url(self, url: bytes) -> None:
        if not self._is_replay:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_replay:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_replay:
            self._is_replay = False
            return
        self._in_head = False
        parser = self._parser
        try:
            if len(self._target) + sum(len(n) + len(v) + 4 for n, v in self._headers) > framing.MAX_HEAD_BYTES:
                raise _head_too_large()
            request = framing.parse_request(
                method=parser.get_method().decode("ascii"),
                target=self._target,
                version=parser.get_http_version(),
                headers=self._headers,
                keep_alive=parser.should_keep_alive(),
                client=self._client,
            )
        except Malformed as fault:
            self._fault = fault
            raise
        self._slots.append(_Slot(Exchange(request, self)))

    def on_body(self, body: bytes) -> None:
        slot = self._slots[-1]
        if slot.exchange.is_over:
            slot.sunk_bytes += len(body)
        elif slot.handler is not None:
            slot.handler.on_body(body)
        else:
            slot.early.append(body)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return  # llhttp ends the message here, without its body: it is parsed again below
        slot = self._slots[-1]
        slot.is_whole = True
        if slot.handler is not None and not slot.exchange.is_over:
            slot.handler.on_body_complete()

    def _parse_again_without_upgrade(self, rest: bytes) -> None:
        """Serve an ``Upgrade`` request as plain HTTP/1.1 and keep its body (HTTP specification, section 1.2)."""
        request = self._slots[-1].exchange.request
        self._parser = httptools.HttpRequestParser(self)
        self._is_replay = True
        coding = b"Transfer-Encoding: chunked" if request.length is None else b"Content-Length: %d" % request.length
        connection = b"keep-alive" if request.keep_alive else b"close"
        self._parser.feed_data(
            b"POST / HTTP/1.1\r\nHost: h\r\n" + coding + b"\r\nConnection: " + connection + b"\r\n\r\n"
        )
        self.data_received(rest)

    # -- exchanges in turn

    def _start_next(self) -> None:
        """Make the oldest exchange active, and its successors as far as each is answered on the spot."""
        if self._starting:
            return  # an answer given within dispatch: the loop below goes on
        self._starting = True
        try:
            while self._slots and self._advance(self._slots[0]):
                pass
        finally:
            self._starting = False
        if not self._slots and self._fault is not None:
            self._answer_fault()

    def _advance(self, slot: _Slot) -> bool:
        """Move the oldest slot on; tell whether its successor is to be looked at."""
        exchange = slot.exchange
        if slot.handler is None and not exchange.is_over:
            if self._closing:
                exchange.close_after()
            self._activate(slot)
        if not exchange.is_over:
            return False
        if not slot.is_whole:
            if slot.sunk_bytes > _MAX_SINK_BYTES or exchange.request.header(b"expect"):
                self._close()
            return False
        self._slots.popleft()
        return True

    def _activate(self, slot: _Slot) -> None:
        exchange = slot.exchange
        slot.handler = self._service.dispatch(exchange)
        if slot.handler is None:
            return
        if not slot.is_whole and exchange.request.header(b"expect").lower() == b"100-continue":
            self.write([framing.CONTINUE])
        early, slot.early = slot.early, []
        for data in early:
            slot.handler.on_body(data)
        if slot.is_whole and not exchange.is_over:
            slot.handler.on_body_complete()

    def exchange_finished(self, exchange: Exchange, *, reusable: bool) -> None:
        self._service.finished(exchange)
        self.hold_reading(False)
        if not reusable or self._closing:
            self._close()
            return
        self._start_next()
        self._pace_reading()

    # -- the wire

    def write(self, pieces: list[bytes]) -> None:
        if self._transport is not None:
            if len(pieces) == 1:
                self._transport.write(pieces[0])
            else:
                self._transport.writelines(pieces)

    def abort(self) -> None:
        """End the connection visibly: an HTTP/1.0 client takes an orderly close for the end of the body."""
        if self._transport is None:
            return
        slot = self._slots[0]
        self._service.finished(slot.exchange)
        if slot.exchange.request.version == "1.0":
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._close()

    def _close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    def hold_reading(self, hold: bool) -> None:
        self._held = hold
        self._pace_reading()

    def _pace_reading(self) -> None:
        if len(self._slots) <= 1:
            self._ahead_bytes = 0
        pause = self._held or self._ahead_bytes > _MAX_AHEAD_BYTES
        if pause != self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._is_paused = pause
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _refuse(self, fault: Malformed) -> None:
        """Answer no further requests; the refusal follows the answers that are still owed."""
        self._fault = fault
        if self._slots and not self._slots[-1].is_whole:
            # The body of the last request broke off: its handler must not take it for complete.
            slot = self._slots.pop()
            if slot.handler is not None and not slot.exchange.is_over:
                slot.handler.on_client_left()
                slot.exchange.is_over = True
                if slot.exchange.is_begun:
                    self._close()
                    return
        self._start_next()

    def _answer_fault(self) -> None:
        assert self._fault is not None
        headers, body = error_answer(self._fault, accept="")
        headers += [(b"Content-Length", b"%d" % len(body)), (b"Connection", b"close")]
        self.write([framing.response_head(self._fault.status, headers), body])
        self._close()


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(f"the request's head is larger than {framing.MAX_HEAD_BYTES} bytes")
