"""The core's life: builds its rooms, starts them in order, stops them in reverse.

Order of the end (runtime specification, section 10.2): take nothing new and let running answers finish; then stop the
models with what is left of the budget; then close.  The other way round, running answers would break.  A second
signal means "now": every model is killed and the program ends with status 130.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from aiohttp import web

from llamaswap_desktop.config import Config, Model
from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.events import Event, RequestFinished
from llamaswap_desktop.http1 import LoanEnd
from llamaswap_desktop.process import Launcher, Process, holder_of_port
from llamaswap_desktop.proxy import Server
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import Phase
from llamaswap_desktop.web import Api, Borrower

_log = logging.getLogger("llamaswap_desktop")

_SHUTDOWN_BUDGET_S = 30.0
_LAST_RESORT_S = 35.0
_FORCED_BUDGET_S = 2.0


class App:
    """The core with its front door, from the first request to the last."""

    def __init__(self, config: Config, launcher: Launcher) -> None:
        self._launcher = launcher
        self.core = Core(config, build_process=self._build_process)
        self._server = Server(self.core, build_borrower=self._build_borrower, holder_of=holder_of_port)
        self._web = web.AppRunner(Api(self.core).build_app(), handle_signals=False, access_log=None)
        self._stop = asyncio.Event()
        self._force = asyncio.Event()
        self._budget_s = _SHUTDOWN_BUDGET_S

    def _build_process(self, model: Model, publish: Callable[[Event], None]) -> Process:
        return Process(model, launcher=self._launcher, publish=publish)

    def _build_borrower(self, finished: Callable[[LoanEnd], None]) -> Borrower:
        assert self._web.server is not None
        return Borrower(self._web.server, finished)

    async def run(self, host: str, port: int) -> int:
        """Serve until somebody calls ``quit`` or sends a wish to; return the exit status.

        Raises ``ListenFailed``; then nothing has been started.
        """
        self.core.on_quit(self.quit)
        self.core.subscribe(_log_request)
        await self._web.setup()
        try:
            bound_host, bound_port = await self._server.listen(host, port)
        except LlamaSwapError:
            await self._close()
            raise
        self._announce(bound_host, bound_port)
        await self._stop.wait()
        return await self._end()

    def quit(self, budget_s: float = _SHUTDOWN_BUDGET_S) -> None:
        """End in order within ``budget_s``; the second time: end now."""
        self._budget_s = budget_s
        if self._stop.is_set():
            self._force.set()
        self._stop.set()

    def _announce(self, host: str, port: int) -> None:
        is_open = host not in {"127.0.0.1", "::1"}
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
        address = f"http://{shown}:{port}"
        self.core.entered(Phase.SERVING, address=address)
        if is_open:
            _log.warning("other computers can reach this address; --listen 127.0.0.1:%d would prevent that", port)
        _log.info("llama-swap Desktop serves on %s (Ctrl+C stops it)", address)

    async def _end(self) -> int:
        self.core.entered(Phase.STOPPING)
        _log.info("stopping: running answers may finish; once more ends everything now")
        orderly = spawn("end in order", self._end_in_order())
        forced = spawn("wait for force", self._force.wait())
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            done, _ = await asyncio.wait({orderly, forced}, timeout=_LAST_RESORT_S, return_when="FIRST_COMPLETED")
            forced.cancel()
            if orderly in done:
                orderly.result()
                return 0
            orderly.cancel()
            await self._end_now()
            return 130 if self._force.is_set() else 1

    async def _end_in_order(self) -> None:
        deadline = time.monotonic() + self._budget_s
        self._server.stop_listening()
        await self._server.drain(self._budget_s)
        await self.core.shut_down(max(0.001, deadline - time.monotonic()))

    async def _end_now(self) -> None:
        """Cut everything; whatever should survive this is ended by the guard."""
        await self._server.drain(0.0)
        self.core.kill_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FORCED_BUDGET_S):
                await self.core.shut_down(0.001)

    async def _close(self) -> None:
        await self._web.cleanup()
        self.core.entered(Phase.STOPPED)


def _log_request(event: Event) -> None:
    """Write the access line (HTTP specification, section 1.1)."""
    if isinstance(event, RequestFinished) and not event.path.startswith(
        ("/wol-health", "/api/performance", "/api/desktop/state", "/metrics")
    ):
        _log.info(
            'Request %s "%s %s %s" %d %d "%s" %.3fms',
            event.client,
            event.method,
            event.path,
            event.protocol,
            event.status,
            event.body_bytes,
            event.user_agent,
            event.duration_s * 1000,
        )
