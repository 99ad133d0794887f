"""Meets the desktop: folders, and later autostart, single instance, notifications."""

from llamaswap_desktop.desktop.paths import Paths, user_paths

__all__ = ["Paths", "user_paths"]
