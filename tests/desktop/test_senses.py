"""What the user is busy with, as the system tells it."""

import asyncio

import pytest

from llamaswap_desktop.dbus import DAEMON, Bus, Reply
from llamaswap_desktop.desktop.senses.windows import FULL_SCREEN, GAME, ShellSense
from llamaswap_desktop.tasks import spawn


class Shell:
    def __init__(self, state: int, failed: int = 0) -> None:
        self.state, self.failed = state, failed

    def SHQueryUserNotificationState(self, reference):
        reference._obj.value = self.state
        return self.failed


@pytest.mark.parametrize(
    ("state", "failed", "plays", "fills"),
    [(3, 0, True, True), (2, 0, False, True), (4, 0, False, True), (5, 0, False, False), (3, -1, False, False)],
)
async def test_windows_tells_what_fills_the_screen(state, failed, plays, fills):
    for states, is_on in ((GAME, plays), (FULL_SCREEN, fills)):
        sense = ShellSense(states, Shell(state, failed))
        assert await sense.is_on() is is_on
        await sense.close()


@pytest.mark.child
@pytest.mark.linux
async def test_gamemode_is_asked_only_where_it_runs(tmp_path):
    from llamaswap_desktop.desktop.senses.gamemode import GameModeSense
    from tests.tray.sni.bus_daemon import session_bus

    games = 0

    def serve(*_call):
        return Reply("v", (("i", games),))

    async with session_bus(tmp_path) as bus:
        sense = GameModeSense(bus.address)
        assert not await sense.is_on()
        gamemode = await Bus.open(bus.address, serve, lambda *_: None)
        reading = spawn("gamemode", gamemode.run())
        await gamemode.call(DAEMON, "RequestName", "su", "com.feralinteractive.GameMode", 0)
        assert not await sense.is_on()
        games = 2
        assert await sense.is_on()
        reading.cancel()
        await asyncio.wait({reading})
        await gamemode.close()
        await bus.stop()
        assert not await sense.is_on()
        await sense.close()
