"""The program with a tray: the tray on the main thread, the core on its own, and the little that passes between.

Down go commands and wishes to end, by ``call_soon_threadsafe``; up come immutable snapshots, at most four a second.
Neither side sees an object of the other.  A start that fails does not end the program: the tray shows why, and "Try
again" reads the configuration and listens once more.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from llamaswap_desktop.app import App
from llamaswap_desktop.commands import Command, Quit, ReloadConfig
from llamaswap_desktop.desktop import can_copy, copy_text, open_url
from llamaswap_desktop.errors import ConfigError, LlamaSwapError
from llamaswap_desktop.process import user_environment
from llamaswap_desktop.program import Program, run_app, run_core, started_program
from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tray import Action, Local, Tray, Wishes, build_tray
from llamaswap_desktop.types import Phase

if TYPE_CHECKING:
    from llamaswap_desktop.cli import ServeOptions

_log = logging.getLogger("llamaswap_desktop")

_SHOW_INTERVAL_S = 0.25
_SESSION_END_BUDGET_S = 4.0
"""Windows ends a program that takes longer than about five seconds."""


def run_desktop(options: "ServeOptions") -> int:
    """Serve with a tray, or without one where there can be none; return the exit status.

    Raises ``ConfigError`` and ``ListenFailed`` only where there is no tray to show them.
    """
    with started_program(keeps_files=True) as program:
        desk = Desk(CoreThread(options, program))
        tray = build_tray(Wishes(desk.act, desk.core.end_session, can_copy(user_environment())))
        if tray is None:
            return program.serve(options)
        return desk.run(tray)


class Desk:
    """The main thread's half: shows what the core says, and fulfils the wishes that are this desktop's business."""

    def __init__(self, core: "CoreThread") -> None:
        self.core = core
        self._latest = Snapshot()
        self._signals_seen = 0

    def run(self, tray: Tray) -> int:
        """Run core and tray until the core has ended; return its exit status."""

        def show(snapshot: Snapshot) -> None:
            self._latest = snapshot
            tray.show(snapshot)

        self._handle_signals()
        self.core.start(show, ended=tray.stop)
        try:
            tray.run()
        except Exception:  # noqa: BLE001 - a desktop's libraries fail in their own ways; we serve all the same
            _log.exception("the tray failed; going on without it")
        return self.core.join()

    def act(self, action: Action) -> None:
        """Do what a click asks for, or have the core do it."""
        match action:
            case Local.OPEN_DASHBOARD:
                self._open_dashboard()
            case Local.COPY_ADDRESS:
                self._copy_address()
            case Local.TRY_AGAIN:
                self.core.try_again()
            case Local.END_UNLESS_SERVING:
                self.core.end_unless_serving()
            case _:
                self.core.post(action)

    def _open_dashboard(self) -> None:
        if self._latest.address:
            try:
                open_url(f"{self._latest.address}/ui/", user_environment())
            except OSError as error:
                _log.warning("cannot open a browser: %s; the dashboard is at %s/ui/", error, self._latest.address)

    def _copy_address(self) -> None:
        try:
            copy_text(self._latest.address, user_environment())
        except OSError as error:
            _log.warning("cannot copy the address: %s; the dashboard shows it", error)
            self._open_dashboard()

    def _handle_signals(self) -> None:
        """Python calls these on this thread; the tray's loop is interrupted for them."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        if sys.platform == "win32":
            signal.signal(signal.SIGBREAK, self._on_signal)
        else:
            signal.signal(signal.SIGHUP, lambda *_: self.core.post(ReloadConfig()))

    def _on_signal(self, *_: object) -> None:
        """Once: end in order.  Twice: end now.  Three times: the core hears nothing any more, so end without it."""
        self._signals_seen += 1
        if self._signals_seen > 2:
            os._exit(130)  # the guard ends the models
        self.core.post(Quit())


class CoreThread:
    """The core, living on a thread of its own; its public methods may be called from any other."""

    def __init__(self, options: "ServeOptions", program: Program) -> None:
        self._options = options
        self._program = program
        self._thread = threading.Thread(target=self._run, name="core")
        self._has_loop = threading.Event()
        self._has_ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._show: _Paced
        self._ended: Callable[[], None]
        self._status = 1
        # On the core's thread only:
        self._app: App | None = None
        self._shall_try_again: asyncio.Future[bool] | None = None
        self._has_quit = False

    # -- any thread

    def start(self, show: Callable[[Snapshot], None], *, ended: Callable[[], None]) -> None:
        """Start to serve; ``show`` gets every picture, ``ended`` is called at the end, both on the core's thread."""
        self._show, self._ended = _Paced(show), ended
        self._thread.start()
        self._has_loop.wait()

    def post(self, command: Command) -> None:
        """Have the core carry out ``command``."""
        self._tell(self._execute, command)

    def try_again(self) -> None:
        """Start once more, if the last start failed."""
        self._tell(self._decide, True)

    def end_unless_serving(self) -> None:
        """End, if the last start failed; nobody can see why or ask for another one."""
        self._tell(self._decide, False)

    def end_session(self) -> None:
        """End quickly; return when the models have stopped, or after what the system allows."""
        self._tell(self._quit, _SESSION_END_BUDGET_S)
        self._has_ended.wait(_SESSION_END_BUDGET_S + 0.5)

    def join(self) -> int:
        """Wait for the end; return the exit status."""
        self._thread.join()
        return self._status

    def _tell(self, act: Callable[..., None], *arguments: object) -> None:
        if not self._has_ended.is_set():
            with contextlib.suppress(RuntimeError):  # it has ended between the look and the call
                self._loop.call_soon_threadsafe(act, *arguments)

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
        self._has_loop.set()
        while True:
            try:
                return await self._serve()
            except LlamaSwapError as error:
                _log.error("%s", error)
                self._show(Snapshot(phase=Phase.STOPPED, problems=_problems_of(error)))
            self._shall_try_again = self._loop.create_future()
            if not await self._shall_try_again or self._has_quit:
                return self._status
            self._shall_try_again = None
            self._show(Snapshot())

    async def _serve(self) -> int:
        app = self._program.build_app(self._options)
        unwatch = app.core.watch(self._show)
        self._app = app
        try:
            return await run_app(app, self._options)
        finally:
            self._app = None
            unwatch()

    def _execute(self, command: Command) -> None:
        if self._app is None:
            if isinstance(command, Quit):
                self._quit()
            return
        try:
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


class _Paced:
    """Passes snapshots on: the first at once, then the newest of each interval.  Lives on the running loop."""

    def __init__(self, show: Callable[[Snapshot], None]) -> None:
        self._show = show
        self._newest: Snapshot | None = None
        self._pause: asyncio.TimerHandle | None = None

    def __call__(self, snapshot: Snapshot) -> None:
        self._newest = snapshot
        if self._pause is None:
            self._pass_on()

    def _pass_on(self) -> None:
        self._pause = None
        if self._newest is not None:
            newest, self._newest = self._newest, None
            self._show(newest)
            self._pause = asyncio.get_running_loop().call_later(_SHOW_INTERVAL_S, self._pass_on)


def _problems_of(error: LlamaSwapError) -> tuple[str, ...]:
    if isinstance(error, ConfigError):
        return tuple(str(problem) for problem in error.problems)
    return (str(error),)
