"""The client's side: one connection, parsed strictly, one exchange at a time, its transport kept for life.

Theory of operation.  The reader parses whatever arrives, so several pipelined requests may be parsed while the first
is still being answered.  They wait in ``_slots``, oldest first: the first is *active* (it has a handler), the last
may still be *receiving* its body.  Reading goes on while an answer is in the making, otherwise a client that leaves
would not be noticed, but stops once ``_MAX_AHEAD_BYTES`` of later requests have piled up.

A request that is answered before its body has arrived whole keeps its place as a *sink* until the body has passed,
up to a bound; beyond it the connection is closed.  Closing after a refusal takes its time: a kernel that still gets
bytes for a closed socket resets the connection, and the client would never read why.  So the sending side is closed
first, and the rest when the client has closed too or a moment has passed.

After an answer of 101 the connection is a *tunnel*: its one exchange gets the client's bytes as they are.
"""

import asyncio
import socket
import struct
from collections import deque
from typing import Protocol, cast

from llamaswap_desktop.errors import HeadTooSlow, LlamaSwapError, Malformed, TooManyConnections
from llamaswap_desktop.http1 import framing
from llamaswap_desktop.http1.exchange import Exchange, Handler
from llamaswap_desktop.http1.faults import error_answer
from llamaswap_desktop.http1.limits import Limits
from llamaswap_desktop.http1.messages import Request
from llamaswap_desktop.http1.outgoing import Outgoing, TurnEnd
from llamaswap_desktop.http1.reader import RequestReader

_MAX_AHEAD_BYTES = 64 * 1024
_MAX_SINK_BYTES = 256 * 1024
_LINGER_S = 2.0
_RESET = struct.pack("ii", 1, 0)


class Service(Protocol):
    """Whom a connection serves."""

    @property
    def limits(self) -> Limits:
        """What clients may do, as of now."""

    def opened(self, connection: "ServerConnection") -> bool:
        """Take note of a connection; False if there are too many already."""

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
    """Serves one client connection; hands each request in turn to ``service.dispatch``.

    Connections that share a ``turn_end`` put their answers on the wire together.
    """

    def __init__(self, service: Service, turn_end: TurnEnd | None = None) -> None:
        self._service = service
        self._turn_end = turn_end or TurnEnd()
        self._limits = service.limits
        self._transport: asyncio.Transport | None = None
        self._outgoing: Outgoing
        self._client = ""
        self._reader: RequestReader
        self._slots: deque[_Slot] = deque()
        self._fault: LlamaSwapError | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._is_lingering = False
        self._is_tunnel = False
        self._is_held = False
        self._is_full = False
        self._ahead_bytes = 0
        self._unsent_bytes = 0
        self._is_paused = False
        self._is_starting = False

    def __repr__(self) -> str:
        return f"<ServerConnection {self._client}, {len(self._slots)} requests>"

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or answered."""
        return not self._slots and not self._reader.is_in_head

    def close_when_idle(self) -> None:
        """Close now if nothing is going on, else after the answer under way."""
        self._is_closing = True
        if self.is_idle and self._transport is not None:
            self._outgoing.close()
        elif self._slots and not self._slots[0].exchange.is_begun:
            self._slots[0].exchange.close_after()

    def is_stalled(self) -> bool:
        """Tell whether the client has read nothing since this was asked last, with something there to read."""
        unsent = self._transport.get_write_buffer_size() if self._transport is not None else 0
        before, self._unsent_bytes = self._unsent_bytes, unsent
        return unsent > 0 and unsent == before

    def drop(self) -> None:
        """End the connection at once, whatever is going on."""
        if self._transport is not None:
            self._outgoing.flush()
            self._outgoing.abort()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._outgoing = Outgoing(self._transport, self._turn_end)
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if peer else ""
        self._reader = RequestReader(self, self._limits, self._client)
        if not self._service.opened(self):
            limit = self._limits.connections
            self._refuse(TooManyConnections(f"{limit} connections are open already (desktop.limits.connections)"))

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._reader.close()
        self._stop_head_timer()
        slots, self._slots = self._slots, deque()
        for slot in slots:
            self._client_left(slot)
        self._service.closed(self)

    def _client_left(self, slot: _Slot) -> None:
        if slot.exchange.is_over:
            return
        slot.exchange.is_over = True
        if slot.handler is not None:
            slot.handler.on_client_left()
            self._service.finished(slot.exchange)

    def pause_writing(self) -> None:
        self._is_full = True
        if self._slots and (handler := self._slots[0].handler):
            handler.on_writable(False)

    def resume_writing(self) -> None:
        self._is_full = False
        if self._slots and (handler := self._slots[0].handler):
            handler.on_writable(True)

    def data_received(self, data: bytes | bytearray) -> None:
        if isinstance(data, bytearray):  # by asyncio's proactor loop
            data = bytes(data)
        if self._fault is not None or self._has_ended or (self._is_closing and not self._slots):
            return
        if self._is_tunnel:
            self._pass_through(data)
            return
        if len(self._slots) > 1 or (self._slots and self._slots[0].is_whole):
            self._ahead_bytes += len(data)
        try:
            self._reader.feed(data)
        except Malformed as fault:
            self._refuse(fault)
            return
        self._start_next()
        if self._limits.head_time_s:
            self._watch_head()
        self._pace_reading()

    # -- what the reader finds

    def on_request(self, request: Request) -> None:
        self._slots.append(_Slot(Exchange(request, self)))

    def on_request_body(self, data: bytes) -> None:
        slot = self._slots[-1]
        if slot.exchange.is_over:
            slot.sunk_bytes += len(data)
        elif slot.handler is not None:
            slot.handler.on_body(data)
        else:
            slot.early.append(data)

    def on_request_complete(self) -> None:
        slot = self._slots[-1]
        slot.is_whole = True
        if slot.handler is not None and not slot.exchange.is_over:
            slot.handler.on_body_complete()

    # -- exchanges in turn

    def _start_next(self) -> None:
        """Make the oldest exchange active, and its successors as far as each is answered on the spot."""
        if self._is_starting:
            return  # an answer given within dispatch: the loop below goes on
        self._is_starting = True
        try:
            while self._slots and not self._has_ended and self._advance(self._slots[0]):
                pass
        finally:
            self._is_starting = False
        if not self._slots and self._fault is not None and not self._has_ended:
            self._answer_fault(self._fault)

    @property
    def _has_ended(self) -> bool:
        """Whether nothing can be sent any more: what has not been begun shall not be."""
        return self._is_lingering or self._transport is None or self._transport.is_closing()

    def _advance(self, slot: _Slot) -> bool:
        """Move the oldest slot on; tell whether its successor is to be looked at."""
        exchange = slot.exchange
        if slot.handler is None and not exchange.is_over:
            if self._is_closing:
                exchange.close_after()
            self._activate(slot)
        if not exchange.is_over:
            return False
        if not slot.is_whole:
            if slot.sunk_bytes > _MAX_SINK_BYTES or exchange.request.header(b"expect"):
                self._close_gently()
            return False
        self._slots.popleft()
        return True

    def _activate(self, slot: _Slot) -> None:
        exchange = slot.exchange
        is_asking = not slot.is_whole and exchange.request.header(b"expect").lower() == b"100-continue"
        if is_asking:
            exchange.close_after()  # if it is answered now: nobody can know whether its body will follow
        slot.handler = self._service.dispatch(exchange)
        if slot.handler is None or exchange.is_over:
            return
        if is_asking and not exchange.is_begun:
            self.write([framing.CONTINUE])
            exchange.close_after(closes=self._is_closing)
        if self._is_full:  # by the answer before this one
            slot.handler.on_writable(False)
        early, slot.early = slot.early, []
        for data in early:
            slot.handler.on_body(data)
        if slot.is_whole and not exchange.is_over:
            slot.handler.on_body_complete()

    def exchange_finished(self, exchange: Exchange, *, reusable: bool) -> None:
        self._service.finished(exchange)
        self._is_held = False
        if not reusable or self._is_closing:
            self._close_gently()
            return
        try:
            if exchange.request.upgrade:
                self._reader.go_on()
        except Malformed as fault:
            self._refuse(fault)
        else:
            self._start_next()
            self._pace_reading()

    # -- the tunnel

    def become_tunnel(self) -> None:
        self._is_tunnel = True
        self._pass_through(self._reader.take_held())

    def _pass_through(self, data: bytes) -> None:
        slot = self._slots[0]
        if data and slot.handler is not None and not slot.exchange.is_over:
            slot.handler.on_body(data)

    # -- the wire

    def write(self, pieces: list[bytes]) -> None:
        if self._transport is not None:
            self._outgoing.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def abort(self) -> None:
        """End the connection visibly: an HTTP/1.0 client takes an orderly close for the end of the body."""
        if self._transport is None:
            return
        exchange = self._slots[0].exchange
        self._service.finished(exchange)
        self._is_closing = True
        if exchange.request.version == "1.0":
            if self._transport.get_extra_info("sslcontext") is not None:
                self._outgoing.flush()
                self._outgoing.abort()  # no close_notify: with TLS that is what tells
                return
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._outgoing.close()

    def _close_gently(self) -> None:
        """End the connection so that the client gets what was written, even if it is still sending."""
        self._is_closing = True
        transport = self._transport
        if transport is None or transport.is_closing() or self._is_lingering:
            return
        is_quiet = not self._slots or self._slots[-1].is_whole
        if (is_quiet and self._fault is None) or not transport.can_write_eof():
            self._outgoing.close()
            return
        self._is_lingering = True
        self.hold_reading(False)
        self._outgoing.end()
        asyncio.get_running_loop().call_later(_LINGER_S, transport.close)

    def hold_reading(self, hold: bool) -> None:
        self._is_held = hold
        self._pace_reading()

    def _pace_reading(self) -> None:
        if len(self._slots) <= 1:
            self._ahead_bytes = self._reader.held_bytes
        pause = self._is_held or self._ahead_bytes > _MAX_AHEAD_BYTES
        if pause != self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._is_paused = pause
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # -- refusals

    def _watch_head(self) -> None:
        """Give a head that has begun to arrive its time."""
        if not self._reader.is_in_head:
            self._stop_head_timer()
        elif self._head_timer is None:
            limit_s = self._limits.head_time_s
            fault = HeadTooSlow(f"the request's head took longer than {limit_s:g} s (desktop.limits.headTime)")
            self._head_timer = asyncio.get_running_loop().call_later(limit_s, self._refuse, fault)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, fault: LlamaSwapError) -> None:
        """Answer no further requests; the refusal follows the answers that are still owed."""
        self._fault = fault
        self._stop_head_timer()
        if not self._slots or self._slots[-1].is_whole:
            self._start_next()
        elif self._slots[-1].exchange.is_over:
            self._close_gently()  # the rest of a body behind an answer that has been given
        else:
            self._break_off(self._slots[-1], fault)

    def _break_off(self, slot: _Slot, fault: LlamaSwapError) -> None:
        """End a request whose body turned out bad: its handler must not take it for complete."""
        exchange = slot.exchange
        if slot.handler is None:
            self._slots.pop()  # not begun yet: the refusal is its answer
            self._start_next()
            return
        slot.handler.on_client_left()
        if exchange.is_begun:
            exchange.abort()
        else:
            exchange.close_after()
            exchange.fail(fault)

    def _answer_fault(self, fault: LlamaSwapError) -> None:
        headers, body = error_answer(fault, accept="")
        headers += [(b"Content-Length", b"%d" % len(body)), (b"Connection", b"close")]
        self.write([framing.response_head(fault.status, framing.header_lines(headers)), body])
        self._close_gently()
