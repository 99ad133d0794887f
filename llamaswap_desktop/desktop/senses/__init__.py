"""What the user is busy with: where the system tells."""

import os
import sys
from typing import Protocol


class Sense(Protocol):
    """Asks the system about one thing."""

    async def is_on(self) -> bool:
        """Return the system's word; False where it says nothing."""

    async def close(self) -> None:
        """End."""


def build_game_sense() -> Sense:
    """Return what tells whether a game is played."""
    if sys.platform == "win32":
        from llamaswap_desktop.desktop.senses.windows import GAME, ShellSense  # noqa: PLC0415

        return ShellSense(GAME)
    from llamaswap_desktop.dbus import session_bus_address  # noqa: PLC0415 - jeepney is there on Linux only
    from llamaswap_desktop.desktop.senses.gamemode import GameModeSense  # noqa: PLC0415

    return GameModeSense(session_bus_address())


def build_full_screen_sense() -> Sense:
    """Return what tells whether a program fills the screen."""
    if sys.platform == "win32":
        from llamaswap_desktop.desktop.senses.windows import FULL_SCREEN, ShellSense  # noqa: PLC0415

        return ShellSense(FULL_SCREEN)
    from llamaswap_desktop.desktop.senses.x11 import X11Sense  # noqa: PLC0415

    return X11Sense(os.environ)


__all__ = ["Sense", "build_full_screen_sense", "build_game_sense"]
