"""The core on a thread of its own, and what passes between it and the thread of the tray.

Down go commands and wishes to end, by ``call_soon_threadsafe``; up come immutable snapshots, at most four a second.
Neither side sees an object of the other.  A start that fails does not end the program: the tray shows why, and "Try
again" reads the configuration and listens once more.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from llamaswap_desktop.app import App
from llamaswap_desktop.commands import Command, PauseModels, Quit, UnloadAll
from llamaswap_desktop.companions import BuildCompanions, Companions
from llamaswap_desktop.desktop import Notice
from llamaswap_desktop.errors import ConfigError, LlamaSwapError
from llamaswap_desktop.program import Program, run_core
from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import Phase

if TYPE_CHECKING:
    from llamaswap_desktop.cli import ServeOptions

_log = logging.getLogger("llamaswap_desktop")

_SHOW_INTERVAL_S = 0.25
_SECOND_S = 1.0
_SESSION_END_BUDGET_S = 4.0
"""Windows ends a program that takes longer than about five seconds."""

_SLEEP_BUDGET_S = 1.8
"""Windows sleeps two seconds after it has said so, whoever still works."""


class CoreThread:
    """The core, living on a thread of its own; its public methods may be called from any other."""

    def __init__(self, options: "ServeOptions", program: Program, build_companions: BuildCompanions) -> None:
        self._options = options
        self._program = program
        self._build_companions = build_companions
        self._thread = threading.Thread(target=self._run, name="core")
        self._has_loop = threading.Event()
        self._has_ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._show: Callable[[Snapshot], None]
        self._ended: Callable[[], None]
        self._status = 1
        # On the core's thread only:
        self._paced: Paced
        self._companions: Companions
        self._app: App | None = None
        self._shall_try_again: asyncio.Future[bool] | None = None
        self._has_quit = False

    # -- any thread

    def start(self, show: Callable[[Snapshot], None], *, ended: Callable[[], None]) -> None:
        """Start to serve; ``show`` gets every picture, ``ended`` is called at the end, both on the core's thread."""
        self._show, self._ended = show, ended
        self._thread.start()
        self._has_loop.wait()

    def post(self, command: Command) -> None:
        """Have the core carry out ``command``."""
        self._tell(self._execute, command)

    def change_settings(self, keys: Mapping[str, Any]) -> None:
        """Have these keys of the settings set anew, and let them hold."""
        self._tell(lambda: self._companions.change_settings(keys))

    def write_settings(self) -> None:
        """Have a file with all settings in it; returns when it is there, or soon after."""
        is_done = threading.Event()

        def write() -> None:
            self._companions.write_settings()
            is_done.set()

        if self._tell(write):
            is_done.wait(_SECOND_S)

    def report(self, source: str, problem: str) -> None:
        """Show a problem of the program as a whole until ``source`` reports another one."""
        self._tell(self._report, source, problem)

    def notify(self, notice: Notice) -> None:
        """Have ``notice`` shown."""
        self._tell(lambda: self._companions.notifier.show(notice))

    def try_again(self) -> None:
        """Start once more, if the last start failed."""
        self._tell(self._decide, True)

    def end_unless_serving(self) -> None:
        """End, if the last start failed; nobody can see why or ask for another one."""
        self._tell(self._decide, False)

    def end_session(self) -> None:
        """End quickly; return when the models have stopped, or after what the system allows."""
        if self._tell(self._quit, _SESSION_END_BUDGET_S):
            self._has_ended.wait(_SESSION_END_BUDGET_S + 0.5)

    def prepare_for_sleep(self) -> None:
        """Have the models leave, if the settings say so; return then, or after what the system allows."""
        is_done = threading.Event()

        async def prepare() -> None:
            try:
                await self._companions.before_sleep()
            finally:
                is_done.set()

        if self._tell(lambda: spawn("prepare for sleep", prepare())):
            is_done.wait(_SLEEP_BUDGET_S)

    def join(self) -> int:
        """Wait for the end; return the exit status."""
        self._thread.join()
        return self._status

    def _tell(self, act: Callable[..., object], *arguments: object) -> bool:
        """Have ``act`` called on the core's thread; return whether there is one."""
        if self._has_loop.is_set() and not self._has_ended.is_set():
            with contextlib.suppress(RuntimeError):  # it has ended between the look and the call
                self._loop.call_soon_threadsafe(act, *arguments)
                return True
        return False

    # -- the core's thread

    def _run(self) -> None:
        try:
            self._status = run_core(self._live())
        except Exception:  # noqa: BLE001 - top of a thread
            _log.exception("the core failed")
        finally:
            self._has_ended.set()
            self._has_loop.set()  # or had one, or never will: nobody waits for it any more
            self._ended()

    async def _live(self) -> int:
        self._loop = asyncio.get_running_loop()
        self._paced = Paced(self._show, self._latest)
        self._companions = self._build_companions()
        self._has_loop.set()
        try:
            return await self._serve_until_it_ends()
        finally:
            await self._companions.close()

    async def _serve_until_it_ends(self) -> int:
        while True:
            try:
                return await self._serve()
            except LlamaSwapError as error:
                _log.error("%s", error)
                self._paced(Snapshot(phase=Phase.STOPPED, problems=problems_of(error)))
                self._companions.start_failed(error, self.try_again)
            self._shall_try_again = self._loop.create_future()
            if not await self._shall_try_again or self._has_quit:
                return self._status
            self._shall_try_again = None
            self._paced(Snapshot())

    async def _serve(self) -> int:
        app = self._program.build_app(self._options)
        unwatch = app.core.watch(self._paced)
        self._app = app
        try:
            async with self._companions.attend(app):
                return await self._program.run(app, self._options)
        finally:
            self._app = None
            unwatch()

    def _latest(self) -> Snapshot | None:
        return None if self._app is None else self._app.core.snapshot()

    def _report(self, source: str, problem: str) -> None:
        if self._app is not None:
            self._app.core.report(source, problem)

    def _execute(self, command: Command) -> None:
        if self._app is None:
            if isinstance(command, Quit):
                self._quit()
            return
        try:
            if isinstance(command, UnloadAll | PauseModels):
                self._companions.memory_will_be_freed()
            self._app.core.execute(command)
        except LlamaSwapError as error:  # a click on what a moment ago was still there
            _log.warning("%s: %s", command, error)

    def _quit(self, *budget_s: float) -> None:
        if self._app is not None:
            self._app.quit(*budget_s)
        else:
            self._status, self._has_quit = 0, True
            self._decide(False)

    def _decide(self, shall_try_again: bool) -> None:
        if self._shall_try_again is not None and not self._shall_try_again.done():
            self._shall_try_again.set_result(shall_try_again)


class Paced:
    """Passes snapshots on: the first at once, then the newest of each interval.  Lives on the running loop.

    While somebody waits, ``latest`` is asked once a second for the picture of now: it says for how long.
    """

    def __init__(self, show: Callable[[Snapshot], None], latest: Callable[[], Snapshot | None]) -> None:
        self._show = show
        self._latest = latest
        self._newest: Snapshot | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._second: asyncio.TimerHandle | None = None

    def __call__(self, snapshot: Snapshot) -> None:
        self._newest = snapshot
        if self._pause is None:
            self._pass_on()

    def _pass_on(self) -> None:
        self._pause = None
        if self._newest is not None:
            newest, self._newest = self._newest, None
            self._show(newest)
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(_SHOW_INTERVAL_S, self._pass_on)
            if newest.waiting and self._second is None:
                self._second = loop.call_later(_SECOND_S, self._look_again)

    def _look_again(self) -> None:
        self._second = None
        if (latest := self._latest()) is not None:
            self(latest)


def problems_of(error: LlamaSwapError) -> tuple[str, ...]:
    """Return what is wrong, one line for each problem."""
    if isinstance(error, ConfigError):
        return tuple(str(problem) for problem in error.problems)
    return (str(error),)
