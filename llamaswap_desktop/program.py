"""What every start of the program has in common, and the start without a tray."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING

import msgspec

from llamaswap_desktop.app import App
from llamaswap_desktop.config import Config, Sources, Watcher, load_config
from llamaswap_desktop.desktop import NullNotifier, Paths
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.firstrun import ensure_user_config
from llamaswap_desktop.http1 import load_server_context
from llamaswap_desktop.logs import AppLines, LogFiles, Logs, LogToStdout, Stdout
from llamaswap_desktop.places import user_places
from llamaswap_desktop.process import Kind, Launcher
from llamaswap_desktop.settings import Settings, SettingsFile
from llamaswap_desktop.tasks import running
from llamaswap_desktop.unexpected import Unexpected, crashes_recorded

if TYPE_CHECKING:
    from llamaswap_desktop.cli import ServeOptions

_log = logging.getLogger("llamaswap_desktop")

_SWITCH_INTERVAL_S = 0.0005
"""Threads share one interpreter lock; measured beside a busy one, p99 wake-up of the loop falls from 20.9 to 2.2 ms."""


def serve(options: "ServeOptions") -> int:
    """Serve until told to stop; return the exit status.  Raises ``ConfigError`` and ``ListenFailed``.

    A server writes no file but its run file, unless its configuration asks for one.
    """
    with started_program(keeps_files=False) as program:
        return program.serve(options)


@contextlib.contextmanager
def started_program(*, keeps_files: bool) -> Iterator["Program"]:
    """Prepare the process for serving; what it holds is given back at the end."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.freeze()  # what has been imported stays, so nobody need look through it again
    program = Program(*user_places(), keeps_files=keeps_files)
    with contextlib.ExitStack() as stack:
        stack.callback(program.close)
        stack.enter_context(program.unexpected.caught())
        if keeps_files:
            program.has_crashed = stack.enter_context(crashes_recorded(program.paths.log_dir))
        yield program


class Program:
    """What lives as long as the process: the launcher, and the logs, which begin before there is a configuration."""

    def __init__(self, paths: Paths, settings: SettingsFile, *, keeps_files: bool) -> None:
        self.paths = paths
        self.settings = settings
        self.keeps_files = keeps_files
        self.has_crashed = False
        """Whether the last run with a tray ended by a crash of the interpreter."""
        self.unexpected = Unexpected()
        self.lines = AppLines(self._write)
        self.lines.attach()
        self.lines.configure()
        self._early = bytearray()
        self._logs: Logs | None = None
        self._stdout = Stdout()
        self._files = LogFiles(paths.log_dir) if keeps_files else None
        self.launcher = Launcher.open(paths.run_dir, Kind.TRAY if keeps_files else Kind.SERVE)

    def serve(self, options: "ServeOptions") -> int:
        """Serve on this thread, without a tray; return the exit status.  Raises as ``serve`` does."""
        return run_core(self._serve(options))

    async def _serve(self, options: "ServeOptions") -> int:
        app = self.build_app(options)
        _handle_signals(app)
        if not options.uses_settings:
            return await self.run(app, options)
        from llamaswap_desktop.companions import Companions  # noqa: PLC0415 - 25 ms that a plain server can do without

        companions = Companions(self.settings, NullNotifier(), has_own_port=options.listen is not None)
        async with companions.attend(app):
            return await self.run(app, options)

    async def run(self, app: App, options: "ServeOptions") -> int:
        """Serve where the options or the settings say; as ``App.run`` else."""
        tls = None
        if options.certificate is not None and options.key is not None:
            tls = load_server_context(options.certificate, options.key)
        host, port = self.address_of(options)
        return await app.run(host, port, tls=tls)

    def build_app(self, options: "ServeOptions") -> App:
        """Read the configuration and build the app for it, on the running loop.  Raises ``ConfigError``."""
        loop = asyncio.get_running_loop()
        self.lines.bind(loop)
        self.unexpected.hear(loop)
        sources = options.sources or Sources(file=ensure_user_config(self.paths))
        watcher = Watcher(sources) if options.watches else None
        if watcher is not None:
            watcher.look()  # before reading, so that no later change is missed
        try:
            config = load_config(sources, environment=os.environ)
        except ConfigError:
            self._open_logs(LogToStdout.PROXY)  # what is wrong with it has to be said somewhere
            raise
        return App(
            config,
            launcher=self.launcher,
            logs=self._open_logs(LogToStdout(config.log_to_stdout)),
            lines=self.lines,
            sources=sources,
            config_backups=self.paths.config_backups_of(sources.file),
            settings=self.settings,
            memory_file=self.paths.memory_file if self.keeps_files or config.routing.router.use == "memory" else None,
            watcher=watcher,
            adjust=self._with_own_key if options.uses_settings else lambda config: config,
        )

    def address_of(self, options: "ServeOptions") -> tuple[str, int]:
        """Return host and port to serve on: the command line's, else those of the settings."""
        if options.listen is not None:
            return options.listen
        settings = self.settings.now if options.uses_settings else Settings()
        return settings.served_at

    def _with_own_key(self, config: Config) -> Config:
        """Ask for the key of the settings too, while this computer is shared."""
        settings = self.settings.now
        if not settings.share_on_lan:
            return config
        return msgspec.structs.replace(config, api_keys=(*config.api_keys, settings.api_key))

    def _open_logs(self, to_stdout: LogToStdout) -> Logs:
        """Return the logs; what goes to standard output is settled by the first to ask, until the next start."""
        if self._logs is None:
            self._logs = Logs(to_stdout=to_stdout, files=self._files, stdout=self._stdout.write)
            self._logs.proxy.write(bytes(self._early))
            self._early.clear()
        return self._logs

    def _write(self, line: bytes) -> None:
        if self._logs is None:
            self._early += line
        else:
            self._logs.proxy.write(line)

    def close(self) -> None:
        """Give everything back."""
        self.launcher.close()
        self.lines.bind(None)
        self.lines.detach()
        self._stdout.write(bytes(self._early))
        self._stdout.close()
        if self._files is not None:
            self._files.close()


def run_core(main: Coroutine[object, object, int]) -> int:
    """Run the core's loop: uvloop where it exists, twice as fast as asyncio's own."""
    if sys.platform == "linux":
        import uvloop  # noqa: PLC0415 - there is none on Windows

        return int(uvloop.run(_until_all_ends(main)))
    return asyncio.run(_until_all_ends(main))


async def _until_all_ends(main: Coroutine[object, object, int]) -> int:
    """Say what ``main`` has left running: it should have ended that itself."""
    try:
        return await main
    finally:
        if left := running():
            _log.warning("still at work at the end: %s", ", ".join(left))


def _handle_signals(app: App) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, _posting(loop, app.quit))
        return
    loop.add_signal_handler(signal.SIGINT, app.quit)
    loop.add_signal_handler(signal.SIGTERM, app.quit)
    loop.add_signal_handler(signal.SIGHUP, app.reload)


def _posting(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> Callable[..., None]:
    def post(*_: object) -> None:
        loop.call_soon_threadsafe(act)

    return post
