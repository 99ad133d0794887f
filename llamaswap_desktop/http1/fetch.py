"""A plain request of our own to an upstream: health checks and preload."""

import asyncio
from dataclasses import dataclass

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1.framing import request_head
from llamaswap_desktop.http1.messages import Headers, ResponseHead
from llamaswap_desktop.http1.upstream import Upstream

_MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; ``body`` is cut at 1 MiB."""

    status: int
    headers: Headers
    body: bytes


class _Collector:
    """Gathers an answer into one future."""

    def __init__(self, future: asyncio.Future[Response]) -> None:
        self._future = future
        self._head: ResponseHead | None = None
        self._body = bytearray()

    def on_interim(self, _status: int, _headers: Headers) -> None:
        """Wait for the answer itself."""

    def on_answer(self, head: ResponseHead | None, body: bytes, *, complete: bool) -> None:
        self._head = head or self._head
        if len(self._body) < _MAX_BODY_BYTES:
            self._body += body
        if complete and not self._future.done():
            assert self._head is not None
            self._future.set_result(Response(self._head.status, self._head.headers, bytes(self._body)))

    def on_failure(self, error: UpstreamFailed) -> None:
        if not self._future.done():
            self._future.set_exception(error)


async def fetch(upstream: Upstream, path: str, *, timeout_s: float, method: str = "GET") -> Response:
    """Ask ``upstream`` for ``path``, which is put behind the path of its base URL.

    Raises ``UpstreamFailed`` when it cannot be reached, breaks off, or has not answered whole within ``timeout_s``.
    """
    future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    lines = b"Host: %s\r\n" % upstream.host_header
    message = request_head(method, upstream.prefix + path, lines)
    call = upstream.send(method, message, _Collector(future))
    try:
        async with asyncio.timeout(timeout_s):
            return await future
    except TimeoutError as error:
        raise UpstreamFailed(f"no answer from {upstream.base_url}{path} within {timeout_s:g} s") from error
    finally:
        if not call.is_over:
            call.cancel()
