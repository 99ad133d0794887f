"""What logind says before the computer sleeps or ends, and the moment that it gives us then.

A *delay* inhibitor is a file descriptor: while we hold it, logind waits for us, for five seconds at most.  A system
without logind costs a line in the log, and the signals that end programs still come.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from llamaswap_desktop.dbus import DAEMON, Bus, BusGone, CallFailed, serve_nothing
from llamaswap_desktop.tasks import spawn

_log = logging.getLogger("llamaswap_desktop.desktop")

_NAME = "org.freedesktop.login1"
_MANAGER = DBusAddress("/org/freedesktop/login1", _NAME, f"{_NAME}.Manager")
_SIGNALS = f"type='signal',sender='{_NAME}',interface='{_NAME}.Manager',path='/org/freedesktop/login1'"
_ASK_TIMEOUT_S = 3.0


class Logind:
    """Listens on the system's bus; lives on the running loop.

    ``before_sleep`` is awaited while logind waits, then the computer sleeps; ``shutting_down`` is called once.
    """

    def __init__(
        self, bus_address: str, *, before_sleep: Callable[[], Awaitable[None]], shutting_down: Callable[[], None]
    ) -> None:
        self._bus_address = bus_address
        self._before_sleep = before_sleep
        self._shutting_down = shutting_down
        self._inhibitor: int | None = None
        self._task = spawn("listen to logind", self._live())

    async def close(self) -> None:
        """Listen no more, and let logind go on."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _live(self) -> None:
        try:
            bus = await Bus.open(self._bus_address, serve_nothing, self._heard)
        except BusGone as gone:
            _log.debug("not told of sleep and shutdown: %s", gone)
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(bus.run(), name="read the system's bus")
                await bus.call(DAEMON, "AddMatch", "s", _SIGNALS)
                await self._inhibit()
        except* (BusGone, CallFailed) as gone:
            _log.debug("no longer told of sleep and shutdown: %s", gone.exceptions[0])
        finally:
            self._let_go()
            await bus.close()

    def _heard(self, member: str, body: tuple[object, ...]) -> None:
        match member, body:
            case "PrepareForSleep", (True,):
                spawn("prepare for sleep", self._sleep())
            case "PrepareForSleep", (False,):
                spawn("be asked before the next sleep", self._inhibit())
            case "PrepareForShutdown", (True,):
                _log.info("the computer is about to end")
                self._shutting_down()
            case _:
                pass

    async def _sleep(self) -> None:
        _log.info("the computer is about to sleep")
        try:
            await self._before_sleep()
        finally:
            self._let_go()

    async def _inhibit(self) -> None:
        if self._inhibitor is None:
            self._inhibitor = await asyncio.to_thread(_take_inhibitor, self._bus_address)

    def _let_go(self) -> None:
        inhibitor, self._inhibitor = self._inhibitor, None
        if inhibitor is not None:
            os.close(inhibitor)


def _take_inhibitor(bus_address: str) -> int | None:
    """Return the descriptor that makes logind wait; the asyncio connection cannot be given any."""
    question = new_method_call(
        _MANAGER, "Inhibit", "ssss", ("sleep:shutdown", "llama-swap Desktop", "Models are stopped first", "delay")
    )
    with contextlib.suppress(OSError, EOFError, TimeoutError):
        connection = open_dbus_connection(bus_address, enable_fds=True)
        try:
            answer = connection.send_and_get_reply(question, timeout=_ASK_TIMEOUT_S)
            if answer.header.message_type is MessageType.method_return:
                return int(answer.body[0].to_raw_fd())
        finally:
            connection.close()
    _log.debug("logind gives no time before sleep and shutdown")
    return None
