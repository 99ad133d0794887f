"""The tray on panels that know no StatusNotifierItem, such as tint2's and i3's: pystray's GTK icon.

It needs the distribution's Python with PyGObject and GTK 3, which a frozen program has not got, and X11.  As on
Windows, the menu is built when it opens, so that none on screen is ever replaced.
"""

import ctypes
import signal
from typing import Any

from gi.repository import GLib
from pystray import _gtk

from llamaswap_desktop.tray.icon import IconState, icon_state, image
from llamaswap_desktop.tray.menu import menu_for
from llamaswap_desktop.tray.pystray_menu import pystray_menu
from llamaswap_desktop.tray.shell import Wishes
from llamaswap_desktop.tray.texts import APP_NAME, tooltip
from llamaswap_desktop.tray.view import View

_ICON_PX = 24


def has_tray_manager() -> bool:
    """Whether a panel on this X11 screen embeds icons of the old kind."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = x11.XGetSelectionOwner.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return False
    try:
        name = f"_NET_SYSTEM_TRAY_S{x11.XDefaultScreen(display)}".encode()
        atom = ctypes.c_ulong(x11.XInternAtom(display, name, 0))
        return bool(x11.XGetSelectionOwner(display, atom))
    finally:
        x11.XCloseDisplay(display)


class GtkTray:
    """Draws snapshots by GTK; the main thread runs GLib's loop."""

    def __init__(self, wishes: Wishes) -> None:
        self._latest = View()
        self._is_stopped = False
        self._icon = _StatusIcon(wishes)

    def show(self, view: View) -> None:
        self._latest = view
        GLib.idle_add(self._draw)

    def run(self) -> None:
        GLib.idle_add(self._draw)
        self._icon.run()

    def tell(self, _title: str, _text: str) -> bool:
        return False

    def stop(self) -> None:
        self._is_stopped = True
        GLib.idle_add(self._draw)

    def _draw(self) -> bool:
        """Draw on GLib's loop, once per request."""
        if self._is_stopped:
            self._icon.stop()
        else:
            self._icon.draw(self._latest)
        return False


class _StatusIcon(_gtk.Icon):  # type: ignore[misc] # pystray has no types
    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._shown = View()
        self._state = IconState.LOADING
        super().__init__(APP_NAME, image(self._state, _ICON_PX), APP_NAME)

    def draw(self, view: View) -> None:
        self._shown = view
        self._status_icon.set_tooltip_text(tooltip(view.snapshot))
        state = icon_state(view.snapshot)
        if state is not self._state:
            self._state = state
            self.icon = image(state, _ICON_PX)

    def _initialize(self) -> None:
        """Keep the program's own way with Ctrl+C, which pystray would replace by sudden death."""
        on_interrupt = signal.getsignal(signal.SIGINT)
        super()._initialize()
        signal.signal(signal.SIGINT, on_interrupt)

    def _update_menu(self) -> None:
        """Do nothing: the menu is built when it opens."""

    def _on_status_icon_activate(self, status_icon: Any) -> None:
        self._on_status_icon_popup_menu(status_icon, 0, 0)

    def _on_status_icon_popup_menu(self, status_icon: Any, button: int, activate_time: int) -> None:
        menu = menu_for(self._shown)
        self._menu_handle = self._create_menu(pystray_menu(menu, self._wishes.act, escaped=str))
        super()._on_status_icon_popup_menu(status_icon, button, activate_time)
