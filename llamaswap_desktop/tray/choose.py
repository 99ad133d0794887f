"""Which tray this desktop gets.  Chosen once, at the start; what it needs is imported here and nowhere else."""

import logging
import sys

from llamaswap_desktop.tray.shell import Tray, Wishes

_log = logging.getLogger("llamaswap_desktop.tray")


def build_tray(wishes: Wishes) -> Tray | None:
    """Return the tray for this desktop; where there can be none, the log says why and there is none."""
    try:
        if sys.platform == "win32":
            from llamaswap_desktop.tray.windows import WindowsTray  # noqa: PLC0415 - imports Windows' own libraries

            return WindowsTray(wishes)
        from llamaswap_desktop.dbus import why_no_bus  # noqa: PLC0415 - jeepney is there on Linux only
        from llamaswap_desktop.tray.linux import LinuxTray  # noqa: PLC0415

        if reason := why_no_bus():
            _log.info("no tray icon: %s", reason)
            return None
        return LinuxTray(wishes)
    except Exception as error:  # noqa: BLE001 - a desktop's libraries may fail in their own ways; we serve all the same
        _log.warning("no tray icon: %s", error or type(error).__name__)
        return None
