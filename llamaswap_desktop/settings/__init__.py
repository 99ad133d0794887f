"""Keeps what the user has chosen for this desktop: ``settings.yaml``."""

from llamaswap_desktop.settings.file import SettingsFile
from llamaswap_desktop.settings.schema import (
    Folders,
    GroupSwitches,
    Pause,
    Settings,
    SettingsRefused,
    Theme,
    Updates,
    WaitingRequests,
    changed,
    parse_settings,
    placed,
    to_builtins,
)

__all__ = [
    "Folders",
    "GroupSwitches",
    "Pause",
    "Settings",
    "SettingsFile",
    "SettingsRefused",
    "Theme",
    "Updates",
    "WaitingRequests",
    "changed",
    "parse_settings",
    "placed",
    "to_builtins",
]
