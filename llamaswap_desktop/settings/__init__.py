"""Keeps what the user has chosen for this desktop: ``settings.yaml``."""

from llamaswap_desktop.settings.file import SettingsFile
from llamaswap_desktop.settings.schema import (
    GroupSwitches,
    Pause,
    Settings,
    SettingsRefused,
    Theme,
    Updates,
    WaitingRequests,
    changed,
    parse_settings,
    to_builtins,
)

__all__ = [
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
    "to_builtins",
]
