"""Draws the latest snapshot as icon and menu; turns clicks into commands."""

from llamaswap_desktop.tray.choose import build_tray
from llamaswap_desktop.tray.entries import (
    Action,
    CopyText,
    Local,
    OpenFolder,
    OpenPage,
    ShowLog,
    Switch,
    Together,
    Turn,
)
from llamaswap_desktop.tray.icon import app_picture
from llamaswap_desktop.tray.shell import Tray, Wishes
from llamaswap_desktop.tray.texts import short_reason
from llamaswap_desktop.tray.view import Surroundings, View

__all__ = [
    "Action",
    "CopyText",
    "Local",
    "OpenFolder",
    "OpenPage",
    "ShowLog",
    "Surroundings",
    "Switch",
    "Together",
    "Tray",
    "Turn",
    "View",
    "Wishes",
    "app_picture",
    "build_tray",
    "short_reason",
]
