"""The wiring: builds the rooms, starts them in order, stops them in reverse.

Order of the end (runtime specification, section 10.2): take nothing new and let running answers finish; then stop the
models with what is left of the budget; then close.  The other way round, running answers would break.  A second
signal means "now": every model is killed and the program ends with status 130.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from llamaswap_desktop import guard as guards
from llamaswap_desktop.config import Config, Model, Sources, load_config
from llamaswap_desktop.core import Core
from llamaswap_desktop.desktop import user_paths
from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.events import Event, RequestFinished
from llamaswap_desktop.firstrun import ensure_user_config
from llamaswap_desktop.http1 import LoanEnd
from llamaswap_desktop.process import Launcher, Process, holder_of_port
from llamaswap_desktop.proxy import Server
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import Phase
from llamaswap_desktop.web import Api, Borrower

if TYPE_CHECKING:
    from llamaswap_desktop.cli import ServeOptions

_log = logging.getLogger("llamaswap_desktop")

_SHUTDOWN_BUDGET_S = 30.0
_LAST_RESORT_S = 35.0
_FORCED_BUDGET_S = 2.0
_SWITCH_INTERVAL_S = 0.0005
"""Threads share one interpreter lock; measured beside a busy one, p99 wake-up of the loop falls from 20.9 to 2.2 ms."""


def serve(options: "ServeOptions") -> int:
    """Serve until told to stop; return the exit status.  Raises ``ConfigError`` and ``ListenFailed``."""
    _log_to_stdout()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    paths = user_paths()
    config_file = options.config or ensure_user_config(paths)
    config = load_config(Sources(file=config_file), environment=os.environ)
    for problem in config.warnings:
        _log.warning("%s", problem)
    guard = guards.start()
    try:
        launcher = Launcher.open(guard, run_dir=paths.run_dir)
        return _run(App(config, launcher).run(options.host, options.port))
    finally:
        guard.dismiss()


class App:
    """The core with its front door, from the first request to the last."""

    def __init__(self, config: Config, launcher: Launcher) -> None:
        self._launcher = launcher
        self._core = Core(config, build_process=self._build_process)
        self._server = Server(self._core, build_borrower=self._build_borrower, holder_of=holder_of_port)
        self._web = web.AppRunner(Api(self._core).build_app(), handle_signals=False, access_log=None)
        self._stop = asyncio.Event()
        self._force = asyncio.Event()

    def _build_process(self, model: Model, publish: Callable[[Event], None]) -> Process:
        return Process(model, launcher=self._launcher, publish=publish)

    def _build_borrower(self, finished: Callable[[LoanEnd], None]) -> Borrower:
        assert self._web.server is not None
        return Borrower(self._web.server, finished)

    async def run(self, host: str, port: int) -> int:
        """Serve until a signal or a wish to quit; return the exit status."""
        _handle_signals(self.quit)
        self._core.on_quit(self.quit)
        self._core.subscribe(_log_request)
        await self._web.setup()
        try:
            bound_host, bound_port = await self._server.listen(host, port)
        except LlamaSwapError:
            await self._close()
            raise
        self._announce(bound_host, bound_port)
        await self._stop.wait()
        return await self._end()

    def quit(self) -> None:
        """End in order; the second time: end now."""
        if self._stop.is_set():
            self._force.set()
        self._stop.set()

    def _announce(self, host: str, port: int) -> None:
        is_open = host not in {"127.0.0.1", "::1"}
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
        address = f"http://{shown}:{port}"
        self._core.entered(Phase.SERVING, address=address)
        if is_open:
            _log.warning("other computers can reach this address; --listen 127.0.0.1:%d would prevent that", port)
        _log.info("llama-swap Desktop serves on %s (Ctrl+C stops it)", address)

    async def _end(self) -> int:
        self._core.entered(Phase.STOPPING)
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
        deadline = time.monotonic() + _SHUTDOWN_BUDGET_S
        self._server.stop_listening()
        await self._server.drain(_SHUTDOWN_BUDGET_S)
        await self._core.shut_down(max(0.001, deadline - time.monotonic()))

    async def _end_now(self) -> None:
        """Cut everything; whatever should survive this is ended by the guard."""
        await self._server.drain(0.0)
        self._core.kill_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FORCED_BUDGET_S):
                await self._core.shut_down(0.001)

    async def _close(self) -> None:
        await self._web.cleanup()
        self._launcher.close()
        self._core.entered(Phase.STOPPED)


def _run(main: "asyncio.coroutines.Coroutine[object, object, int]") -> int:
    """Run the core's loop: uvloop where it exists, twice as fast as asyncio's own."""
    if sys.platform == "linux":
        import uvloop  # noqa: PLC0415 - there is none on Windows

        return uvloop.run(main)
    return asyncio.run(main)


def _handle_signals(quit_: Callable[[], None]) -> None:
    if sys.platform == "win32":
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(quit_))
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, quit_)
    loop.add_signal_handler(signal.SIGTERM, quit_)
    loop.add_signal_handler(signal.SIGHUP, _log.warning, "cannot reload yet: restart to use a changed configuration")


def _log_to_stdout() -> None:
    """Write our own lines as llama-swap does: level in brackets, on standard output."""
    logging.addLevelName(logging.WARNING, "WARN")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False


def _log_request(event: Event) -> None:
    """Write the access line (HTTP specification, section 1.1)."""
    if isinstance(event, RequestFinished) and not event.path.startswith(
        ("/wol-health", "/api/performance", "/metrics")
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
