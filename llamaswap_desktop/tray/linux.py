"""The tray on Linux: the icon that modern panels draw, or, where nobody draws that one, the old kind."""

import importlib.util
import logging
import os

from llamaswap_desktop.tray.shell import Tray, Wishes
from llamaswap_desktop.tray.sni import SniTray
from llamaswap_desktop.tray.view import View

_log = logging.getLogger("llamaswap_desktop.tray")


class LinuxTray:
    """A ``SniTray``, which a ``GtkTray`` may replace within the first seconds."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._latest = View()
        self._is_stopped = False
        self._notifier_item = SniTray(wishes, can_fall_back=_can_draw_by_gtk)
        self._tray: Tray = self._notifier_item

    def show(self, view: View) -> None:
        self._latest = view
        self._tray.show(view)

    def tell(self, title: str, text: str) -> bool:
        return self._tray.tell(title, text)

    def run(self) -> None:
        self._notifier_item.run()
        if self._notifier_item.wants_fallback and not self._is_stopped:
            from llamaswap_desktop.tray.gtk import GtkTray  # noqa: PLC0415 - where GTK is wanted and there

            _log.info("this panel shows tray icons of the old kind only; ours is drawn by GTK")
            self._tray = GtkTray(self._wishes)
            self._tray.show(self._latest)
            if self._is_stopped:  # in between, when only the other one was told
                self._tray.stop()
            self._tray.run()

    def stop(self) -> None:
        self._is_stopped = True
        self._tray.stop()


def _can_draw_by_gtk() -> bool:
    if not os.environ.get("DISPLAY") or importlib.util.find_spec("gi") is None:
        return False
    os.environ["PYSTRAY_BACKEND"] = "gtk"  # else importing it fails where another of its backends lacks a part
    try:
        from llamaswap_desktop.tray.gtk import has_tray_manager  # noqa: PLC0415 - see above

        return has_tray_manager()
    except Exception as error:  # noqa: BLE001 - pystray and gi raise what they like where a part is missing
        _log.info("no tray icon by GTK: %s", error or type(error).__name__)
        return False
    finally:
        del os.environ["PYSTRAY_BACKEND"]
