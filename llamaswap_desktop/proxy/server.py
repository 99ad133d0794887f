"""The front door: listens, finds the route of each request, and says who answers it."""

import asyncio
import contextlib
import errno
import logging
import socket
import time
from collections.abc import Callable

from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import ListenFailed, Unauthorized
from llamaswap_desktop.events import RequestFinished
from llamaswap_desktop.http1 import (
    BuildBorrower,
    Exchange,
    Group,
    Handler,
    MethodNotAllowed,
    NotFound,
    Redirect,
    Route,
    RouteTable,
    ServerConnection,
    check_api_key,
    preflight_headers,
)
from llamaswap_desktop.proxy.forward import Forward
from llamaswap_desktop.proxy.lend import Loan

_log = logging.getLogger("llamaswap_desktop.proxy")

_PLAIN = (b"Content-Type", b"text/plain; charset=utf-8")


class Server:
    """Serves one address; ``holder_of`` names the process that holds a busy port, as far as that can be told."""

    def __init__(
        self,
        core: Core,
        *,
        build_borrower: BuildBorrower,
        holder_of: Callable[[int], str] = lambda _port: "",
    ) -> None:
        self._core = core
        self._routes = RouteTable()
        self._build_borrower = build_borrower
        self._holder_of = holder_of
        self._connections: set[ServerConnection] = set()
        self._listener: asyncio.Server | None = None
        self._drained: asyncio.Event = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Server {len(self._connections)} connections>"

    # -- life

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Start to serve on ``host`` (empty: all interfaces) and ``port`` (0: any free one); return what was bound.

        Raises ``ListenFailed`` naming the address, its holder and what to do.
        """
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(lambda: ServerConnection(self), host or None, port, backlog=1024)
        except (OSError, OverflowError) as error:
            raise ListenFailed(self._why(host, port, error)) from error
        bound = self._listener.sockets[0].getsockname()
        return bound[0], bound[1]

    def _why(self, host: str, port: int, error: Exception) -> str:
        address = f"{host or '*'}:{port}"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            holder = self._holder_of(port)
            by_whom = f" by {holder}" if holder else ""
            return (
                f"cannot serve on {address}: the port is in use{by_whom}; "
                f"stop that program, or choose another address with --listen {host or '127.0.0.1'}:{port + 1}"
            )
        if isinstance(error, OSError) and error.errno in {errno.EADDRNOTAVAIL, socket.EAI_NONAME}:
            return f"cannot serve on {address}: this computer has no address {host!r}; try --listen 127.0.0.1:{port}"
        if isinstance(error, OSError) and error.errno == errno.EACCES:
            return f"cannot serve on {address}: not permitted; choose a port above 1023 with --listen"
        return f"cannot serve on {address}: {error}; choose another address with --listen"

    def stop_listening(self) -> None:
        """Take no new connections, close idle ones, and let the others finish the answer under way."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections):
            connection.close_when_idle()
        self._note_if_drained()

    async def drain(self, budget_s: float) -> None:
        """Wait until no request is being answered, at most ``budget_s``; what is left then is cut."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(budget_s):
                await self._drained.wait()
        for connection in list(self._connections):
            connection.drop()

    def _note_if_drained(self) -> None:
        if not self._connections:
            self._drained.set()

    # -- the connections' service

    def opened(self, connection: ServerConnection) -> None:
        self._connections.add(connection)

    def closed(self, connection: ServerConnection) -> None:
        self._connections.discard(connection)
        self._note_if_drained()

    def dispatch(self, exchange: Exchange) -> Handler | None:
        """Answer what needs nobody else, in the order of the HTTP specification: OPTIONS, 404, 405, 401."""
        request = exchange.request
        if request.method == "OPTIONS":
            exchange.respond(204, preflight_headers(request))
            return None
        match self._routes.match(request.method, request.path):
            case Route() as route:
                return self._answer(exchange, route)
            case Redirect(status, location):
                query = f"?{request.query}" if request.query else ""
                exchange.respond(status, [(b"Location", (location + query).encode("ascii"))])
            case MethodNotAllowed(allow):
                exchange.respond(405, [_PLAIN, (b"Allow", allow.encode("ascii"))], b"Method Not Allowed")
            case NotFound():
                exchange.respond(404, [_PLAIN], b"404 page not found")
        return None

    def _answer(self, exchange: Exchange, route: Route) -> Handler | None:
        if route.group is not Group.OPEN:
            try:
                check_api_key(exchange.request, self._core.config.api_keys)
            except Unauthorized as error:
                exchange.fail(error)
                return None
        if route.group is Group.MODEL:
            return Forward(exchange, route, self._core)
        return Loan(exchange, self._build_borrower)

    def finished(self, exchange: Exchange) -> None:
        request = exchange.request
        self._core.publish(
            RequestFinished(
                client=request.remote_ip,
                method=request.method,
                path=request.path,
                protocol=f"HTTP/{request.version}",
                status=exchange.status,
                body_bytes=exchange.body_bytes,
                user_agent=request.header(b"user-agent").decode("latin-1"),
                duration_s=time.monotonic() - exchange.started_at,
            )
        )
