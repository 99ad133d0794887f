"""As much of Windows as the tray's Windows half calls, played on Linux.

``pystray._win32`` binds its functions when it is imported, so the fake has to stand before that; the modules are
imported once and the fake forgets, between tests, what it was told.
"""

import ctypes
import importlib
from types import ModuleType, SimpleNamespace

import pytest

NIM_ADD, NIM_MODIFY, NIM_DELETE = 0, 1, 2


class Function:
    """One function of a Windows library: ctypes' attributes are accepted, calls are recorded."""

    def __init__(self, name: str, api: "WindowsApi") -> None:
        self._name = name
        self._api = api

    def __call__(self, *arguments):
        self._api.calls.append((self._name, arguments))
        return self._api.answer(self._name, arguments)


class Library:
    def __init__(self, api: "WindowsApi") -> None:
        self._api = api

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)
        function = Function(name, self._api)
        setattr(self, name, function)
        return function


class WindowsApi:
    """Records calls; plays the shell, one menu that the test clicks in, and a queue of posted messages."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[tuple[str, tuple]] = []
        self.shell_listens = True
        self.small_icon_px = 20
        self.shell: list[tuple[int, SimpleNamespace]] = []
        self.icons: list[tuple[int, int, bytes]] = []
        self.menus: dict[int, list[SimpleNamespace]] = {}
        self.while_menu_is_open = lambda: None
        self.click_on: str | None = None
        self.posted: list[tuple[int, int]] = []
        self._next_handle = 100

    def library(self, *_name, **_settings) -> Library:
        return Library(self)

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)

    def answer(self, name: str, arguments: tuple):
        react = getattr(self, f"_{name}", None)
        return react(*arguments) if react else 1

    def _handle(self) -> int:
        self._next_handle += 1
        return self._next_handle

    def _RegisterWindowMessageW(self, _name) -> int:
        return 0xC123

    def _GetSystemMetrics(self, _index) -> int:
        return self.small_icon_px

    def _CreateWindowExW(self, *_arguments) -> int:
        return self._handle()

    def _PostMessageW(self, window, message, _wparam, _lparam) -> int:
        self.posted.append((window, message))
        return 1

    def _Shell_NotifyIconW(self, code, data) -> int:
        kept = SimpleNamespace(id=data.uID, flags=data.uFlags, tip=data.szTip, icon=data.hIcon)
        kept.info, kept.info_title = data.szInfo, data.szInfoTitle
        self.shell.append((code, kept))
        return int(self.shell_listens)

    def _LoadImageW(self, _module, path, _kind, width, height, _flags) -> int:
        with open(path, "rb") as file:
            self.icons.append((width, height, file.read()))
        return self._handle()

    def _CreatePopupMenu(self) -> int:
        handle = self._handle()
        self.menus[handle] = []
        return handle

    def _InsertMenuItemW(self, menu, _index, _by_position, reference) -> int:
        item = reference._obj
        self.menus[menu].append(
            SimpleNamespace(
                id=item.wID, text=item.dwTypeData, state=item.fState, type=item.fType, submenu=item.hSubMenu
            )
        )
        return 1

    def _DestroyMenu(self, menu) -> int:
        del self.menus[menu]
        return 1

    def _TrackPopupMenuEx(self, menu, *_arguments) -> int:
        self.while_menu_is_open()
        return next((item.id for item in self.lines_of(menu) if item.text == self.click_on), 0)

    def lines_of(self, menu: int) -> list[SimpleNamespace]:
        """Every line of a menu and of the menus below it."""
        lines = []
        for item in self.menus[menu]:
            lines.append(item)
            if item.submenu:
                lines.extend(self.lines_of(item.submenu))
        return lines


def import_windows_half(api: WindowsApi) -> ModuleType:
    """Import ``tray.windows`` against ``api``; what else uses ctypes never sees it."""
    played = {
        "WinDLL": api.library,
        "WINFUNCTYPE": ctypes.CFUNCTYPE,
        "HRESULT": ctypes.c_long,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in played.items():
            patch.setattr(ctypes, name, value, raising=False)
        # pystray chooses a backend when it is imported, and wants a display for the others.
        patch.setenv("PYSTRAY_BACKEND", "dummy")
        return importlib.import_module("llamaswap_desktop.tray.windows")
