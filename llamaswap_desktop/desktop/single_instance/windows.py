"""A named mutex of the user's session."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ERROR_ALREADY_EXISTS = 183


def take_lock(name: str, _fallback_folder: Path) -> Callable[[], None] | None:
    """Take the lock called ``name``; return what gives it back, or None if another program holds it.

    ``Local`` is the session: ``Global`` would keep a second user from starting.
    """
    kernel32 = _library()
    handle = kernel32.CreateMutexW(None, 0, f"Local\\{name}-running")
    if not handle:
        return lambda: None
    if kernel32.GetLastError() == _ERROR_ALREADY_EXISTS:
        kernel32.CloseHandle(handle)
        return None
    return lambda: _close(kernel32, handle)


def _close(kernel32: Any, handle: int) -> None:
    kernel32.CloseHandle(handle)


def _library() -> Any:
    """Return kernel32; handles are as wide as pointers, which ctypes does not guess."""
    libraries: Any = ctypes.WinDLL  # type: ignore[attr-defined, unused-ignore] # on Windows only
    kernel32 = libraries("kernel32")
    kernel32.CreateMutexW.restype = ctypes.c_void_p
    kernel32.CloseHandle.argtypes = [ctypes.c_void_p]
    return kernel32
