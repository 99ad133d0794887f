"""Draws the latest snapshot as icon and menu; turns clicks into commands."""

from llamaswap_desktop.tray.choose import build_tray
from llamaswap_desktop.tray.menu import Action, Local
from llamaswap_desktop.tray.shell import Tray, Wishes

__all__ = ["Action", "Local", "Tray", "Wishes", "build_tray"]
