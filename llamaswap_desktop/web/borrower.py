"""aiohttp's request handler, prepared to answer one request on a connection that is lent to it.

Relies on ``RequestHandler._handle_request`` and ``start`` of the pinned aiohttp minor; ``tests/web/test_borrower.py``
holds the contract.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from llamaswap_desktop.http1 import LoanEnd

_ANY_BYTES = 2**31 - 1
"""How long a head may be has been decided before (``desktop.limits.header``)."""

_NO_LOG = logging.getLogger("llamaswap_desktop.web.no_access_log")
_NO_LOG.disabled = True  # the one access line of a request is written where every request passes


class Borrower(RequestHandler):
    """Answers one request, then says how it went.  ``finished`` is called once, after the last byte was written."""

    __slots__ = ("_finished",)

    def __init__(self, server: web.Server, finished: Callable[[LoanEnd], None]) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            tcp_keepalive=False,  # the connection is not aiohttp's
            access_log=_NO_LOG,
            max_line_size=_ANY_BYTES,
            max_field_size=_ANY_BYTES,
            max_headers=_ANY_BYTES,
            auto_decompress=False,
        )
        self._finished = finished

    async def _handle_request(
        self,
        request: Any,
        start_time: float | None,
        request_handler: Callable[[Any], Awaitable[web.StreamResponse]],
    ) -> tuple[web.StreamResponse, bool]:
        end = LoanEnd(status=0, body_bytes=0, reusable=False)
        try:
            response, reset = await super()._handle_request(request, start_time, request_handler)
            end = LoanEnd(
                status=response.status,
                body_bytes=response.body_length - _head_bytes(request, response),
                reusable=bool(response.keep_alive) and not reset,
            )
            return response, reset
        finally:
            # On the next turn: the handler may not lose its connection while it is still at work on it.
            asyncio.get_running_loop().call_soon(self._finished, end)


def _head_bytes(request: Any, response: web.StreamResponse) -> int:
    """Return the length of the head that was written: aiohttp counts it as body."""
    version = f"HTTP/{request.version.major}.{request.version.minor}"
    lines = [f"{version} {response.status} {response.reason}", *(f"{k}: {v}" for k, v in response.headers.items())]
    return sum(len(line.encode()) + 2 for line in lines) + 2
