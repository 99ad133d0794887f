"""The tray's Windows half, against a Windows that only listens: every gap of the stock icon stays closed."""

import ctypes
import io
import struct
import time

import pytest
from PIL import Image

from llamaswap_desktop.commands import LoadModel, Quit
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray import Local, View, Wishes
from llamaswap_desktop.tray.entries import Item, Submenu, Tick
from llamaswap_desktop.tray.icon import IconState, image
from llamaswap_desktop.types import ModelId, Phase, ProcessState
from tests.tray.windows_api import NIM_ADD, NIM_DELETE, NIM_MODIFY, WindowsApi, import_windows_half

pytestmark = pytest.mark.linux  # where Windows is real its own API cannot be replaced

API = WindowsApi()
LBUTTONUP, RBUTTONUP = 0x0202, 0x0205
MFS_CHECKED, MFS_DISABLED, MFT_RADIOCHECK = 0x8, 0x3, 0x200


@pytest.fixture(scope="module")
def windows():
    return import_windows_half(API)


class Desk:
    """The tray with its message loop turned by hand."""

    def __init__(self, windows) -> None:
        API.reset()
        self.windows = windows
        self.acts: list = []
        self.ended = self.prepared = 0
        self.tray = windows.WindowsTray(Wishes(self.acts.append, self._end_session, self._prepare_for_sleep))
        self.icon = self.tray._icon
        self.icon._hwnd, self.icon._menu_hwnd = 7, 8
        windows._win32.Icon._HWND_TO_ICON[7] = self.icon

    def _end_session(self) -> None:
        self.ended += 1

    def _prepare_for_sleep(self) -> None:
        self.prepared += 1

    def send(self, message: int, wparam: int = 0, lparam: int = 0) -> int:
        return self.windows._win32._dispatcher(7, message, wparam, lparam)

    def turn(self) -> None:
        """Handle what has been posted."""
        posted, API.posted = API.posted, []
        for _, message in posted:
            self.send(message)

    def show(self, snapshot: Snapshot) -> None:
        self.tray.show(View(snapshot))
        self.turn()

    def open_menu(self, button: int = RBUTTONUP) -> list:
        """Click on the icon; return the menu's lines as they were on screen."""
        seen = []
        API.while_menu_is_open = lambda: seen.extend(API.lines_of(min(API.menus)))
        self.send(self.windows.win32.WM_NOTIFY, 0, button)
        return seen


@pytest.fixture
def desk(windows):
    desk = Desk(windows)
    yield desk
    del windows._win32.Icon._HWND_TO_ICON[7]
    desk.icon._visible = desk.icon._running = False


def snapshot(name="m", state=ProcessState.STOPPED, **facts) -> Snapshot:
    model = ModelSnapshot(id=ModelId("m"), name=name, state=state, **facts)
    return Snapshot(phase=Phase.SERVING, address="http://127.0.0.1:9292", models=(model,))


def added(api) -> int:
    return sum(code == NIM_ADD for code, _ in api.shell)


def test_stock_icon_would_veto_log_off(windows):
    API.reset()
    stock = windows._win32.Icon("stock", image(IconState.IDLE, 16))
    windows._win32.Icon._HWND_TO_ICON[9] = stock
    assert windows._win32._dispatcher(9, windows.WM_QUERYENDSESSION, 0, 0) == 0


def test_log_off_is_allowed_and_stops_the_models_when_it_is_sure(desk, windows):
    assert desk.send(windows.WM_QUERYENDSESSION) == 1
    desk.send(windows.WM_ENDSESSION, 0)
    assert desk.ended == 0
    desk.send(windows.WM_ENDSESSION, 1)
    assert desk.ended == 1


def test_close_message_asks_for_the_end(desk, windows):
    desk.send(windows.WM_CLOSE)
    assert desk.acts == [Quit()]


def test_icon_is_tried_again_while_explorer_is_late(desk, windows):
    API.shell_listens = False
    desk.show(snapshot())
    assert (added(API), desk.icon.visible, API.count("SetTimer")) == (1, False, 1)
    desk.send(windows.WM_TIMER)
    assert (added(API), desk.icon.visible) == (2, False)
    API.shell_listens = True
    desk.send(windows.WM_TIMER)
    assert (added(API), desk.icon.visible, API.count("KillTimer")) == (3, True, 1)
    desk.send(windows.WM_TIMER)
    assert added(API) == 3


def test_icon_that_is_refused_for_a_minute_is_given_up_and_said(desk, windows, caplog):
    API.shell_listens = False
    desk.show(snapshot())
    for _ in range(2 * windows._SHOW_ATTEMPTS):
        desk.send(windows.WM_TIMER)
    assert added(API) == windows._SHOW_ATTEMPTS
    assert caplog.text.count("no tray icon: Windows refuses it") == 1


def test_icon_comes_back_when_explorer_restarts_even_if_it_is_late(desk, windows):
    desk.show(snapshot())
    API.shell_listens = False
    desk.send(windows.win32.WM_TASKBARCREATED)
    assert not desk.icon.visible
    API.shell_listens = True
    desk.send(windows.WM_TIMER)
    assert desk.icon.visible


def test_icon_has_the_same_number_at_every_start(desk, windows):
    desk.show(snapshot())
    first = {kept.id for _, kept in API.shell}
    again = Desk(windows)
    again.show(snapshot())
    assert first == {kept.id for _, kept in API.shell} == {windows.ICON_ID}
    again.icon._visible = False


@pytest.mark.parametrize("size_px", [16, 20, 24, 32, 36])
def test_icon_is_loaded_in_the_size_that_is_shown(desk, size_px):
    API.small_icon_px = size_px
    desk.show(snapshot(state=ProcessState.READY))
    width, height, file = API.icons[-1]
    assert (width, height) == (size_px, size_px)
    assert struct.unpack("<HHH", file[:6]) == (0, 1, 1), "one picture in the file"
    with Image.open(io.BytesIO(file)) as icon:
        assert icon.convert("RGBA").tobytes() == image(IconState.READY, size_px).tobytes()


def test_icon_changes_with_the_state_and_only_then(desk):
    desk.show(snapshot())
    loaded, before = len(API.icons), desk.icon._icon_handle
    desk.show(snapshot(in_flight=1))
    assert len(API.icons) == loaded
    desk.show(snapshot(state=ProcessState.READY))
    assert len(API.icons) == loaded + 1
    assert ("DestroyIcon", (before,)) in API.calls


@pytest.mark.parametrize("name", ["WM_DPICHANGED", "WM_DISPLAYCHANGE"])
def test_icon_is_drawn_anew_for_another_display(desk, windows, name):
    desk.show(snapshot())
    API.small_icon_px = 40
    desk.send(getattr(windows, name, None) or getattr(windows.win32, name))
    assert API.icons[-1][:2] == (40, 40)


def test_theme_switch_sends_the_icon_again(desk, windows):
    desk.show(snapshot())
    before = len(API.icons)
    for word, icons in (("Environment", before), ("ImmersiveColorSet", before + 1)):
        text = ctypes.create_unicode_buffer(word)
        desk.send(windows.WM_SETTINGCHANGE, 0, ctypes.addressof(text))
        assert len(API.icons) == icons
    desk.send(windows.WM_SETTINGCHANGE, 0, 0)


def test_tooltip_is_never_too_long(desk):
    desk.show(snapshot(name="x" * 200, problem="p" * 200))
    assert len(API.shell[-1][1].tip) <= 127
    desk.icon._message(NIM_MODIFY, 0, szTip="y" * 300)
    assert API.shell[-1][1].tip == "y" * 127


@pytest.mark.parametrize("button", [LBUTTONUP, RBUTTONUP])
def test_both_buttons_open_the_menu_of_now(desk, button):
    desk.show(snapshot(name="R&D_1", state=ProcessState.READY))
    lines = {line.text: line for line in reversed(desk.open_menu(button))}  # the first of equal ones
    assert lines["R&&D_1 is loaded"].state & MFS_DISABLED
    assert lines["R&&D_1"].state & MFS_CHECKED
    assert not lines["Quit"].state & MFS_DISABLED


def test_click_in_the_menu_reaches_the_program(desk):
    desk.show(snapshot())
    API.click_on = "m"
    desk.open_menu()
    API.click_on = "Quit"
    desk.open_menu()
    assert desk.acts == [Local.LOOK_AROUND, LoadModel("m"), Local.LOOK_AROUND, Quit()]


def test_menu_on_screen_is_never_destroyed(desk):
    desk.show(snapshot())
    destroyed = []

    def look():
        desk.show(snapshot(state=ProcessState.READY))
        desk.send(desk.windows.win32.WM_NOTIFY, 0, LBUTTONUP)
        destroyed.append(API.count("DestroyMenu"))

    desk.open_menu()
    before = API.count("DestroyMenu")
    API.while_menu_is_open = look
    desk.send(desk.windows.win32.WM_NOTIFY, 0, RBUTTONUP)
    assert destroyed == [before + 1], "only the closed one, to build the new one"
    assert API.count("TrackPopupMenuEx") == 2
    assert (7, 0) in API.posted


def test_menu_without_models_and_partly_on_groups(windows):
    menu = windows.pystray_menu(
        (
            Submenu("models", "Models", ()),
            Item("g", "coding", LoadModel("m"), Tick.PARTLY),
            Item("p", "work", LoadModel("m"), Tick.ON, is_radio=True),
        ),
        print,
        escaped=str,
    )
    models, group, profile = menu
    assert (models.text, models.enabled) == ("Models", False)
    assert (group.text, group.checked) == ("coding (partly)", True)
    assert (profile.checked, profile.radio) == (True, True)


def test_message_is_shown_cut_to_what_windows_takes_and_a_click_on_it_is_told(desk, windows):
    desk.show(snapshot())
    assert desk.tray.tell("t" * 99, "x" * 999)
    desk.turn()
    assert (API.shell[-1][1].info_title, API.shell[-1][1].info) == ("t" * 63, "x" * 255)
    desk.send(windows.win32.WM_NOTIFY, 0, windows.NIN_BALLOONUSERCLICK)
    assert desk.acts == [Local.MESSAGE_CLICKED]


def test_message_before_the_icon_is_there_waits_for_it(desk, windows):
    desk.tray.tell("title", "text")
    desk.turn()
    assert not API.shell
    desk.show(snapshot())
    assert API.shell[-1][1].info == "text"


def test_icon_moves_while_something_loads_and_only_then(desk, windows, monkeypatch):
    now = 0.1
    monkeypatch.setattr(windows.time, "monotonic", lambda: now)
    desk.show(snapshot(state=ProcessState.STARTING))
    assert API.count("SetTimer") == 1
    loaded, now = len(API.icons), windows.FRAME_S + 0.1
    desk.send(windows.WM_TIMER, 2)
    assert len(API.icons) == loaded + 1
    desk.show(snapshot(state=ProcessState.READY))
    assert ("KillTimer", (7, 2)) in API.calls


def test_sleep_is_allowed_and_noted(desk, windows, caplog):
    caplog.set_level("INFO")
    assert desk.send(windows.WM_POWERBROADCAST, windows.PBT_APMSUSPEND) == 1
    assert desk.send(windows.WM_POWERBROADCAST, windows.PBT_APMRESUMEAUTOMATIC) == 1
    assert desk.send(windows.WM_POWERBROADCAST, 0x0A) == 1
    said = [record.message for record in caplog.records]
    assert said == ["the computer is about to sleep", "the computer has woken up"]
    assert desk.prepared == 1, "models are asked to leave before this returns, and at no other news"


def test_control_c_asks_for_the_end_and_a_closing_console_forces_it(desk, windows):
    assert desk.tray._on_console_end(windows.CTRL_C_EVENT)
    desk.turn()
    assert (desk.acts, desk.ended) == ([Quit()], 0)
    assert desk.tray._on_console_end(2)
    assert desk.ended == 1


def test_stop_from_another_thread_ends_the_loop_also_before_it_runs(desk):
    desk.tray.stop()
    desk.turn()
    assert API.count("PostQuitMessage") == 1
    desk.show(snapshot())
    assert (API.count("PostQuitMessage"), added(API)) == (2, 0)


def test_whole_life_leaves_no_icon(desk, windows):
    """The real loop: it is ready, draws, and ends with the icon taken away."""

    def get_message(*_arguments):
        while API.posted:
            _, message = API.posted.pop(0)
            if message == windows.win32.WM_STOP:
                return 0
            desk.icon._message_handlers[message](0, 0)
            desk.tray.stop()
        return 1

    API._GetMessageW = get_message
    try:
        desk.icon._hwnd = None
        desk.tray.show(View(snapshot()))
        desk.tray.run()
    finally:
        del API._GetMessageW
        windows._win32.Icon._HWND_TO_ICON[7] = desk.icon
    assert [code for code, _ in API.shell if code in {NIM_ADD, NIM_DELETE}] == [NIM_ADD, NIM_DELETE]


def test_hundred_models_open_in_no_time(desk):
    models = tuple(ModelSnapshot(ModelId(f"{n % 26:c}{n}"), f"model {n}", ProcessState.READY) for n in range(100))
    desk.show(Snapshot(phase=Phase.SERVING, address="http://127.0.0.1:9292", models=models))
    fastest_s = 9.0
    for _ in range(3):  # the fastest: whatever else this computer does is not the menu's fault
        began = time.perf_counter()
        assert len(desk.open_menu()) > 600
        fastest_s = min(fastest_s, time.perf_counter() - began)
    assert fastest_s < 0.1
