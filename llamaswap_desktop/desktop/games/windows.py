"""Windows says when a program fills the screen: it holds back its own notifications then."""

import ctypes
from typing import Any

_BUSY, _FULL_SCREEN_3D = 2, 3


class FullScreenSense:
    """Asks the shell for the user's notification state; ``shell32`` is that library."""

    def __init__(self, shell32: Any = None) -> None:
        self._shell32 = shell32

    async def is_on(self) -> bool:
        if self._shell32 is None:
            libraries: Any = ctypes.WinDLL  # type: ignore[attr-defined, unused-ignore] # on Windows only
            self._shell32 = libraries("shell32")
        state = ctypes.c_int(0)
        failed = self._shell32.SHQueryUserNotificationState(ctypes.byref(state))
        return not failed and state.value in {_BUSY, _FULL_SCREEN_3D}

    async def close(self) -> None:
        pass
