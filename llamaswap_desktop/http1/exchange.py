"""One request and its answer: what a handler is given, and what it writes to."""

import time
from typing import TYPE_CHECKING, Protocol

from llamaswap_desktop.http1 import framing
from llamaswap_desktop.http1.faults import error_answer

if TYPE_CHECKING:
    from llamaswap_desktop.errors import LlamaSwapError
    from llamaswap_desktop.http1.messages import Headers, Request


class Handler(Protocol):
    """Answers one request.  All calls come from the event loop; none may block."""

    def on_body(self, data: bytes) -> None:
        """Take a piece of the request's body, or of the other protocol once the connection is a tunnel."""

    def on_body_complete(self) -> None:
        """Know that the request has arrived whole."""

    def on_client_left(self) -> None:
        """Give back whatever is held: nobody waits for the answer any more.  Called at most once."""

    def on_writable(self, writable: bool) -> None:
        """Stop or go on producing: the client reads slower or again fast enough."""


class Wire(Protocol):
    """What an exchange needs of the connection it lives on."""

    def write(self, pieces: list[bytes]) -> None:
        """Put the pieces on the wire, in order, without waiting."""

    def exchange_finished(self, exchange: "Exchange", *, reusable: bool) -> None:
        """Take note that the answer is whole; ``reusable`` says whether the next may follow it."""

    def become_tunnel(self) -> None:
        """Hand over whatever the client sends from now on as it is."""

    def abort(self) -> None:
        """End the connection so that the client can tell that the answer is incomplete."""

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading the request's body."""


class Exchange:
    """One request and its answer, written in at most three steps: ``begin``, ``send`` …, ``finish``.

    What is written reaches the wire with ``flush`` or ``finish``, so that one read of an upstream becomes one
    write to the client.  Calls after the client has left or after ``finish`` do nothing.
    """

    __slots__ = (
        "_is_bodiless",
        "_is_chunked",
        "_keep_alive",
        "_pieces",
        "_wire",
        "body_bytes",
        "is_begun",
        "is_over",
        "request",
        "started_at",
        "status",
    )

    def __init__(self, request: "Request", wire: Wire) -> None:
        self.request = request
        self.status = 0
        self.body_bytes = 0
        self.is_begun = False
        self.is_over = False
        self.started_at = time.monotonic()
        self._wire = wire
        self._pieces: list[bytes] = []
        self._is_chunked = False
        self._is_bodiless = False
        self._keep_alive = request.keep_alive

    def __repr__(self) -> str:
        state = "over" if self.is_over else f"{self.body_bytes} bytes sent" if self.is_begun else "not begun"
        return f"<Exchange {self.request.method} {self.request.target} {self.status}, {state}>"

    def respond(self, status: int, headers: "Headers", body: bytes = b"") -> None:
        """Give the whole answer at once."""
        self.begin(status, headers, length=len(body))
        self.send(body)
        self.finish()

    def redirect(self, status: int, location: str) -> None:
        """Send the client to ``location``, with the query it came with."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.respond(status, [(b"Location", (location + query).encode("ascii"))])

    def fail(self, error: "LlamaSwapError") -> None:
        """Answer with the error body that the client accepts."""
        headers, body = error_answer(error, self.request.accept)
        self.respond(error.status, headers, body)

    def interim(self, status: int, headers: "Headers") -> None:
        """Pass on a head that precedes the answer (1xx); HTTP/1.0 clients know none."""
        if not self.is_over and not self.is_begun and self.request.version == "1.1":
            self._wire.write([framing.response_head(status, framing.header_lines(headers))])

    def begin(
        self, status: int, headers: "Headers", *, length: int | None, reason: bytes = b"", lines: bytes | None = None
    ) -> None:
        """Write the head.  ``length`` None leaves the framing to us: chunks, or closing for HTTP/1.0.

        ``headers`` are end-to-end ones; framing headers among them are replaced.  ``lines`` are the same without
        framing, if they are written already.
        """
        if self.is_over:
            return
        self.is_begun = True
        self.status = status
        if lines is None:
            lines = framing.header_lines([header for header in headers if header[0].lower() != b"content-length"])
        self._is_bodiless = framing.has_no_body(self.request.method, status)
        if self._is_bodiless:
            if length is not None and status != 204:
                lines += b"Content-Length: %d\r\n" % length
        elif length is not None:
            lines += b"Content-Length: %d\r\n" % length
        elif self.request.version == "1.1":
            self._is_chunked = True
            lines += b"Transfer-Encoding: chunked\r\n"
        else:
            self._keep_alive = False
        if not self._keep_alive:
            lines += b"Connection: close\r\n"
        elif self.request.version == "1.0":
            lines += b"Connection: keep-alive\r\n"
        self._pieces.append(framing.response_head(status, lines, reason))

    @property
    def is_chunked(self) -> bool:
        """Whether the answer that has begun goes out in chunks, so that trailers may follow it."""
        return self._is_chunked

    def switch_protocols(self, headers: "Headers", reason: bytes = b"") -> None:
        """Answer with 101: from now on ``send`` and the handler's ``on_body`` carry bytes of the other protocol."""
        if self.is_over:
            return
        self.is_begun = True
        self.status = 101
        self._keep_alive = False
        lines = framing.header_lines([*headers, (b"Connection", b"Upgrade")])
        self._wire.write([framing.response_head(101, lines, reason)])
        self._wire.become_tunnel()

    def send(self, data: bytes) -> None:
        """Write a piece of the body."""
        if self.is_over or not data or self._is_bodiless:
            return
        self.body_bytes += len(data)
        self._pieces.append(framing.chunk(data) if self._is_chunked else data)

    def flush(self) -> None:
        """Put what has been written so far on the wire."""
        if self._pieces and not self.is_over:
            pieces, self._pieces = self._pieces, []
            self._wire.write(pieces)

    def finish(self, trailers: "Headers | None" = None) -> None:
        """End the answer; the connection goes on to the next request if both sides may.

        ``trailers`` follow a body that goes out in chunks, and are dropped behind any other.
        """
        if self.is_over:
            return
        if self._is_chunked:
            self._pieces.append(framing.last_chunk(trailers or []))
        self.flush()
        self.is_over = True
        self._wire.exchange_finished(self, reusable=self._keep_alive)

    def abort(self) -> None:
        """Break off so that the client can tell the answer is incomplete; what was written still goes out."""
        if not self.is_over:
            self.flush()
            self.is_over = True
            self._wire.abort()

    def close_after(self, *, closes: bool = True) -> None:
        """Say in the answer that the connection ends with it, or (False) that it need not.

        To be called before ``begin``.
        """
        self._keep_alive = self.request.keep_alive and not closes

    def hold_body(self, hold: bool) -> None:
        """Stop or go on reading the request's body."""
        self._wire.hold_reading(hold)

    def write_raw(self, data: bytes) -> None:
        """Pass on bytes that are framed already: the answer is written by somebody the exchange is lent to."""
        if not self.is_over:
            if not self.is_begun:
                self.status = int(data[9:12])  # for the access line of an answer that will be cut: "HTTP/1.1 200 ..."
            self.is_begun = True
            self._wire.write([data])

    def finish_raw(self, *, status: int, body_bytes: int, reusable: bool) -> None:
        """End an answer that was passed on by ``write_raw``."""
        if not self.is_over:
            self.status = status
            self.body_bytes = body_bytes
            self.is_over = True
            self._wire.exchange_finished(self, reusable=reusable)
