"""Whether somebody plays: where the system tells."""

import sys
from typing import Protocol


class GameSense(Protocol):
    """Asks the system whether a game is played."""

    async def is_on(self) -> bool:
        """Return the system's word; False where it says nothing."""

    async def close(self) -> None:
        """End."""


def build_game_sense() -> GameSense:
    """Return what this system has for it."""
    if sys.platform == "win32":
        from llamaswap_desktop.desktop.games.windows import FullScreenSense  # noqa: PLC0415

        return FullScreenSense()
    from llamaswap_desktop.dbus import session_bus_address  # noqa: PLC0415 - jeepney is there on Linux only
    from llamaswap_desktop.desktop.games.linux import GameModeSense  # noqa: PLC0415

    return GameModeSense(session_bus_address())


__all__ = ["GameSense", "build_game_sense"]
