"""A session bus of the test's own, and a panel on it that only asks and listens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call, new_method_return
from jeepney.io.asyncio import open_dbus_connection

from tests.needs import need

WATCHER = "org.kde.StatusNotifierWatcher"
DAEMON = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><keep_umask/><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


class BusDaemon:
    """``dbus-daemon`` at an address that it keeps when it starts anew."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "bus"
        self._config = folder / "bus.conf"
        self._config.write_text(_CONFIG.format(socket=self._socket))
        self.address = f"unix:path={self._socket}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            need("dbus-daemon", "dbus"),
            f"--config-file={self._config}",
            "--nofork",
            "--print-address=1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            await self._process.stdout.readline()

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@contextlib.asynccontextmanager
async def session_bus(folder: Path) -> AsyncIterator[BusDaemon]:
    daemon = BusDaemon(folder)
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


class Panel:
    """Owns the watcher's name, and sees what a real panel would see."""

    def __init__(self, connection) -> None:
        self._connection = connection
        self._replies: dict[int, asyncio.Future] = {}
        self._changed = asyncio.Event()
        self._reading = asyncio.get_running_loop().create_task(self._read())
        self.items: list[str] = []
        self.signals: list[tuple[str, tuple]] = []

    async def own_watcher(self) -> None:
        await self._daemon("AddMatch", "s", "type='signal',path='/MenuBar'")
        await self._daemon("AddMatch", "s", "type='signal',path='/StatusNotifierItem'")
        await self._daemon("RequestName", "su", WATCHER, 4)

    async def _daemon(self, member, signature, *body):
        return await self._ask(new_method_call(DAEMON, member, signature, body))

    async def has_owner(self, name: str) -> bool:
        return (await self._daemon("NameHasOwner", "s", name))[0]

    async def ask(self, path, interface, member, signature=None, *body):
        address = DBusAddress(path, self.items[-1], interface)
        return await self._ask(new_method_call(address, member, signature, body))

    async def _ask(self, message):
        serial = next(self._connection.outgoing_serial)
        reply = self._replies[serial] = asyncio.get_running_loop().create_future()
        await self._connection.send(message, serial=serial)
        async with asyncio.timeout(5):
            answer = await reply
        if answer.header.message_type is MessageType.error:
            raise PermissionError(answer.header.fields[HeaderFields.error_name], *answer.body)
        return answer.body

    async def menu(self, member, signature=None, *body):
        return await self.ask("/MenuBar", "com.canonical.dbusmenu", member, signature, *body)

    async def item_property(self, name):
        ((_, value),) = await self.ask(
            "/StatusNotifierItem",
            "org.freedesktop.DBus.Properties",
            "Get",
            "ss",
            "org.kde.StatusNotifierItem",
            name,
        )
        return value

    async def entries(self) -> dict[str, tuple[int, dict]]:
        """Every labelled entry of the menu: its number and properties, by label."""
        _, root = await self.menu("GetLayout", "iias", 0, -1, [])
        found: dict[str, tuple[int, dict]] = {}

        def collect(layout):
            number, properties, children = layout
            if "label" in properties:
                values = {name: value for name, (_, value) in properties.items()}
                found.setdefault(values["label"], (number, values))
            for _, child in children:
                collect(child)

        collect(root)
        return found

    async def click(self, label: str) -> None:
        number, _ = (await self.entries())[label]
        await self.menu("Event", "isvu", number, "clicked", ("i", 0), 0)

    async def until(self, fact: Callable[[], bool], name: str, timeout_s: float = 5.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not fact():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"after {timeout_s} s still not true: {name}; heard {self.signals}") from None

    async def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._received(await self._connection.receive())
                self._changed.set()

    def _received(self, message) -> None:
        fields = message.header.fields
        match message.header.message_type:
            case MessageType.method_return | MessageType.error:
                if reply := self._replies.pop(fields[HeaderFields.reply_serial], None):
                    reply.set_result(message)
            case MessageType.signal if fields[HeaderFields.path] != DAEMON.object_path:
                self.signals.append((fields[HeaderFields.member], message.body))
            case MessageType.method_call:
                assert fields[HeaderFields.member] == "RegisterStatusNotifierItem"
                self.items.append(message.body[0])
                asyncio.get_running_loop().create_task(self._connection.send(new_method_return(message)))

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.wait({self._reading})
        await self._connection.close()


@contextlib.asynccontextmanager
async def panel_on(bus: BusDaemon) -> AsyncIterator[Panel]:
    panel = Panel(await open_dbus_connection(bus.address))
    try:
        await panel.own_watcher()
        yield panel
    finally:
        await panel.close()
