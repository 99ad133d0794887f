"""The clipboard on Windows, through user32."""

import ctypes
from collections.abc import Mapping
from typing import Any

_CF_UNICODETEXT = 13
_GMEM_MOVEABLE = 0x0002


def can_copy(_environment: Mapping[str, str]) -> bool:
    """Whether ``copy_text`` has something to do it with."""
    return True


def copy_text(text: str, _environment: Mapping[str, str]) -> None:
    """Put ``text`` into the clipboard.  Raises ``OSError`` if another program holds it."""
    user32, kernel32 = _libraries()
    if not user32.OpenClipboard(None):
        raise OSError("another program holds the clipboard; try again")
    try:
        user32.EmptyClipboard()
        data = text.encode("utf-16-le") + b"\0\0"
        memory = kernel32.GlobalAlloc(_GMEM_MOVEABLE, len(data))
        if not memory:
            raise OSError("no memory for the clipboard")
        ctypes.memmove(kernel32.GlobalLock(memory), data, len(data))
        kernel32.GlobalUnlock(memory)
        if not user32.SetClipboardData(_CF_UNICODETEXT, memory):  # on success the memory is the system's
            kernel32.GlobalFree(memory)
            raise OSError("Windows refuses the text for the clipboard")
    finally:
        user32.CloseClipboard()


def _libraries() -> tuple[Any, Any]:
    """Return user32 and kernel32; handles are as wide as pointers, which ctypes does not guess."""
    libraries: Any = ctypes.WinDLL  # type: ignore[attr-defined, unused-ignore] # on Windows only
    user32, kernel32 = libraries("user32"), libraries("kernel32")
    user32.OpenClipboard.argtypes = [ctypes.c_void_p]
    user32.SetClipboardData.argtypes = [ctypes.c_uint, ctypes.c_void_p]
    user32.SetClipboardData.restype = ctypes.c_void_p
    kernel32.GlobalAlloc.argtypes = [ctypes.c_uint, ctypes.c_size_t]
    kernel32.GlobalAlloc.restype = ctypes.c_void_p
    kernel32.GlobalLock.argtypes = [ctypes.c_void_p]
    kernel32.GlobalLock.restype = ctypes.c_void_p
    kernel32.GlobalUnlock.argtypes = [ctypes.c_void_p]
    kernel32.GlobalFree.argtypes = [ctypes.c_void_p]
    return user32, kernel32
