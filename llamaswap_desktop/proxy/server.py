"""The front door: listens, finds the route of each request, and says who answers it."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import ListenFailed, RequestRefused
from llamaswap_desktop.events import RequestFinished
from llamaswap_desktop.http1 import (
    BuildBorrower,
    Exchange,
    Group,
    Guard,
    Handler,
    Limits,
    MethodNotAllowed,
    NotFound,
    Redirect,
    Route,
    RouteTable,
    ServerConnection,
    TurnEnd,
    check_host,
    check_origin,
    preflight_headers,
)
from llamaswap_desktop.proxy.lend import Loan
from llamaswap_desktop.proxy.model_forward import ModelForward
from llamaswap_desktop.proxy.observe import UNOBSERVED, Observer
from llamaswap_desktop.proxy.path_forward import PathForward
from llamaswap_desktop.proxy.services import Services

_log = logging.getLogger("llamaswap_desktop.proxy")

_STALL_S = 1.0

_PLAIN = (b"Content-Type", b"text/plain; charset=utf-8")


class Server:
    """Serves one address.

    ``holder_of`` names the process that holds a busy port, as far as that can be told.  ``observer`` is told of every
    request for a model.  Large bodies are spooled in ``spool_folder`` (None: the system's folder for such files).
    ``own_token`` opens every route; it stands in this instance's run file.
    """

    def __init__(
        self,
        core: Core,
        *,
        build_borrower: BuildBorrower,
        holder_of: Callable[[int], str] = lambda _port: "",
        observer: Observer = UNOBSERVED,
        spool_folder: Path | None = None,
        own_token: str = "",
    ) -> None:
        self._core = core
        self._services = Services(core, observer, spool_folder=spool_folder, own_token=own_token)
        self._routes = RouteTable()
        self._listen_host = ""
        self._build_borrower = build_borrower
        self._holder_of = holder_of
        self._connections: set[ServerConnection] = set()
        self._turn_end = TurnEnd()
        self._listener: asyncio.Server | None = None
        self._drained: asyncio.Event = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Server {len(self._connections)} connections>"

    # -- life

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Start to serve on ``host`` (empty: all interfaces) and ``port`` (0: any free one); return what was bound.

        With ``tls`` clients must speak it.  Raises ``ListenFailed`` naming the address, its holder and what to do.
        """
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: ServerConnection(self, self._turn_end), host or None, port, backlog=1024, ssl=tls
            )
        except (OSError, OverflowError) as error:
            raise ListenFailed(self._why(host, port, error)) from error
        self._listen_host = host
        return _address_of(self._listener)

    async def move(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen on another address instead; connections stay.  Return what was bound.

        Raises ``ListenFailed``, and then the former address is listened on again.
        """
        assert self._listener is not None
        former_host, (_, former_port) = self._listen_host, _address_of(self._listener)
        self._listener.close()
        await asyncio.sleep(0)  # uvloop gives the address back on its next turn
        try:
            return await self.listen(host, port, tls=tls)
        except ListenFailed:
            await self.listen(former_host, former_port, tls=tls)
            raise

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
        """Wait until no request is being answered, at most ``budget_s``; what is left then is cut.

        Nobody waits for a client that reads nothing of what is there for it.
        """
        deadline = time.monotonic() + budget_s
        while not self._drained.is_set() and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, _STALL_S)):
                    await self._drained.wait()
            for connection in [each for each in self._connections if each.is_stalled()]:
                connection.drop()
        for connection in list(self._connections):
            connection.drop()
        self._services.peers.close()

    def _note_if_drained(self) -> None:
        if not self._connections:
            self._drained.set()

    # -- the connections' service

    @property
    def limits(self) -> Limits:
        return self._core.config.desktop.limits

    def opened(self, connection: ServerConnection) -> bool:
        self._connections.add(connection)
        limit = self.limits.connections
        return not limit or len(self._connections) <= limit

    def closed(self, connection: ServerConnection) -> None:
        self._connections.discard(connection)
        self._note_if_drained()

    def dispatch(self, exchange: Exchange) -> Handler | None:
        """Answer what needs nobody else, in the order of the HTTP specification: OPTIONS, 404, 405, 403, 401."""
        request = exchange.request
        if request.method == "OPTIONS":
            exchange.respond(204, preflight_headers(request))
            return None
        match self._routes.match(request.method, request.path):
            case Route() as route:
                return self._answer(exchange, route)
            case Redirect() as redirect:
                exchange.redirect(redirect.status, redirect.location)
            case MethodNotAllowed(allow):
                exchange.respond(405, [_PLAIN, (b"Allow", allow.encode("ascii"))], b"Method Not Allowed")
            case NotFound():
                exchange.respond(404, [_PLAIN], b"404 page not found")
        return None

    def _answer(self, exchange: Exchange, route: Route) -> Handler | None:
        try:
            self._check(exchange, route)
        except RequestRefused as error:
            exchange.fail(error)
            return None
        if route.redirect is not None:
            exchange.redirect(route.redirect.status, route.redirect.location)
            return None
        match route.group:
            case Group.MODEL:
                return ModelForward(exchange, self._services, route)
            case Group.UPSTREAM:
                forward = PathForward(exchange, self._services)
                forward.start_upstream(self._routes)
                return forward
            case Group.COMFY:
                forward = PathForward(exchange, self._services)
                forward.start_comfy()
                return forward
            case Group.OPEN | Group.API:
                return Loan(exchange, self._build_borrower)

    def _check(self, exchange: Exchange, route: Route) -> None:
        """Raise what the request is refused with: for its host, its origin, or its key."""
        request, settings = exchange.request, self._core.config.desktop
        if route.guard is not Guard.NONE:
            check_host(request, (*settings.allowed_hosts, self._listen_host))
            if route.guard is Guard.HOST_AND_ORIGIN:
                check_origin(request, settings.allowed_origins)
        if route.group is not Group.OPEN:
            self._services.keys.check(request, for_admin=route.is_admin)

    def finished(self, exchange: Exchange) -> None:
        request = exchange.request
        self._core.requests.publish(
            RequestFinished(
                request.remote_ip,
                request.method,
                request.path,
                "HTTP/1.1" if request.version == "1.1" else "HTTP/1.0",
                exchange.status,
                exchange.body_bytes,
                request.header(b"user-agent").decode("latin-1"),
                time.monotonic() - exchange.started_at,
            )
        )


def _address_of(listener: Any) -> tuple[str, int]:
    """Return what is listened on; asyncio's servers have a tuple of sockets, uvloop's a list."""
    bound = listener.sockets[0].getsockname()
    return bound[0], bound[1]
