"""A desktop of the test's own: a screen that nobody sees, a session bus, and a real xfce4-panel with a tray.

Everything below one folder, on its own bus and display, so nothing of the developer's desktop takes part.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.asyncio import open_dbus_router
from PIL import Image, ImageGrab

from tests.needs import need
from tests.whole.program import profile

ARTEFACTS = Path(__file__).parents[2] / "artefacts"

WIDTH, HEIGHT, PANEL_PX = 800, 600, 32
SYSTEM_PACKAGES = "/usr/lib/python3/dist-packages"
WATCHER = "org.kde.StatusNotifierWatcher"

_PANEL_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="DARK"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x={WIDTH // 2};y={HEIGHT - PANEL_PX // 2}"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{PANEL_PX}"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>"""


class DesktopSession:
    """``environment`` is what a program started from this desktop would have."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **profile(home),
            "XDG_CURRENT_DESKTOP": "XFCE",
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            "GTK_A11Y": "none",
            "LC_ALL": "C.UTF-8",
        }
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._window_class = "wrapper-2.0"
        """Of the windows that hold icon and menu: the panel's own for its tray."""

    # -- its parts

    async def start(self, *, dark: bool) -> None:
        (self.home / "run").mkdir(mode=0o700)
        settings = self.home / ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        settings.parent.mkdir(parents=True)
        settings.write_text(_PANEL_XML.replace("DARK", str(dark).lower()))
        self.environment["DISPLAY"] = await self._start_screen()
        await self.start_bus()

    async def _start_screen(self) -> str:
        reading, writing = os.pipe()
        with open(reading) as told:
            try:
                screen = f"{WIDTH}x{HEIGHT}x24"
                await self._spawn(
                    "Xvfb", "xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp",
                    pass_fds=(writing,),
                )  # fmt: skip
            finally:
                os.close(writing)
            return ":" + (await asyncio.to_thread(told.readline)).strip()

    async def start_bus(self) -> None:
        path = f"unix:path={self.home}/run/bus"
        (self.home / "run" / "bus").unlink(missing_ok=True)
        daemon = await self._spawn("dbus-daemon", "dbus", "--session", "--nofork", f"--address={path}",
                                   "--print-address=1", stdout=asyncio.subprocess.PIPE)  # fmt: skip
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = path
        await daemon.stdout.readline()

    async def start_panel(self) -> None:
        await self._spawn("xfce4-panel", "xfce4-panel", "--disable-wm-check")  # it would wait 5 s for a window manager
        await self.until(self._has_watcher, "the panel watches for tray icons")

    async def start_window_manager(self) -> None:
        """Start what says which window is active and lets one fill the screen."""
        await self._spawn("openbox", "openbox")

    async def start_notifications(self, service: str) -> None:
        """Start the desktop's notification service."""
        await self._spawn(service, "xfce4-notifyd")
        question = new_method_call(
            DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus"),
            "NameHasOwner", "s", ("org.freedesktop.Notifications",),
        )  # fmt: skip

        async def is_there():
            async with open_dbus_router(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as router:
                return (await router.send_and_get_reply(question)).body[0]

        await self.until(is_there, "the notification service is on the bus")

    async def notifications(self) -> list[str]:
        """The windows of the messages that are on the screen now."""
        found = await self._xdotool("search", "--onlyvisible", "--class", "xfce4-notifyd")
        return found.split()

    async def start_old_panel(self) -> None:
        self._window_class = "__main__.py"  # icon and menu are the program's
        self.environment["PYTHONPATH"] = SYSTEM_PACKAGES  # where PyGObject is, if it is
        place = ("--edge", "bottom", "--align", "right", "--widthtype", "pixel", "--width", str(WIDTH))
        await self._spawn("trayer", "trayer", *place, "--heighttype", "pixel", "--height", str(PANEL_PX))

    async def stop(self, program: str) -> None:
        """End one part, as a crash would."""
        process = self._processes.pop(program)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _spawn(self, program: str, package: str, *words: str, **settings) -> asyncio.subprocess.Process:
        with (self.home / f"{Path(program).name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                need(program, package), *words, env=self.environment, stderr=log,
                **{"stdout": asyncio.subprocess.DEVNULL, **settings},
            )  # fmt: skip
        self._processes[program] = process
        return process

    async def end(self) -> None:
        for program in reversed(list(self._processes)):
            await self.stop(program)

    # -- what a user does and sees

    async def keys(self, *names: str) -> None:
        for name in names:
            await self._xdotool("key", name)
            await asyncio.sleep(0.15)  # a menu takes keys only when it has drawn itself, and says nothing of it

    async def go_to(self, *labels: str) -> None:
        """Move the mark in the open menu to the entry that begins with the last label, through those before it."""
        for depth, label in enumerate(labels):
            if depth:
                await self.keys("Right")
            entries = await self._entries_below(labels[:depth])
            clickable = [text for text, is_enabled in entries if is_enabled]
            downs = next(number for number, text in enumerate(clickable) if text.startswith(label))
            await self.keys(*["Down"] * (downs if depth else downs + 1))

    async def _entries_below(self, labels: tuple[str, ...]) -> list[tuple[str, bool]]:
        """Label of each entry and whether it can be chosen, as the program tells them to the panel."""
        (item,) = await self.icons_on_the_bus()
        menu = DBusAddress("/MenuBar", item.partition("/")[0], "com.canonical.dbusmenu")
        async with open_dbus_router(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as router:
            question = new_method_call(menu, "GetLayout", "iias", (0, -1, []))
            layout = (await router.send_and_get_reply(question)).body[1]
        for label in labels:
            layout = next(child for _, child in layout[2] if _label_of(child).startswith(label))
        return [
            (_label_of(child), child[1].get("enabled", ("b", True))[1]) for _, child in layout[2] if "label" in child[1]
        ]

    async def open_menu(self, button: int = 1) -> None:
        """Click on the icon and wait for the menu on screen."""
        x, y = await self.until(self.icon_position, "an icon in the panel")

        async def is_open():
            await self._xdotool("mousemove", str(WIDTH // 2), "100")
            await self._xdotool("mousemove", str(x), str(y), "click", str(button))
            for _ in range(20):
                if await self.menus():
                    return True
                await asyncio.sleep(0.05)
            return False  # a panel that has not fetched the menu yet does nothing; a user would click again

        await self.until(is_open, "the menu opens")
        await asyncio.sleep(0.3)  # and again: until it takes keys

    async def point_at_icon(self) -> None:
        """Rest on the icon, as one who wants its tooltip."""
        x, y = await self.until(self.icon_position, "an icon in the panel")
        for step in (-3, 0):
            await self._xdotool("mousemove", str(x + step), str(y))

    async def icon_position(self) -> tuple[int, int] | None:
        """Where the middle of the tray's first icon is."""
        for x, y, width, height in await self._windows():
            if y >= HEIGHT - 2 * PANEL_PX and height <= PANEL_PX + 8:
                return x + width // 2, y + height // 2
        return None

    async def menus(self) -> list[tuple[int, int, int, int]]:
        return [window for window in await self._windows() if window[3] > 3 * PANEL_PX]

    async def icon_colours(self) -> set[tuple[int, int, int]]:
        """The colours of the icon as they are on the screen now."""
        position = await self.icon_position()
        if position is None:
            return set()
        x, y = position
        seen = self.screenshot().crop((x - 11, y - 11, x + 11, y + 11))
        return {colour for _, colour in seen.getcolors(4096)}

    def screenshot(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).convert("RGB")

    def keep_screenshot(self, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        self.screenshot().save(ARTEFACTS / f"{name}.png")

    async def _windows(self) -> list[tuple[int, int, int, int]]:
        """Place and size of every visible window that holds a tray icon or its menu."""
        found = []
        for window in (await self._xdotool("search", "--onlyvisible", "--class", self._window_class)).split():
            told = dict(re.findall(r"(\w+)=(-?\d+)", await self._xdotool("getwindowgeometry", "--shell", window)))
            if told:
                found.append(tuple(int(told[name]) for name in ("X", "Y", "WIDTH", "HEIGHT")))
        return found

    async def _xdotool(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            need("xdotool", "xdotool"), *words, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    # -- what the bus knows

    async def _has_watcher(self) -> bool:
        return await self.icons_on_the_bus() is not None

    async def icons_on_the_bus(self) -> list[str] | None:
        """The registered items; None if there is nobody to register with."""
        address = DBusAddress("/StatusNotifierWatcher", WATCHER, "org.freedesktop.DBus.Properties")
        question = new_method_call(address, "Get", "ss", (WATCHER, "RegisteredStatusNotifierItems"))
        async with open_dbus_router(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as router:
            answer = await router.send_and_get_reply(question)
        return None if answer.header.message_type is MessageType.error else answer.body[0][1]

    async def until(self, fact: Callable[[], Awaitable], name: str, timeout_s: float = 15.0):
        """Wait until the awaitable ``fact()`` is true and return it; fail by ``name``, with a screenshot."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (value := await fact()):
                    await asyncio.sleep(0.05)
                return value
        except TimeoutError:
            self.keep_screenshot("tray-failure")
            raise AssertionError(f"after {timeout_s} s still not true: {name} (artefacts/tray-failure.png)") from None


def _label_of(layout) -> str:
    return layout[1].get("label", ("s", ""))[1].replace("__", "_")


@contextlib.asynccontextmanager
async def old_desktop_session(home: Path) -> AsyncIterator[DesktopSession]:
    """A desktop whose panel, trayer, embeds icons of the old kind only."""
    session = DesktopSession(home)
    try:
        await session.start(dark=True)
        await session.start_old_panel()
        yield session
    finally:
        await session.end()


@contextlib.asynccontextmanager
async def desktop_session(home: Path, *, dark: bool = True) -> AsyncIterator[DesktopSession]:
    session = DesktopSession(home)
    try:
        await session.start(dark=dark)
        await session.start_panel()
        yield session
    finally:
        await session.end()
