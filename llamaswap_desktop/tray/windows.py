"""The tray on Windows: pystray's icon with its gaps closed.

Stock pystray 0.19.5 vetoes log-off, loses the icon when Explorer is late, is forgotten by "always show this icon",
draws a blurred icon, destroys a menu that is on screen, raises on long tooltips, opens the menu with one button only,
and ignores power, theme and close messages and clicks on balloons.  Its message handlers are a plain dictionary, so a
subclass can put all of that right.  Everything here runs on the thread that called ``run``; other threads only post
messages.

This module imports pystray's Windows half, so import it on Windows only.
"""

import collections
import contextlib
import ctypes
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pystray import _win32
from pystray._util import win32

from llamaswap_desktop.commands import Quit
from llamaswap_desktop.tray.entries import Local
from llamaswap_desktop.tray.icon import FRAME_S, IconState, frame_at, frames_of, icon_state, image
from llamaswap_desktop.tray.menu import menu_for
from llamaswap_desktop.tray.pystray_menu import pystray_menu
from llamaswap_desktop.tray.shell import Wishes
from llamaswap_desktop.tray.texts import APP_NAME, TOOLTIP_LIMIT, tooltip
from llamaswap_desktop.tray.view import View

_log = logging.getLogger("llamaswap_desktop.tray")

WM_NULL = 0x0000
WM_CLOSE = 0x0010
WM_QUERYENDSESSION = 0x0011
WM_ENDSESSION = 0x0016
WM_SETTINGCHANGE = 0x001A
WM_TIMER = 0x0113
WM_POWERBROADCAST = 0x0218
WM_DPICHANGED = 0x02E0
WM_DRAW = win32.WM_USER + 12
"""Ours: there is a newer view."""
WM_TELL = win32.WM_USER + 13
"""Ours: there is a message to show."""

NIN_BALLOONUSERCLICK = win32.WM_USER + 5
PBT_APMSUSPEND = 0x0004
PBT_APMRESUMEAUTOMATIC = 0x0012
SM_CXSMICON = 49
CTRL_C_EVENT, CTRL_BREAK_EVENT = 0, 1

ICON_ID = 1
"""The same at every start: Windows remembers "always show this icon" by program and id."""

BALLOON_TITLE_LIMIT, BALLOON_LIMIT = 63, 255

_SHOW_TIMER, _FRAME_TIMER = 1, 2
_SHOW_RETRY_MS = 1000
_SHOW_ATTEMPTS = 60
"""Explorer may come up a minute after us at login."""

_PER_MONITOR_DPI_AWARE_V2 = -4

_ConsoleHandler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)  # type: ignore[attr-defined, unused-ignore]


class WindowsTray:
    """Draws snapshots in the notification area; the main thread runs the message loop."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        _be_dpi_aware()  # before the first window
        self._icon = NotificationIcon(wishes)

    def show(self, view: View) -> None:
        self._icon.latest = view
        self._icon.post(WM_DRAW)

    def tell(self, title: str, text: str) -> bool:
        self._icon.messages.append((title, text))
        self._icon.post(WM_TELL)
        return True

    def run(self) -> None:
        with _console_end_calls(self._on_console_end):
            self._icon.run(setup=lambda icon: icon.post(WM_DRAW))

    def stop(self) -> None:
        self._icon.is_stopped = True
        self._icon.post(win32.WM_STOP)

    def _on_console_end(self, event: int) -> bool:
        """Ctrl+C asks as the menu's Quit does; a console window that closes gives us five seconds."""
        if event in {CTRL_C_EVENT, CTRL_BREAK_EVENT}:
            self._icon.post(WM_CLOSE)
        else:
            self._wishes.end_session()
        return True


class NotificationIcon(_win32.Icon):  # type: ignore[misc] # pystray has no types
    """pystray's icon; ``latest`` is what the next ``WM_DRAW`` draws."""

    def __init__(self, wishes: Wishes) -> None:
        self._shown = View()
        super().__init__(APP_NAME, image(IconState.LOADING, _small_icon_px()), APP_NAME)
        self.latest = self._shown
        self.is_stopped = False
        self._wishes = wishes
        self.messages: collections.deque[tuple[str, str]] = collections.deque()
        self._state = IconState.LOADING
        self._frame = 0
        self._is_moving = False
        self._is_menu_open = False
        self._attempts_left = _SHOW_ATTEMPTS
        self._icon_handle: int | None
        self._menu_handle: tuple[int, list[Callable[..., None]]] | None = None
        self._message_handlers.update(
            {
                WM_DRAW: self._on_draw,
                WM_TELL: self._on_tell,
                WM_TIMER: self._on_timer,
                WM_CLOSE: self._on_close,
                WM_QUERYENDSESSION: lambda _wparam, _lparam: 1,
                WM_ENDSESSION: self._on_end_session,
                WM_POWERBROADCAST: self._on_power,
                WM_SETTINGCHANGE: self._on_setting,
                WM_DPICHANGED: self._on_other_pixels,
                win32.WM_DISPLAYCHANGE: self._on_other_pixels,
            }
        )

    def post(self, message: int) -> None:
        """Have ``message`` handled on the icon's thread; any thread may call this."""
        if self._hwnd is not None:  # before that, what it would say is read when the loop starts
            win32.PostMessage(self._hwnd, message, 0, 0)

    # -- drawing

    def _on_draw(self, _wparam: int, _lparam: int) -> None:
        if self.is_stopped:
            self._on_stop(0, 0)
            return
        self._shown = self.latest
        self._draw_icon()
        self.title = tooltip(self._shown.snapshot)
        if not self.visible:
            self._try_to_show()
        self._on_tell(0, 0)  # what was to be said before there was an icon

    def _draw_icon(self) -> None:
        state = icon_state(self._shown.snapshot)
        frame = frame_at(state, time.monotonic())
        if (state, frame) != (self._state, self._frame):
            self._state, self._frame = state, frame
            self.icon = image(state, _small_icon_px(), frame)
        moves = frames_of(state) > 1
        if moves is not self._is_moving:
            self._is_moving = moves
            user32 = win32.windll.user32
            if moves:
                user32.SetTimer(self._hwnd, _FRAME_TIMER, int(FRAME_S * 1000), None)
            else:
                user32.KillTimer(self._hwnd, _FRAME_TIMER)

    def _on_tell(self, _wparam: int, _lparam: int) -> None:
        while self.messages and self.visible:
            title, text = self.messages.popleft()
            self._message(
                win32.NIM_MODIFY,
                win32.NIF_INFO,
                szInfo=text[:BALLOON_LIMIT],
                szInfoTitle=title[:BALLOON_TITLE_LIMIT],
            )

    def _try_to_show(self) -> None:
        """Show the icon; if there is no notification area yet, try again every second for a minute."""
        try:
            self.visible = True
        except OSError as error:
            self._attempts_left -= 1
            if self._attempts_left:
                win32.windll.user32.SetTimer(self._hwnd, _SHOW_TIMER, _SHOW_RETRY_MS, None)
            else:
                _log.warning("no tray icon: Windows refuses it (%s)", error)
            return
        win32.windll.user32.KillTimer(self._hwnd, _SHOW_TIMER)

    def _on_timer(self, wparam: int, _lparam: int) -> None:
        if wparam == _FRAME_TIMER:
            self._draw_icon()
        elif not self.visible and self._attempts_left:
            self._try_to_show()

    def _show(self) -> None:
        self._assert_icon_handle()
        shown = self._message(
            win32.NIM_ADD,
            win32.NIF_MESSAGE | win32.NIF_ICON | win32.NIF_TIP,
            uCallbackMessage=win32.WM_NOTIFY,
            hIcon=self._icon_handle,
            szTip=self.title,
        )
        if not shown:
            raise OSError("Shell_NotifyIcon failed")

    def _on_taskbarcreated(self, _wparam: int, _lparam: int) -> None:
        """Explorer has started anew and knows nothing of us; it may not even be ready to be told."""
        self._visible = False
        self._attempts_left = _SHOW_ATTEMPTS
        self._try_to_show()

    def _message(self, code: int, flags: int, **fields: Any) -> bool:
        """Tell the shell; return whether it listened."""
        if "szTip" in fields:
            fields["szTip"] = fields["szTip"][:TOOLTIP_LIMIT]
        data = win32.NOTIFYICONDATAW(
            cbSize=ctypes.sizeof(win32.NOTIFYICONDATAW), hWnd=self._hwnd, uID=ICON_ID, uFlags=flags, **fields
        )
        return bool(win32.Shell_NotifyIcon(code, data))

    def _assert_icon_handle(self) -> None:
        """Load the icon in the very size that the notification area shows, so that nobody scales it."""
        if self._icon_handle:
            return
        size_px = _small_icon_px()
        handle, name = tempfile.mkstemp(".ico")
        try:
            with os.fdopen(handle, "wb") as file:
                image(self._state, size_px, self._frame).save(
                    file, "ICO", sizes=[(size_px, size_px)], bitmap_format="bmp"
                )
            self._icon_handle = win32.LoadImage(None, name, win32.IMAGE_ICON, size_px, size_px, win32.LR_LOADFROMFILE)
        finally:
            Path(name).unlink()

    def _on_other_pixels(self, _wparam: int, _lparam: int) -> None:
        if self.visible:
            self._update_icon()

    def _on_setting(self, _wparam: int, lparam: int) -> None:
        if lparam and ctypes.wstring_at(lparam) == "ImmersiveColorSet":
            self._on_other_pixels(0, 0)  # light or dark: the shell forgets how sharp the icon was

    # -- the menu

    def _update_menu(self) -> None:
        """Do nothing: the menu is built when it opens, so that no menu on screen is ever destroyed."""

    def _on_notify(self, wparam: int, lparam: int) -> None:
        if lparam == NIN_BALLOONUSERCLICK:
            self._wishes.act(Local.MESSAGE_CLICKED)
        elif lparam in {win32.WM_LBUTTONUP, win32.WM_RBUTTONUP} and not self._is_menu_open:
            self._open_menu(wparam)

    def _open_menu(self, wparam: int) -> None:
        """Build the menu of now and let pystray track it; this returns when it has closed."""
        self._wishes.act(Local.LOOK_AROUND)
        self._shown = self.latest
        self._menu = pystray_menu(menu_for(self._shown), self._wishes.act, escaped=_escaped)
        super()._update_menu()
        self._is_menu_open = True
        try:
            super()._on_notify(wparam, win32.WM_RBUTTONUP)
            self.post(WM_NULL)  # without it the next menu closes at once (TrackPopupMenu, remarks)
        finally:
            self._is_menu_open = False

    # -- the system's news

    def _on_close(self, _wparam: int, _lparam: int) -> None:
        self._wishes.act(Quit())

    def _on_end_session(self, wparam: int, _lparam: int) -> None:
        if wparam:
            self._wishes.end_session()

    def _on_power(self, wparam: int, _lparam: int) -> int:
        if wparam == PBT_APMSUSPEND:
            _log.info("the computer is about to sleep")
            self._wishes.prepare_for_sleep()
        elif wparam == PBT_APMRESUMEAUTOMATIC:
            _log.info("the computer has woken up")
        return 1


def _escaped(label: str) -> str:
    """Double every ``&``, which marks the letter after it as the entry's key."""
    return label.replace("&", "&&")


def _small_icon_px() -> int:
    return int(win32.windll.user32.GetSystemMetrics(SM_CXSMICON))


def _be_dpi_aware() -> None:
    """Ask for real pixels; Windows before 10 1703 does not know the question and scales the icon."""
    with contextlib.suppress(AttributeError):
        win32.windll.user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(_PER_MONITOR_DPI_AWARE_V2))


@contextlib.contextmanager
def _console_end_calls(react: Callable[[int], bool]) -> Any:
    """Have ``react`` called, on a thread of the system's, for Ctrl+C and for a console window that closes.

    Python's own signal handlers run on the main thread only, and not while that waits for messages.
    """
    handler = _ConsoleHandler(react)
    win32.windll.kernel32.SetConsoleCtrlHandler(handler, 1)
    try:
        yield
    finally:
        win32.windll.kernel32.SetConsoleCtrlHandler(handler, 0)
