"""GameMode says when a game is played on Linux: Steam, Lutris and Heroic tell it of theirs.

It is asked only where it runs already: a question must not start it.
"""

import asyncio

from jeepney import DBusAddress

from llamaswap_desktop.dbus import DAEMON, Bus, BusGone, CallFailed, serve_nothing
from llamaswap_desktop.tasks import spawn

_NAME = "com.feralinteractive.GameMode"
_PROPERTIES = DBusAddress("/com/feralinteractive/GameMode", _NAME, "org.freedesktop.DBus.Properties")


class GameModeSense:
    """Asks GameMode on ``bus_address``; lives on the running loop."""

    def __init__(self, bus_address: str) -> None:
        self._bus_address = bus_address
        self._bus: Bus | None = None
        self._reading: asyncio.Task[object] | None = None

    async def is_on(self) -> bool:
        try:
            bus = await self._connected()
            (is_there,) = await bus.call(DAEMON, "NameHasOwner", "s", _NAME)
            if not is_there:
                return False
            (count,) = await bus.call(_PROPERTIES, "Get", "ss", _NAME, "ClientCount")
        except CallFailed:
            return False
        except BusGone:
            await self.close()
            return False
        return isinstance(count, tuple) and bool(count[1])  # a variant: its signature and its value

    async def close(self) -> None:
        reading, bus, self._reading, self._bus = self._reading, self._bus, None, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})
        if bus is not None:
            await bus.close()

    async def _connected(self) -> Bus:
        if self._bus is None:
            self._bus = await Bus.open(self._bus_address, serve_nothing, lambda _member, _body: None)
            self._reading = spawn("read the bus for games", self._bus.run_until_gone())
        return self._bus
