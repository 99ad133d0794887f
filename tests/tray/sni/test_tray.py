"""The tray against a panel of the test's own, on a real private bus: it shows, hears, and survives its surroundings."""

import asyncio
import contextlib
import threading
import time

import pytest

from llamaswap_desktop.commands import LoadModel, Quit
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray import Local, View, Wishes
from llamaswap_desktop.tray.icon import IconState, argb_pixmaps
from llamaswap_desktop.tray.sni import SniTray
from llamaswap_desktop.types import ModelId, Phase, ProcessState
from tests.tray.sni.bus_daemon import panel_on, session_bus

pytestmark = [pytest.mark.child, pytest.mark.linux]


def snapshot(*names, state=ProcessState.STOPPED) -> View:
    models = tuple(ModelSnapshot(id=ModelId(name), name=name, state=state) for name in names)
    return View(Snapshot(phase=Phase.SERVING, address="http://127.0.0.1:9292", models=models))


class RunningTray:
    """The tray on a thread of its own, as the program has it on the main one."""

    def __init__(self, address: str, **patience) -> None:
        self.acts: list = []
        self.tray = SniTray(Wishes(self.acts.append, lambda: None, lambda: None), bus_address=address, **patience)
        self.tray.show(snapshot("qwen3_8b"))
        self._thread = threading.Thread(target=self.tray.run, name="tray")
        self._thread.start()

    async def until_it_acts(self, count: int = 1) -> list:
        async with asyncio.timeout(5):
            while len(self.acts) < count:
                await asyncio.sleep(0.005)
        return self.acts

    async def end(self, within_s: float = 2.0) -> None:
        self.tray.stop()
        await asyncio.to_thread(self._thread.join, within_s)
        assert not self._thread.is_alive(), f"the tray has not ended within {within_s} s"


@contextlib.asynccontextmanager
async def running_tray(address: str, **patience):
    tray = RunningTray(address, **patience)
    try:
        yield tray
    finally:
        await tray.end()


async def test_it_registers_and_shows_icon_tooltip_and_menu(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address):
        await panel.until(lambda: panel.items, "the tray registers")
        assert [tuple(pixmap) for pixmap in await panel.item_property("IconPixmap")] == [*argb_pixmaps(IconState.IDLE)]
        assert (await panel.item_property("ToolTip"))[2] == "llama-swap Desktop: No model is loaded"
        assert await panel.item_property("Menu") == "/MenuBar"
        entries = await panel.entries()
        assert entries["qwen3__8b"][1]["toggle-state"] == 0
        assert not entries["No model is loaded"][1]["enabled"]


async def test_click_reaches_the_program_and_left_click_opens_the_dashboard(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address) as tray:
        await panel.until(lambda: panel.items, "the tray registers")
        await panel.click("qwen3__8b")
        await panel.ask("/StatusNotifierItem", "org.kde.StatusNotifierItem", "Activate", "ii", 0, 0)
        await panel.click("Quit")
        await panel.click("No model is loaded")
        assert await tray.until_it_acts(3) == [LoadModel("qwen3_8b"), Local.OPEN_DASHBOARD, Quit()]


async def test_change_of_state_leaves_an_open_menu_alone(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address) as tray:
        await panel.until(lambda: panel.items, "the tray registers")
        number, _ = (await panel.entries())["qwen3__8b"]
        tray.tray.show(snapshot("qwen3_8b", state=ProcessState.READY))
        await panel.until(lambda: len(panel.signals) >= 3, "icon, tooltip and menu have news")
        names = [name for name, _ in panel.signals]
        assert names == ["NewIcon", "NewToolTip", "ItemsPropertiesUpdated"]
        updated = dict(panel.signals[-1][1][0])
        assert updated[number]["toggle-state"] == ("i", 1)
        assert [tuple(pixmap) for pixmap in await panel.item_property("IconPixmap")] == [*argb_pixmaps(IconState.READY)]


async def test_new_model_changes_the_layout(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address) as tray:
        await panel.until(lambda: panel.items, "the tray registers")
        revision, _ = await panel.menu("GetLayout", "iias", 0, 0, [])
        tray.tray.show(snapshot("qwen3_8b", "gemma"))
        await panel.until(lambda: panel.signals, "the menu has news")
        assert panel.signals == [("LayoutUpdated", (revision + 1, 0))]
        assert "gemma" in await panel.entries()


async def test_burst_of_snapshots_ends_with_the_last(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address) as tray:
        await panel.until(lambda: panel.items, "the tray registers")
        for number in range(500):
            tray.tray.show(snapshot(f"model {number}"))
        async with asyncio.timeout(5):
            while "model 499" not in await panel.entries():
                await asyncio.sleep(0.005)


async def test_panel_that_dies_and_comes_back_gets_the_icon_again(tmp_path):
    async with session_bus(tmp_path) as bus, running_tray(bus.address):
        for _ in range(3):
            async with panel_on(bus) as panel:
                await panel.until(lambda: panel.items, "the tray registers")
                assert "qwen3__8b" in await panel.entries()


async def test_bus_that_comes_back_gets_the_icon_again(tmp_path):
    async with session_bus(tmp_path) as bus, running_tray(bus.address) as tray:
        async with panel_on(bus) as panel:
            await panel.until(lambda: panel.items, "the tray registers")
        await bus.stop()
        tray.tray.show(snapshot("gemma"))
        await bus.start()
        async with panel_on(bus) as panel:
            await panel.until(lambda: panel.items, "the tray registers on the new bus")
            assert "gemma" in await panel.entries()


async def test_bus_that_stays_away_costs_the_icon_only(tmp_path, caplog, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with session_bus(tmp_path) as bus, running_tray(bus.address, reconnect_s=0.7) as tray:
        async with panel_on(bus) as panel:
            await panel.until(lambda: panel.items, "the tray registers")
        await bus.stop()
        await _until_logged(caplog, "going on without a tray icon")
        tray.tray.show(snapshot("gemma"))
    assert tray.acts == [Local.END_UNLESS_SERVING]


async def test_bus_and_display_both_gone_end_the_program(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-gone")
    monkeypatch.delenv("DISPLAY", raising=False)
    async with session_bus(tmp_path) as bus, running_tray(bus.address, reconnect_s=0.7) as tray:
        async with panel_on(bus) as panel:
            await panel.until(lambda: panel.items, "the tray registers")
        await bus.stop()
        assert await tray.until_it_acts() == [Quit()]


async def test_no_bus_at_all_is_said_once(tmp_path, caplog):
    async with running_tray(f"unix:path={tmp_path}/none"):
        await _until_logged(caplog, "no tray icon: no bus at unix:path=")


async def test_desktop_without_a_tray_is_said_once(tmp_path, caplog):
    async with session_bus(tmp_path) as bus, running_tray(bus.address, host_patience_s=0.05):
        await _until_logged(caplog, "this desktop shows none")
        async with panel_on(bus) as panel:
            await panel.until(lambda: panel.items, "the tray registers late")


async def _until_logged(caplog, text: str) -> None:
    async with asyncio.timeout(5):
        while text not in caplog.text:
            await asyncio.sleep(0.01)
    assert caplog.text.count(text) == 1


@pytest.mark.parametrize(
    ("path", "interface", "member", "signature", "body"),
    [
        ("/MenuBar", "com.canonical.dbusmenu", "GetLayout", "iias", (99, -1, [])),
        ("/MenuBar", "com.canonical.dbusmenu", "GetLayout", None, ()),
        ("/MenuBar", "com.canonical.dbusmenu", "GetProperty", "is", (1, "colour")),
        ("/MenuBar", "com.canonical.dbusmenu", "Dance", None, ()),
        ("/StatusNotifierItem", "org.kde.StatusNotifierItem", "Dance", None, ()),
        ("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", "ss", ("x", "Colour")),
        ("/nowhere", "x.y", "z", None, ()),
    ],
)
async def test_nonsense_is_answered_with_an_error(tmp_path, path, interface, member, signature, body):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address):
        await panel.until(lambda: panel.items, "the tray registers")
        with pytest.raises(PermissionError, match="UnknownMethod"):
            await panel.ask(path, interface, member, signature, *body)
        assert "Quit" in await panel.entries()


async def test_every_question_of_the_protocols_is_answered(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel, running_tray(bus.address) as tray:
        await panel.until(lambda: panel.items, "the tray registers")
        properties = "org.freedesktop.DBus.Properties"
        (item,) = await panel.ask("/StatusNotifierItem", properties, "GetAll", "s", "org.kde.StatusNotifierItem")
        assert item["ItemIsMenu"] == ("b", True)
        (menu,) = await panel.ask("/MenuBar", properties, "GetAll", "s", "com.canonical.dbusmenu")
        assert menu["Version"] == ("u", 3)
        assert await panel.menu("AboutToShow", "i", 0) == (False,)
        assert await panel.menu("AboutToShowGroup", "ai", [0]) == ([], [])
        number, _ = (await panel.entries())["Quit"]
        assert await panel.menu("GetProperty", "is", number, "label") == (("s", "Quit"),)
        assert await panel.menu("GetGroupProperties", "aias", [number], ["enabled"]) == (
            [(number, {"enabled": ("b", True)})],
        )
        events = [(number, "opened", ("i", 0), 0), (number, "clicked", ("i", 0), 0), (99, "clicked", ("i", 0), 0)]
        assert await panel.menu("EventGroup", "a(isvu)", events) == ([99],)
        assert await tray.until_it_acts(3) == [Local.LOOK_AROUND, Local.LOOK_AROUND, Quit()]
        for path in ("/", "/MenuBar", "/StatusNotifierItem"):
            (xml,) = await panel.ask(path, "org.freedesktop.DBus.Introspectable", "Introspect")
            assert xml.startswith("<node>")
        assert await panel.ask("/", "org.freedesktop.DBus.Peer", "Ping") == ()


async def test_stop_before_and_after_it_runs_takes_the_icon_away(tmp_path):
    async with session_bus(tmp_path) as bus, panel_on(bus) as panel:
        async with running_tray(bus.address):
            await panel.until(lambda: panel.items, "the tray registers")
            assert await panel.has_owner(panel.items[0])
        assert not await panel.has_owner(panel.items[0])
        early = SniTray(Wishes(print, print, print), bus_address=bus.address)
        early.stop()
        began = time.monotonic()
        await asyncio.to_thread(early.run)
        assert time.monotonic() - began < 1
        early.show(View())
        early.stop()
