"""Start at login: what the system says, on both systems."""

import subprocess
import sys
from pathlib import Path

import pytest

from llamaswap_desktop.desktop.autostart import NoAutostart, build_autostart, own_command
from llamaswap_desktop.desktop.autostart.linux import XdgAutostart
from llamaswap_desktop.desktop.autostart.windows import RunKeyAutostart

FILE = "llamaswap-desktop.desktop"


@pytest.fixture
def program(tmp_path) -> Path:
    """An executable in a folder whose name has a space."""
    path = tmp_path / "llama swap" / "llamaswap-desktop"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_file_appears_and_vanishes(tmp_path, program):
    autostart = XdgAutostart(tmp_path / "autostart", (str(program), "--autostart"))
    assert autostart.is_on() is False
    autostart.turn(True)
    assert autostart.is_on() is True
    text = (tmp_path / "autostart" / FILE).read_text()
    assert f'\nExec="{program}" --autostart\n' in text
    autostart.turn(True)
    autostart.turn(False)
    autostart.turn(False)
    assert autostart.is_on() is False
    assert list((tmp_path / "autostart").iterdir()) == []


@pytest.mark.parametrize(
    ("added", "is_on"),
    [
        ("", True),
        ("Hidden=true\n", False),
        ("Hidden = true\n", False),
        ("X-GNOME-Autostart-enabled=false\n", False),
        ("[Desktop Action quit]\nHidden=true\n", True),
    ],
)
def test_what_the_desktops_own_panel_switched_off_is_off(tmp_path, added, is_on):
    autostart = XdgAutostart(tmp_path, (sys.executable, "--autostart"))
    (tmp_path / FILE).write_text(f"[Desktop Entry]\nExec=x\n{added}")
    assert autostart.is_on() is is_on
    autostart.turn(True)
    assert autostart.is_on() is True


@pytest.mark.child
@pytest.mark.linux
@pytest.mark.parametrize("name", ["plain", "with space", "back\\slash", "ünï"])
def test_without_the_program_the_entry_is_inert(tmp_path, name):
    """Packages that are removed leave homes alone, so no desktop may stumble over the entry."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    autostart = XdgAutostart(tmp_path, (str(program), "--autostart"))
    autostart.turn(True)
    assert autostart.is_on() is True
    assert is_started_by_glib(tmp_path / FILE)
    program.unlink()
    assert autostart.is_on() is False
    assert not is_started_by_glib(tmp_path / FILE)


def is_started_by_glib(entry: Path) -> bool:
    """Ask the library that GNOME and Xfce read entries with; where there is none, only the key is looked at."""
    look = "import sys, gi; from gi.repository import Gio; Gio.DesktopAppInfo.new_from_filename(sys.argv[1])"
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False).returncode:
        [tried] = [line for line in entry.read_text().splitlines() if line.startswith("TryExec=")]
        return Path(tried.removeprefix("TryExec=").replace("\\\\", "\\")).exists()
    found = subprocess.run(["/usr/bin/python3", "-c", look, entry], capture_output=True, text=True, check=False)
    assert found.returncode == 0 or "returned NULL" in found.stderr, found.stderr
    return found.returncode == 0


@pytest.mark.child
@pytest.mark.linux
@pytest.mark.parametrize("word", ["/plain", "/with space", "/a$b", '/q"uote', "/per%cent", "/back\\slash", "/ünï"])
def test_words_survive_their_quoting(tmp_path, word):
    XdgAutostart(tmp_path, (word,)).turn(True)
    [line] = [line for line in (tmp_path / FILE).read_text().splitlines() if line.startswith("Exec=")]
    unescaped = line.removeprefix("Exec=").replace("\\\\", "\\").replace("%%", "%")
    shell = subprocess.run(["sh", "-c", f"printf %s {unescaped}"], capture_output=True, check=True)
    assert shell.stdout.decode() == word


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        XdgAutostart(tmp_path / "file", ("/bin/true",)).turn(True)


def test_own_command_begins_with_an_absolute_path():
    first, *_, last = own_command()
    assert Path(first).is_absolute()
    assert last == "--autostart"


@pytest.mark.linux
def test_this_system_has_one(tmp_path):
    autostart = build_autostart({"XDG_CONFIG_HOME": str(tmp_path)})
    autostart.turn(True)
    assert (tmp_path / "autostart" / FILE).exists()


def test_system_without_one_cannot_be_asked():
    assert NoAutostart().is_on() is None
    with pytest.raises(OSError):
        NoAutostart().turn(True)


class Registry:
    """As much of ``winreg`` as is used: keys below the user's, created when asked for."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = object(), 2, 1

    def __init__(self) -> None:
        self.values: dict[str, dict[str, object]] = {}

    def CreateKeyEx(self, _root, path, _reserved, _access):
        self.values.setdefault(path, {})
        return Key(path)

    def OpenKey(self, _root, path, _reserved=0, _access=1):
        if path not in self.values:
            raise FileNotFoundError(path)
        return Key(path)

    def SetValueEx(self, key, name, _reserved, _kind, value):
        self.values[key.path][name] = value

    def QueryValueEx(self, key, name):
        if name not in self.values[key.path]:
            raise FileNotFoundError(name)
        return self.values[key.path][name], 1

    def DeleteValue(self, key, name):
        self.QueryValueEx(key, name)
        del self.values[key.path][name]


class Key:
    def __init__(self, path) -> None:
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def test_run_key_is_set_and_deleted():
    registry = Registry()
    autostart = RunKeyAutostart((r"C:\Programs\tray.exe", "--autostart"), registry)
    assert autostart.is_on() is False
    autostart.turn(True)
    assert registry.values[RUN] == {"llamaswap-desktop": r'"C:\Programs\tray.exe" --autostart'}
    assert autostart.is_on() is True
    autostart.turn(False)
    autostart.turn(False)
    assert registry.values[RUN] == {}


@pytest.mark.parametrize(
    ("approved", "is_on"), [(b"\x02" + bytes(11), True), (b"\x03" + bytes(11), False), (b"\x06", True), (b"", True)]
)
def test_what_task_manager_switched_off_is_off_until_an_explicit_click(approved, is_on):
    registry = Registry()
    registry.values = {RUN: {"llamaswap-desktop": "x"}, APPROVED: {"llamaswap-desktop": approved}}
    autostart = RunKeyAutostart((r"C:\with space\x.exe", "--autostart"), registry)
    assert autostart.is_on() is is_on
    autostart.turn(True)
    assert autostart.is_on() is True
    assert registry.values[RUN]["llamaswap-desktop"] == r'"C:\with space\x.exe" --autostart'
