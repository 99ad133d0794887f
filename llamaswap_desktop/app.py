"""The core's life: builds its rooms, starts them in order, stops them in reverse.

Order of the end (runtime specification, section 10.2): take nothing new and let running answers finish; then stop the
models with what is left of the budget; then close.  The other way round, running answers would break.  A second
signal means "now": every model is killed and the program ends with status 130.
"""

import asyncio
import contextlib
import logging
import os
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from llamaswap_desktop import __version__
from llamaswap_desktop.activity import ActivityLog, LoadWatch, Settings
from llamaswap_desktop.build import read_build
from llamaswap_desktop.config import Config, Model, Sources, Watcher, secrets_of
from llamaswap_desktop.core import Core, Footprints, Reloader, preload
from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.events import ConfigChanged, Event, RequestFinished
from llamaswap_desktop.gpu_use import GpuUse
from llamaswap_desktop.http1 import LoanEnd
from llamaswap_desktop.logs import AccessLines, AppLines, Logs
from llamaswap_desktop.memory_watch import MemoryWatch
from llamaswap_desktop.monitor import Hardware, Sampler, detect_hardware
from llamaswap_desktop.process import Launcher, Process, holder_of_port
from llamaswap_desktop.proxy import Server
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import Phase
from llamaswap_desktop.web import Api, Borrower, Version

_log = logging.getLogger("llamaswap_desktop")

_POLLED = ("/wol-health", "/api/performance", "/api/desktop/state", "/metrics")
"""Where an access line for each request would drown all others."""

_SHUTDOWN_BUDGET_S = 30.0
_LAST_RESORT_S = 35.0
_FORCED_BUDGET_S = 2.0


class App:
    """The core with its front door, from the first request to the last.

    ``adjust`` adds what this desktop wants to ``config`` and to each that is read later.

    Building one raises ``ConfigError`` if the configuration names a planner that cannot be used.
    """

    def __init__(
        self,
        config: Config,
        *,
        launcher: Launcher,
        logs: Logs,
        lines: AppLines,
        sources: Sources,
        config_backups: Path,
        settings: SettingsFile,
        memory_file: Path | None = None,
        watcher: Watcher | None = None,
        adjust: Callable[[Config], Config] = lambda config: config,
    ) -> None:
        self._launcher = launcher
        self._logs = logs
        self._lines = lines
        self._access = AccessLines(lines)
        self.core = Core(adjust(config), build_process=self._build_process, footprints=Footprints(memory_file))
        self._reloader = Reloader(self.core, sources, os.environ, adjust=adjust)
        self._watcher = watcher
        self._activity = ActivityLog(_activity_settings(config), report=self._report_activity)
        self._sampler = Sampler(every_s=config.performance.every_s, spawn=launcher.spawn_tool)
        self._is_sampling = False
        self._memory = MemoryWatch(self.core, self._sampler)
        self._hardware: asyncio.Task[Hardware | None] | None = None
        self._server = Server(
            self.core,
            build_borrower=self._build_borrower,
            holder_of=holder_of_port,
            observer=self._activity,
            own_token=launcher.run_file.token,
        )
        build = read_build()
        self._api = Api(
            core=self.core,
            activity=self._activity,
            logs=logs,
            sampler=self._shown_sampler,
            hardware=self._known_hardware,
            reloader=self._reloader,
            config_backups=config_backups,
            settings=settings,
            version=Version(build.version, build.commit, build.date),
        )
        self._web = self._api.build_runner()
        self._tls: ssl.SSLContext | None = None
        self._is_open = False
        self._stop = asyncio.Event()
        self._force = asyncio.Event()
        self._budget_s = _SHUTDOWN_BUDGET_S

    def _build_process(self, model: Model, publish: Callable[[Event], None]) -> Process:
        write_log = self._logs.model(model.id).write
        return Process(model, launcher=self._launcher, publish=publish, write_log=write_log)

    def _build_borrower(self, finished: Callable[[LoanEnd], None]) -> Borrower:
        assert self._web.server is not None
        return Borrower(self._web.server, finished)

    def _shown_sampler(self) -> Sampler | None:
        """Return the sampler unless it does not run, or does for the memory planner only."""
        return self._sampler if self._is_sampling and not self.core.config.performance.disabled else None

    async def _known_hardware(self) -> Hardware | None:
        return None if self._hardware is None else await asyncio.shield(self._hardware)

    def _report_activity(self, problem: str) -> None:
        self.core.report("activity", problem)

    # -- life

    async def run(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Serve until somebody calls ``quit`` or sends a wish to; return the exit status.

        Raises ``ListenFailed``; then nothing is left behind.
        """
        self._apply(self.core.config)
        for problem in self.core.config.warnings:
            _log.warning("%s", problem)
        self.core.on_quit(self.quit)
        self.core.on_reload(self.reload)
        self.core.subscribe(self._on_event)
        self.core.requests.subscribe(self._log_request)
        self.core.subscribe(LoadWatch(self._activity.remember_load).on_event)
        await self._web.setup()
        try:
            bound_host, bound_port = await self._server.listen(host, port, tls=tls)
        except LlamaSwapError:
            await self._close()
            raise
        self._start_rooms()
        self._tls = tls
        self._announce(bound_host, bound_port)
        background = [spawn("preload", preload(self.core, self.core.config.hooks.on_startup.preload))]
        if self._watcher is not None:
            background.append(spawn("watch the sources", self._watcher.run(self.reload)))
        await self._stop.wait()
        for task in background:
            task.cancel()
        return await self._end()

    def _start_rooms(self) -> None:
        """Start what serves nobody yet, now that the address is ours."""
        self._activity.start()
        self._hardware = asyncio.ensure_future(detect_hardware(__version__))
        config = self.core.config
        if not config.performance.disabled or config.routing.router.use == "memory":
            self._start_sampling()
        self.core.watch_for_sleep()

    def quit(self, budget_s: float = _SHUTDOWN_BUDGET_S) -> None:
        """End in order within ``budget_s``; the second time: end now."""
        self._budget_s = budget_s
        if self._stop.is_set():
            self._force.set()
        self._stop.set()

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self.core.snapshot().address.rpartition(":")[2])

    async def move(self, host: str, port: int) -> None:
        """Serve on another address from now on; what is under way goes on.

        Raises ``ListenFailed``, and then the former address is served again.
        """
        self._announce(*await self._server.move(host, port, tls=self._tls))

    async def reload_now(self) -> None:
        """Read the configuration again; returns when it holds.  Raises ``ConfigError``, and nothing has changed."""
        await self._reloader.ask()

    def reload(self) -> None:
        """Read the configuration again; how that goes is told by events, and in the log."""
        self._reloader.ask()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ConfigChanged):
            self._apply(self.core.config)
            self._report_who_may_command()
            self._logs.keep_only(self.core.config.models)
            self._follow_performance(self.core.config)
            spawn("reconfigure the activity log", self._activity.configure(_activity_settings(self.core.config)))

    def _log_request(self, event: RequestFinished) -> None:
        if not event.path.startswith(_POLLED):
            self._access.add(event)

    def _apply(self, config: Config) -> None:
        """Let what the configuration says of our own lines hold from now on."""
        self._lines.configure(level=config.log_level, time_format=config.log_time_format, secrets=secrets_of(config))

    def _follow_performance(self, config: Config) -> None:
        """Take over another interval; what was switched off at the start is switched on for the planner only."""
        if config.performance.every_s != self._sampler.every_s:
            self._sampler.change_interval(config.performance.every_s)
        if config.routing.router.use == "memory":
            self._start_sampling()

    def others_on_gpus(self) -> Sequence[GpuUse]:
        """Return what other programs use of each GPU, as of the last sample; from the first question on there are."""
        self._start_sampling()
        return self._memory.others

    def _start_sampling(self) -> None:
        """Safe to repeat."""
        if self._is_sampling:
            return
        self._is_sampling = True
        self._sampler.start()
        self._memory.start()

    def _announce(self, host: str, port: int) -> None:
        self._is_open = host not in {"127.0.0.1", "::1"}
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
        address = f"{'http' if self._tls is None else 'https'}://{shown}:{port}"
        self._launcher.run_file.serve_on(address)
        self.core.entered(Phase.SERVING, address=address)
        if self._is_open:
            _log.warning("other computers can reach this address; --listen 127.0.0.1:%d would prevent that", port)
        self._report_who_may_command()
        _log.info("llama-swap Desktop serves on %s (Ctrl+C stops it)", address)

    def _report_who_may_command(self) -> None:
        """Say so as long as other computers may change the configuration, and so start any program on this one."""
        config = self.core.config
        problem = ""
        if self._is_open and not config.desktop.admin_keys:
            who = "whoever has an API key may" if config.api_keys else "anybody there may use the models and"
            problem = f"other computers reach this one, and {who} change its configuration: set desktop.adminKeys"
        self.core.report("sharing", problem)

    # -- the end

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
        self._api.end_streams()
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
        if self._hardware is not None:
            self._hardware.cancel()
        self._launcher.run_file.serve_on("")
        self._memory.stop()
        await self._sampler.stop()
        await self._activity.close()
        await self._web.cleanup()
        self._api.close()
        self.core.entered(Phase.STOPPED)


def _activity_settings(config: Config) -> Settings:
    return Settings(
        store_path=config.store.path.strip() if config.store is not None else "",
        metrics_max_in_memory=config.metrics_max_in_memory,
        capture_buffer_mb=config.capture_buffer_mb,
    )
