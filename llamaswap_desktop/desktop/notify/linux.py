"""Messages on Linux desktops: ``org.freedesktop.Notifications`` on the session bus, with buttons.

The connection is made for the first message and stays, for a button is pressed minutes later.  A desktop without a
notification service costs a line in the log and nothing else.
"""

import asyncio
import logging
from collections.abc import Mapping

from jeepney import DBusAddress

from llamaswap_desktop.dbus import DAEMON, Bus, BusGone, CallFailed, serve_nothing
from llamaswap_desktop.desktop.notify.notice import Notice, Offer
from llamaswap_desktop.desktop.paths import APP_ID
from llamaswap_desktop.tasks import spawn

_log = logging.getLogger("llamaswap_desktop.desktop")

_NAME = "org.freedesktop.Notifications"
_SERVICE = DBusAddress("/org/freedesktop/Notifications", _NAME, _NAME)
_SIGNALS = f"type='signal',interface='{_NAME}',path='/org/freedesktop/Notifications'"
_APP_NAME = "llama-swap Desktop"
_SERVICE_DECIDES = -1
_MOST_REMEMBERED = 20


class FreedesktopNotifier:
    """Shows messages by the notification service on ``bus_address``; lives on the running loop.

    ``picture`` stands beside each: width, height and RGBA bytes.  An icon by name shows where we are installed only.
    """

    def __init__(self, bus_address: str, picture: tuple[int, int, bytes] | None = None) -> None:
        self._bus_address = bus_address
        self._hints: dict[str, tuple[str, object]] = {"desktop-entry": ("s", APP_ID)}
        if picture is not None:
            width, height, rgba = picture
            self._hints["image-data"] = ("(iiibiiay)", (width, height, 4 * width, True, 8, 4, rgba))
        self._queue: asyncio.Queue[Notice] = asyncio.Queue()
        self._numbers: dict[str, int] = {}
        """By kind: the number of its last message, which the next one replaces."""
        self._offers: dict[int, Mapping[str, Offer]] = {}
        self._task: asyncio.Task[object] | None = None

    def show(self, notice: Notice) -> None:
        self._queue.put_nowait(notice)
        if self._task is None:
            self._task = spawn("notifications", self._live())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _live(self) -> None:
        try:
            bus = await Bus.open(self._bus_address, serve_nothing, self._heard)
        except BusGone as gone:
            _log.info("no notifications: %s", gone)
            self._task = None
            return
        self._numbers, self._offers = {}, {}
        reading = spawn("read the bus for notifications", bus.run_until_gone())
        try:
            await bus.call(DAEMON, "AddMatch", "s", _SIGNALS)
            while not reading.done():
                await self._send(bus, await self._queue.get())
        except BusGone as gone:
            _log.info("no notifications: %s", gone)
        finally:
            self._task = None
            reading.cancel()
            await asyncio.wait({reading})
            await bus.close()

    async def _send(self, bus: Bus, notice: Notice) -> None:
        offers = {f"offer {number}": offer for number, offer in enumerate(notice.offers)}
        words = [word for key, offer in offers.items() for word in (key, offer.label)]
        if notice.offers:
            offers["default"] = notice.offers[0]  # a click on the message; services that want a button have one
            words = [*words, "default", ""]
        replaces = self._numbers.get(notice.kind, 0)
        body = (_APP_NAME, replaces, APP_ID, notice.title, _escaped(notice.text), words, self._hints, _SERVICE_DECIDES)
        try:
            (number,) = await bus.call(_SERVICE, "Notify", "susssasa{sv}i", *body)
        except CallFailed as error:
            _log.info("a notification could not be shown: %s (%s)", notice.title, error)
            return
        assert isinstance(number, int)
        self._numbers[notice.kind] = number
        self._offers[number] = offers
        while len(self._offers) > _MOST_REMEMBERED:
            del self._offers[next(iter(self._offers))]

    def _heard(self, member: str, body: tuple[object, ...]) -> None:
        match member, body:
            case "ActionInvoked", (int(number), str(key)):
                if (offer := self._offers.get(number, {}).get(key)) is not None:
                    offer.accept()
            case "NotificationClosed", (int(number), *_):
                self._offers.pop(number, None)
            case _:
                pass


def _escaped(text: str) -> str:
    """Guard what the service would take for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
