"""The tray on Linux: a StatusNotifierItem with its menu, on the session bus, without any toolkit.

The icon has to survive its surroundings.  Panels start late, crash and come back: the item registers anew whenever
somebody takes the watcher's name.  The bus itself may go away: that is tried again for a while, and then the program
goes on without an icon, unless the display has gone too, which means that the user's session is over.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable

from jeepney import DBusAddress

from llamaswap_desktop.commands import Quit
from llamaswap_desktop.dbus import DAEMON, Bus, BusGone, CallFailed, session_bus_address
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.tray.entries import Action, Local
from llamaswap_desktop.tray.icon import FRAME_S, frames_of, icon_state
from llamaswap_desktop.tray.shell import Wishes
from llamaswap_desktop.tray.sni.display import has_display_gone
from llamaswap_desktop.tray.sni.objects import TrayObjects
from llamaswap_desktop.tray.view import View

_log = logging.getLogger("llamaswap_desktop.tray")

_WATCHER_NAME = "org.kde.StatusNotifierWatcher"
_WATCHER = DBusAddress("/StatusNotifierWatcher", _WATCHER_NAME, _WATCHER_NAME)
_WATCHER_CAME = (
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    f"member='NameOwnerChanged',arg0='{_WATCHER_NAME}'"
)
_DO_NOT_QUEUE = 4

_HOST_PATIENCE_S = 10.0
"""How long a panel may take to come up at login before the log says that there is none."""

_RECONNECT_S = 10.0
_RECONNECT_INTERVAL_S = 0.5


class SniTray:
    """Draws snapshots on whatever panel owns the watcher's name now; the main thread runs its own event loop."""

    def __init__(
        self,
        wishes: Wishes,
        *,
        bus_address: str | None = None,
        can_fall_back: Callable[[], bool] = lambda: False,
        host_patience_s: float = _HOST_PATIENCE_S,
        reconnect_s: float = _RECONNECT_S,
    ) -> None:
        self._wishes = wishes
        self._bus_address = bus_address or session_bus_address()
        self._can_fall_back = can_fall_back
        self._host_patience_s = host_patience_s
        self._reconnect_s = reconnect_s
        self._latest = View()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopped = False
        self._stopped = asyncio.Event()
        self._news = asyncio.Event()
        self._is_registered = False
        self._has_missed_hosts = False
        self.wants_fallback = False
        """Whether ``run`` has returned because nobody draws this icon, while another kind would be seen."""

    # -- any thread

    def show(self, view: View) -> None:
        self._latest = view
        self._on_loop(self._news)

    def tell(self, _title: str, _text: str) -> bool:
        return False  # whoever wants to tell something has a bus of his own

    def stop(self) -> None:
        self._is_stopped = True
        self._on_loop(self._stopped)

    def _on_loop(self, event: asyncio.Event) -> None:
        """Set ``event`` on the loop's thread; before the loop runs it looks for itself, after its end nobody does."""
        if (loop := self._loop) is not None:
            with contextlib.suppress(RuntimeError):  # closed between the look and the call
                loop.call_soon_threadsafe(event.set)

    # -- the main thread

    def run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._is_stopped:
            return
        on_the_bus = spawn("tray on the session bus", self._stay_on_the_bus())
        await self._stopped.wait()
        on_the_bus.cancel()
        await asyncio.wait({on_the_bus})

    async def _stay_on_the_bus(self) -> None:
        try:
            await self._live_on_one_bus()
        except BusGone as gone:
            _log.warning("no tray icon: %s", gone)
            self._wishes.act(Local.END_UNLESS_SERVING)
            return
        while await self._live_on_next_bus():
            pass
        if has_display_gone(os.environ):
            _log.warning("session bus and display have gone, so the session is over")
            self._wishes.act(Quit())
        else:
            _log.warning("no session bus for %.0f s: going on without a tray icon", self._reconnect_s)
            self._wishes.act(Local.END_UNLESS_SERVING)

    async def _live_on_next_bus(self) -> bool:
        """Try for a while to come back to a bus, and live there; return whether there was one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._reconnect_s) as patience:
                while True:
                    await asyncio.sleep(_RECONNECT_INTERVAL_S)
                    with contextlib.suppress(BusGone):
                        await self._live_on_one_bus(patience)
                        return True
        return False

    async def _live_on_one_bus(self, patience: asyncio.Timeout | None = None) -> None:
        """Connect (raises ``BusGone``; ends ``patience`` when it worked) and live there until the bus goes away."""
        objects = TrayObjects(self._latest, self._act_soon)
        came = asyncio.Event()
        bus = await Bus.open(self._bus_address, objects.serve, lambda member, body: _heard(member, body, came))
        if patience is not None:
            patience.reschedule(None)
        self._is_registered = False
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(bus.run(), name="read the bus")
                group.create_task(self._keep_registered(bus, came), name="register with panels")
                group.create_task(self._keep_drawing(bus, objects), name="draw the tray")
        except* BusGone as gone:
            _log.warning("%s", gone.exceptions[0])
        finally:
            await bus.close()

    async def _keep_registered(self, bus: Bus, came: asyncio.Event) -> None:
        """Register with the watcher that is there, and with every one that comes."""
        own_name = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
        try:
            await bus.call(DAEMON, "RequestName", "su", own_name, _DO_NOT_QUEUE)
        except CallFailed:  # a sandbox may forbid names of one's own; the unique one does as well
            own_name = bus.unique_name
        await bus.call(DAEMON, "AddMatch", "s", _WATCHER_CAME)
        asyncio.get_running_loop().call_later(self._host_patience_s, self._say_if_there_is_no_host)
        while True:
            came.clear()
            with contextlib.suppress(CallFailed):  # nobody there yet, or gone again
                await bus.call(_WATCHER, "RegisterStatusNotifierItem", "s", own_name)
                self._is_registered = True
            await came.wait()

    def _say_if_there_is_no_host(self) -> None:
        if self._is_registered or self._has_missed_hosts:
            return
        self._has_missed_hosts = True
        if self._can_fall_back():
            self.wants_fallback = True
            self._stopped.set()
        else:
            address = self._latest.snapshot.address
            dashboard = f"; the dashboard is at {address}/ui/" if address else ""
            _log.warning(
                "no tray icon yet: this desktop shows none (on GNOME the AppIndicator extension does)%s", dashboard
            )
            self._wishes.act(Local.NO_PANEL)

    async def _keep_drawing(self, bus: Bus, objects: TrayObjects) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            view = self._latest
            for address, member, signature, body in objects.draw(view, loop.time()):
                await bus.signal(address, member, signature, *body)
            moves = frames_of(icon_state(view.snapshot)) > 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FRAME_S if moves else None):
                    await self._news.wait()

    def _act_soon(self, action: Action) -> None:
        """Act after the host has its answer."""
        asyncio.get_running_loop().call_soon(self._wishes.act, action)


def _heard(member: str, body: tuple[object, ...], watcher_came: asyncio.Event) -> None:
    match member, body:
        case "NameOwnerChanged", (_, _, str(new_owner)) if new_owner:
            watcher_came.set()
        case _:
            pass
