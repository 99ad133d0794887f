"""One tray per user: the lock is one, and a dead holder's is free."""

import ctypes
import importlib
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.linux


@pytest.fixture
def take_lock(monkeypatch, tmp_path):
    from llamaswap_desktop.desktop import take_lock

    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return lambda: take_lock("us", tmp_path / "state")


def test_second_does_not_get_it_until_the_first_gives_it_back(take_lock):
    unlock = take_lock()
    assert take_lock() is None
    unlock()
    take_lock()()


def test_two_users_do_not_meet(take_lock, monkeypatch, tmp_path):
    unlock = take_lock()
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "other"))
    other = take_lock()
    assert other is not None
    other()
    unlock()


def test_without_a_runtime_folder_it_lies_with_the_state(take_lock, monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    unlock = take_lock()
    assert (tmp_path / "state" / "us.lock").exists()
    assert take_lock() is None
    unlock()


def test_where_nothing_can_be_written_everybody_may_start(take_lock, monkeypatch, tmp_path, caplog):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    (tmp_path / "state").write_text("")
    take_lock()()
    assert "a second start would not notice" in caplog.text


@pytest.mark.child
def test_lock_of_a_crashed_one_is_free(take_lock):
    code = (
        "from llamaswap_desktop.desktop import take_lock; import time; from pathlib import Path\n"
        "unlock = take_lock('us', Path('/none')); print('here', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert take_lock() is None
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        take_lock()()


class Kernel:
    """kernel32 with named mutexes."""

    def __init__(self) -> None:
        self.held: dict[int, str] = {}
        self.last_error = 0
        self.fails = False
        for name in ("CreateMutexW", "CloseHandle", "GetLastError"):
            setattr(self, name, _Function(getattr(self, f"_{name}")))

    def _CreateMutexW(self, _security, _owned, name):
        if self.fails:
            return 0
        self.last_error = 183 if name in self.held.values() else 0
        handle = len(self.held) + 1
        self.held[handle] = name
        return handle

    def _CloseHandle(self, handle):
        del self.held[handle]

    def _GetLastError(self):
        return self.last_error


class _Function(SimpleNamespace):
    def __init__(self, act) -> None:
        super().__init__(act=act)

    def __call__(self, *arguments):
        return self.act(*arguments)


def test_mutex_of_the_session_on_windows(monkeypatch, tmp_path):
    kernel = Kernel()
    monkeypatch.setattr(ctypes, "WinDLL", lambda _name: kernel, raising=False)
    windows = importlib.import_module("llamaswap_desktop.desktop.single_instance.windows")
    unlock = windows.take_lock("us", tmp_path)
    assert list(kernel.held.values()) == ["Local\\us-running"]
    assert windows.take_lock("us", tmp_path) is None
    assert len(kernel.held) == 1
    unlock()
    assert not kernel.held
    kernel.fails = True
    windows.take_lock("us", tmp_path)()
