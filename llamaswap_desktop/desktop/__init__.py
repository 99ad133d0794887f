"""Meets the desktop: folders, browser, clipboard, and later autostart, single instance, notifications."""

from llamaswap_desktop.desktop.browser import open_url
from llamaswap_desktop.desktop.clipboard import can_copy, copy_text
from llamaswap_desktop.desktop.paths import Paths, user_paths

__all__ = ["Paths", "can_copy", "copy_text", "open_url", "user_paths"]
