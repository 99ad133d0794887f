"""Messages at the desktop's own service, over D-Bus."""

import asyncio

import pytest
from jeepney import DBusAddress

from llamaswap_desktop.dbus import DAEMON, Bus, NoSuchMethod, Reply
from llamaswap_desktop.desktop import Notice, Offer
from llamaswap_desktop.desktop.notify.linux import FreedesktopNotifier
from llamaswap_desktop.tasks import spawn
from tests.tray.sni.bus_daemon import session_bus
from tests.waiting import until


class Service:
    """A notification service of the test's own."""

    def __init__(self) -> None:
        self.shown: list[tuple] = []
        self.bus: Bus

    def serve(self, _path, _interface, member, body):
        if member != "Notify":
            raise NoSuchMethod(member)
        self.shown.append(body)
        return Reply("u", (body[1] or 40 + len(self.shown),))

    async def live(self, address: str) -> None:
        self.bus = await Bus.open(address, self.serve, lambda *_: None)
        self.reading = spawn("service", self.bus.run())
        await self.bus.call(DAEMON, "RequestName", "su", "org.freedesktop.Notifications", 0)
        self.address = DBusAddress("/org/freedesktop/Notifications", interface="org.freedesktop.Notifications")

    async def press(self, number: int, key: str) -> None:
        await self.bus.signal(self.address, "ActionInvoked", "us", number, key)

    async def end(self) -> None:
        self.reading.cancel()
        await asyncio.wait({self.reading})
        await self.bus.close()


@pytest.mark.child
@pytest.mark.linux
async def test_freedesktop_service_shows_replaces_and_hears_of_buttons(tmp_path):
    taken: list[str] = []
    offers = (Offer("Show log", lambda: taken.append("log")), Offer("Try again", lambda: taken.append("again")))
    async with session_bus(tmp_path) as bus:
        service, notifier = Service(), FreedesktopNotifier(bus.address, (1, 1, b"rgba"))
        await service.live(bus.address)
        notifier.show(Notice("load failed", "qwen", "exit 1 <b>&", offers))
        notifier.show(Notice("load failed", "gemma", "", ()))
        notifier.show(Notice("port", "taken", "", offers[1:]))
        await until(lambda: len(service.shown) == 3, "three messages")
        first, second, third = service.shown
        assert first[:6] == (
            "llama-swap Desktop", 0, "llamaswap-desktop", "qwen", "exit 1 &lt;b&gt;&amp;",
            ["offer 0", "Show log", "offer 1", "Try again", "default", ""],
        )  # fmt: skip
        assert first[6]["desktop-entry"] == ("s", "llamaswap-desktop")
        assert first[6]["image-data"] == ("(iiibiiay)", (1, 1, 4, True, 8, 4, b"rgba"))
        assert (second[1], third[1]) == (41, 0), "of a kind: the second takes the first one's place"
        await service.press(41, "offer 1")
        await service.press(43, "default")
        await service.press(43, "nonsense")
        await service.press(99, "default")
        await until(lambda: taken, "the button was heard")
        assert taken == ["again"]
        await service.end()
        await notifier.close()


@pytest.mark.child
@pytest.mark.linux
async def test_desktop_without_a_service_or_a_bus_costs_a_line_in_the_log(tmp_path, caplog):
    caplog.set_level("INFO")
    async with session_bus(tmp_path) as bus:
        notifier = FreedesktopNotifier(bus.address)
        notifier.show(Notice("a", "lost", ""))
        await until(lambda: "a notification could not be shown: lost" in caplog.text, "said")
        await bus.stop()
        notifier.show(Notice("a", "lost too", ""))
        await until(lambda: "no notifications: " in caplog.text, "the bus has gone")
    nowhere = FreedesktopNotifier(f"unix:path={tmp_path}/none")
    nowhere.show(Notice("a", "x", ""))
    await until(lambda: "no bus at" in caplog.text, "no bus")
    await nowhere.close()
    await notifier.close()
