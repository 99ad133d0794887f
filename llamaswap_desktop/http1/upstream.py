"""The model server's side: an address, its idle connections, and one exchange at a time on each.

Theory of operation.  ``Upstream.send`` takes an idle connection or opens one and writes the request: its head, and
the body as far as it is there.  A body that is still arriving, or lies on disk, comes through a ``BodySource``, which
is read as fast as the model server takes it.  The answer comes back through a ``Receiver``, one call per read: head,
body bytes and end together where they arrived together, so that they can leave together.  The body is passed on as
plain bytes; its framing is the reader's (``upstream_connection.py``).

A request is written again on a fresh connection only if the idle one had been closed by the other side before any
answer *and* the method is idempotent *and* its body is at hand: a generation must never run twice.
"""

import asyncio
import contextlib
import time
from urllib.parse import quote, urlsplit

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1.call import BodySource, Call, Receiver
from llamaswap_desktop.http1.outgoing import TurnEnd
from llamaswap_desktop.http1.timeouts import Timeouts
from llamaswap_desktop.http1.tls import client_context
from llamaswap_desktop.http1.upstream_connection import UpstreamConnection, reason_of
from llamaswap_desktop.tasks import spawn


class Upstream:
    """A model server's address with its idle connections.

    ``base_url`` may carry a path, which stands before every request's own.  ``localhost`` is dialled as 127.0.0.1,
    then ::1.  Building one opens nothing.
    """

    def __init__(self, base_url: str, *, timeouts: Timeouts) -> None:
        parts = urlsplit(base_url)
        self.base_url = base_url
        self.prefix = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self.host_header = _host_header(parts.netloc)
        self.timeouts = timeouts
        self.turn_end = TurnEnd()
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<Upstream {self.base_url}, {len(self._open)} connections, {len(self._idle)} idle>"

    def send(
        self,
        method: str,
        message: bytes,
        receiver: Receiver,
        *,
        body: BodySource | None = None,
        is_upgrade: bool = False,
    ) -> Call:
        """Write ``message`` (the head of one request, and its body if ``body`` is None); ``receiver`` takes the answer.

        ``is_upgrade`` says that the upstream may answer 101; then bytes pass both ways until one side ends.
        """
        call = Call(method, message, receiver, body, is_upgrade=is_upgrade)
        self._dispatch(call)
        return call

    def close(self) -> None:
        """Close the idle connections, and the busy ones as soon as they are idle."""
        self._is_closed = True
        self._stop_sweep()
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
        call.attempt(spawn(f"connect {self.base_url}", self._connect(call)))

    async def _connect(self, call: Call) -> None:
        try:
            connection = await self._open_connection()
        except (OSError, TimeoutError) as error:
            call.fail(UpstreamFailed(f"cannot connect to {self.base_url}: {reason_of(error)}"))
            return
        if call.is_over:
            connection.discard()
        else:
            connection.start(call)

    async def _open_connection(self) -> UpstreamConnection:
        hosts = ("127.0.0.1", "::1") if self._host == "localhost" else (self._host,)
        connect_s, handshake_s = self.timeouts.connect_s, self.timeouts.tls_handshake_s
        limit_s = connect_s + (handshake_s if self._is_tls else 0) if connect_s else None
        async with asyncio.timeout(limit_s):
            for host in hosts:
                with contextlib.suppress(ConnectionRefusedError):
                    return await self._open_connection_to(host)
        raise ConnectionRefusedError("connection refused")

    async def _open_connection_to(self, host: str) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        if not self._is_tls:
            _, connection = await loop.create_connection(lambda: UpstreamConnection(self), host, self._port)
            return connection
        _, connection = await loop.create_connection(
            lambda: UpstreamConnection(self),
            host,
            self._port,
            ssl=client_context(),
            server_hostname=self._host,
            ssl_handshake_timeout=self.timeouts.tls_handshake_s or None,
        )
        return connection

    # -- told by the connections

    def opened(self, connection: UpstreamConnection) -> None:
        self._open.add(connection)

    def closed(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
            if not self._idle:
                self._stop_sweep()

    def returned(self, connection: UpstreamConnection) -> None:
        if self._is_closed:
            connection.discard()
            return
        self._idle.append(connection)
        if self._sweep is None and self.timeouts.idle_conn_s:
            self._sweep_later()

    def broke_before_answer(self, call: Call, error: UpstreamFailed, *, was_reused: bool) -> None:
        if was_reused and call.retries and not call.is_over:
            call.retries -= 1
            self._dispatch(call)
        else:
            call.fail(error)

    # -- idle connections end after a while

    def _sweep_later(self) -> None:
        self._sweep = asyncio.get_running_loop().call_later(self.timeouts.idle_conn_s, self._close_expired)

    def _close_expired(self) -> None:
        self._sweep = None
        now = time.monotonic()
        for connection in [connection for connection in self._idle if not connection.is_usable(now)]:
            connection.discard()
        if self._idle:
            self._sweep_later()

    def _stop_sweep(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None


def _host_header(netloc: str) -> bytes:
    """Return ``host:port`` as it is sent; credentials of a URL stay here."""
    host = netloc.rpartition("@")[2]
    return host.encode("ascii") if host.isascii() else host.encode("idna")
