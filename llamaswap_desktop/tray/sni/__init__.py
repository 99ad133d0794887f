"""The tray on Linux desktops: StatusNotifierItem and dbusmenu over D-Bus."""

from llamaswap_desktop.tray.sni.tray import SniTray

__all__ = ["SniTray"]
