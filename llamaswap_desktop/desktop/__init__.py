"""Meets the desktop: folders, browser, clipboard, start at login, single instance, notifications, programs, sleep."""

from llamaswap_desktop.desktop.autostart import Autostart, NoAutostart, build_autostart
from llamaswap_desktop.desktop.browser import open_path, open_url
from llamaswap_desktop.desktop.clipboard import can_copy, copy_text
from llamaswap_desktop.desktop.notify import (
    BalloonNotifier,
    Notice,
    Notifier,
    NullNotifier,
    Offer,
    QuietNotifier,
)
from llamaswap_desktop.desktop.paths import APP_ID, Paths, licences_folder, user_paths
from llamaswap_desktop.desktop.programs import first_running
from llamaswap_desktop.desktop.senses import Sense, build_full_screen_sense, build_game_sense
from llamaswap_desktop.desktop.single_instance import take_lock

__all__ = [
    "APP_ID",
    "Autostart",
    "BalloonNotifier",
    "NoAutostart",
    "Notice",
    "Notifier",
    "NullNotifier",
    "Offer",
    "Paths",
    "QuietNotifier",
    "Sense",
    "build_autostart",
    "build_full_screen_sense",
    "build_game_sense",
    "can_copy",
    "copy_text",
    "first_running",
    "licences_folder",
    "open_path",
    "open_url",
    "take_lock",
    "user_paths",
]
