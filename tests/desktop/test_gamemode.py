"""Whether a game is played, as GameMode tells it."""

import asyncio

import pytest

from llamaswap_desktop.dbus import DAEMON, Bus, Reply
from llamaswap_desktop.desktop.senses.gamemode import GameModeSense
from llamaswap_desktop.tasks import spawn
from tests.tray.sni.bus_daemon import session_bus


@pytest.mark.child
@pytest.mark.linux
async def test_gamemode_is_asked_only_where_it_runs(tmp_path):
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
