"""Lends a client's connection to somebody else's protocol for one request, and takes it back.

The borrower (aiohttp's request handler, built by ``web``) sees a transport on which exactly one request arrives.
What it writes goes to the client as it is.  When it says that its answer is finished, or closes its transport, the
loan is over: the borrower is told that its connection is lost, and the real one goes on with the next request.
"""

import asyncio
from collections.abc import Callable

from llamaswap_desktop.http1 import (
    BuildBorrower,
    Exchange,
    Headers,
    LoanEnd,
    Request,
    chunk,
    end_to_end,
    header_lines,
    last_chunk,
)


class Loan:
    """Answers one request by a borrowed protocol."""

    def __init__(self, exchange: Exchange, build_borrower: BuildBorrower) -> None:
        self._exchange = exchange
        self._is_chunked = exchange.request.length is None
        self._is_over = False
        self._borrower = build_borrower(self._finished)
        self._borrower.connection_made(_LentTransport(exchange, self._closed))
        self._borrower.data_received(_head(exchange.request))

    def on_body(self, data: bytes) -> None:
        if not self._is_over:
            self._borrower.data_received(chunk(data) if self._is_chunked else data)

    def on_body_complete(self) -> None:
        if self._is_chunked and not self._is_over:
            self._borrower.data_received(last_chunk([]))

    def on_client_left(self) -> None:
        self._end(ConnectionResetError("the client left"))

    def on_writable(self, writable: bool) -> None:
        if not self._is_over:
            (self._borrower.resume_writing if writable else self._borrower.pause_writing)()

    def _finished(self, end: LoanEnd) -> None:
        if not self._is_over:
            self._end(None)
            self._exchange.finish_raw(status=end.status, body_bytes=end.body_bytes, reusable=end.reusable)

    def _closed(self) -> None:
        """Cut the client's connection: the borrower closed its transport before its answer was finished."""
        if not self._is_over:
            self._end(None)
            self._exchange.abort()

    def _end(self, error: Exception | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._borrower.connection_lost(error)


class _LentTransport(asyncio.Transport):
    """A transport that writes into an exchange."""

    def __init__(self, exchange: Exchange, closed: Callable[[], None]) -> None:
        super().__init__({"peername": (exchange.request.client, 0)})
        self._exchange = exchange
        self._closed = closed

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._exchange.write_raw(bytes(data))

    def is_closing(self) -> bool:
        return self._exchange.is_over

    def close(self) -> None:
        self._closed()

    def abort(self) -> None:
        self._closed()

    def get_write_buffer_size(self) -> int:
        return 0

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        self._exchange.hold_body(True)

    def resume_reading(self) -> None:
        self._exchange.hold_body(False)


def _head(request: Request) -> bytes:
    """Write the request's head again: framing and persistence are the connection's business, not the client's."""
    dropped = {b"content-length", b"expect"}
    headers: Headers = [header for header in end_to_end(request.headers) if header[0].lower() not in dropped]
    if request.length is None:
        headers.append((b"Transfer-Encoding", b"chunked"))
    elif request.length:
        headers.append((b"Content-Length", b"%d" % request.length))
    headers.append((b"Connection", b"keep-alive" if request.keep_alive else b"close"))
    first = f"{request.method} {request.target} HTTP/{request.version}\r\n".encode("ascii")
    return first + header_lines(headers) + b"\r\n"
