"""The subcommand ``demo-model``: its flags, its socket, and its end."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from llamaswap_desktop.demo.server import DemoServer

_log = logging.getLogger(__name__)

_STOP_SIGNALS = tuple(
    # SIGBREAK is Ctrl-Break: the polite stop that a parent on Windows can send.
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGBREAK")
    if name in signal.Signals.__members__
)

_FAREWELL_S = 0.25
"""Time that running answers get when the server is told to stop."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line of a demo model says."""

    host: str
    port: int
    name: str
    load_time_s: float
    word_delay_s: float


def run(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM, SIGINT or (on Windows) Ctrl-Break, and return the exit code.

    Flags: ``--port`` (required), ``--name``, ``--host``, ``--load-time`` and ``--word-delay`` (both in seconds).
    Returns 1 when the address cannot be had; raises SystemExit for flags that cannot be read.  Must be called
    on the main thread.
    """
    settings = parse_arguments(arguments)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    return asyncio.run(_serve(settings))


def parse_arguments(arguments: Sequence[str]) -> Settings:
    """Read the flags of ``demo-model``; raises SystemExit, with a message on stderr, if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="llamaswap-desktop demo-model",
        description="A small OpenAI-compatible server without any AI inside, to try out swapping.",
    )
    parser.add_argument("--port", type=_port, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--name", default="demo", help="the name that the demo model calls itself by")
    parser.add_argument(
        "--load-time", type=_seconds, default=1.0, metavar="SECONDS", help="pretend to load for so long"
    )
    parser.add_argument("--word-delay", type=_seconds, default=0.03, metavar="SECONDS", help="time to make up one word")
    given = parser.parse_args(arguments)
    return Settings(given.host, given.port, given.name, given.load_time, given.word_delay)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port: give a number from 0 (any free port) to 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no duration: give seconds from 0 to 3600")
    return seconds


async def _serve(settings: Settings) -> int:
    server = DemoServer(settings.name, settings.load_time_s, settings.word_delay_s)
    runner = web.AppRunner(
        server.application(), access_log=None, handler_cancellation=True, shutdown_timeout=_FAREWELL_S
    )
    await runner.setup()
    try:
        return await _serve_until_told_to_stop(settings, runner)
    finally:
        await runner.cleanup()


async def _serve_until_told_to_stop(settings: Settings, runner: web.AppRunner) -> int:
    with _stop_signals() as stop:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            _log.error(
                "cannot listen on %s:%d (%s): give another --host or --port", settings.host, settings.port, error
            )
            return 1
        host, port = runner.addresses[0][:2]
        _log.info("%s listens on http://%s:%d", settings.name, f"[{host}]" if ":" in host else host, port)
        await stop.wait()
        _log.info("%s stops", settings.name)
        return 0


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """Turn the signals that end a program into an event, for as long as the block runs.

    ``signal.signal`` and not ``loop.add_signal_handler``: the latter does not exist on Windows.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set)) for number in _STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
