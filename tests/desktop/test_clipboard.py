"""The clipboard: on Linux through the program made for the display, on Windows through user32."""

import ctypes
import importlib
from types import SimpleNamespace

import pytest

from llamaswap_desktop.desktop.clipboard.linux import can_copy, copy_text


def program(folder, name: str, script: str = 'echo "$0 $@" > "$KEPT"; cat >> "$KEPT"') -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    file.chmod(0o755)


@pytest.mark.child
@pytest.mark.linux
@pytest.mark.parametrize(
    ("installed", "displays", "used"),
    [
        (("wl-copy", "xclip", "xsel"), ("WAYLAND_DISPLAY", "DISPLAY"), "wl-copy "),
        (("wl-copy", "xclip", "xsel"), ("DISPLAY",), "xclip -selection clipboard"),
        (("xsel",), ("WAYLAND_DISPLAY", "DISPLAY"), "xsel --clipboard --input"),
    ],
)
def test_text_goes_to_the_program_for_the_display(tmp_path, installed, displays, used):
    for name in installed:
        program(tmp_path, name)
    environment = {"PATH": str(tmp_path), "KEPT": str(tmp_path / "kept"), **dict.fromkeys(displays, ":9")}
    assert can_copy(environment)
    copy_text("http://127.0.0.1:9292", environment)
    assert (tmp_path / "kept").read_text() == f"{tmp_path}/{used}\nhttp://127.0.0.1:9292"


@pytest.mark.linux
def test_without_such_a_program_or_display_nothing_is_promised(tmp_path):
    assert not can_copy({"PATH": str(tmp_path), "DISPLAY": ":9"})
    program(tmp_path, "xclip")
    assert not can_copy({"PATH": str(tmp_path)})
    assert not can_copy({"PATH": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0"})
    with pytest.raises(OSError, match="none of wl-copy, xclip and xsel"):
        copy_text("x", {"PATH": str(tmp_path)})


@pytest.mark.child
@pytest.mark.linux
def test_program_that_fails_is_named(tmp_path):
    program(tmp_path, "xclip", "exit 3")
    with pytest.raises(OSError, match="xclip failed: .*exit status 3"):
        copy_text("x", {"PATH": str(tmp_path), "DISPLAY": ":9"})


class Windows:
    """user32 and kernel32 with one block of memory and one clipboard."""

    def __init__(self) -> None:
        self.is_held = False
        self.takes_text = True
        self.calls: list[str] = []
        self.text: str | None = None
        self.memory = ctypes.create_string_buffer(0)

    def library(self, _name):
        clipboard = ("OpenClipboard", "EmptyClipboard", "SetClipboardData", "CloseClipboard")
        memory = ("GlobalAlloc", "GlobalLock", "GlobalUnlock", "GlobalFree")
        return SimpleNamespace(**{name: self._function(name) for name in (*clipboard, *memory)})

    def _function(self, name):
        def call(*arguments):
            self.calls.append(name)
            return getattr(self, name, lambda *_: 1)(*arguments)

        return call

    def OpenClipboard(self, _window):
        return not self.is_held

    def GlobalAlloc(self, _flags, size):
        self.memory = ctypes.create_string_buffer(size)
        return 77

    def GlobalLock(self, _memory):
        return ctypes.addressof(self.memory)

    def SetClipboardData(self, kind, _memory):
        assert kind == 13
        self.text = ctypes.string_at(self.memory, len(self.memory)).decode("utf-16-le")
        return 77 if self.takes_text else 0


@pytest.fixture
def windows(monkeypatch):
    windows = Windows()
    monkeypatch.setattr(ctypes, "WinDLL", windows.library, raising=False)
    windows.half = importlib.import_module("llamaswap_desktop.desktop.clipboard.windows")
    return windows


def test_windows_gets_the_text_with_its_end(windows):
    assert windows.half.can_copy({})
    windows.half.copy_text("http://[::1]:9292/ü🦙", {})
    assert windows.text == "http://[::1]:9292/ü🦙\0"
    assert (windows.calls[0], windows.calls[-1], "GlobalFree" in windows.calls) == (
        "OpenClipboard",
        "CloseClipboard",
        False,
    )


def test_windows_clipboard_that_somebody_holds_is_an_error(windows):
    windows.is_held = True
    with pytest.raises(OSError, match="another program holds the clipboard"):
        windows.half.copy_text("x", {})
    assert windows.calls == ["OpenClipboard"]


def test_windows_memory_comes_back_when_the_text_is_refused(windows):
    windows.takes_text = False
    with pytest.raises(OSError, match="refuses"):
        windows.half.copy_text("x", {})
    assert windows.calls[-2:] == ["GlobalFree", "CloseClipboard"]
