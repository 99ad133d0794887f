"""Windows says when a program fills the screen: it holds back its own notifications then."""

import ctypes
from typing import Any

_BUSY, _DIRECT3D_FULL_SCREEN, _PRESENTATION = 2, 3, 4

GAME = frozenset({_DIRECT3D_FULL_SCREEN})
"""A program has the screen for itself alone, which only games ask for."""

FULL_SCREEN = frozenset({_BUSY, _DIRECT3D_FULL_SCREEN, _PRESENTATION})
"""Any program fills the screen; games without a border are among them."""


class ShellSense:
    """Asks the shell whether the user's notification state is one of ``states``; ``shell32`` is that library."""

    def __init__(self, states: frozenset[int], shell32: Any = None) -> None:
        self._states = states
        self._shell32 = shell32

    async def is_on(self) -> bool:
        if self._shell32 is None:
            libraries: Any = ctypes.WinDLL  # type: ignore[attr-defined, unused-ignore] # on Windows only
            self._shell32 = libraries("shell32")
        state = ctypes.c_int(0)
        failed = self._shell32.SHQueryUserNotificationState(ctypes.byref(state))
        return not failed and state.value in self._states

    async def close(self) -> None:
        pass
