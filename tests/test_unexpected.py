"""Mistakes that nobody caught: logged with their traceback, told once each, and nothing ends."""

import asyncio
import subprocess
import sys
import threading

import pytest

from llamaswap_desktop.errors import ListenFailed
from llamaswap_desktop.unexpected import CRASH_FILE, Unexpected, crashes_recorded


def fail() -> None:
    raise ZeroDivisionError("by nought")


async def test_threads_and_callbacks(caplog):
    unexpected, told = Unexpected(), []
    unexpected.tell = told.append
    hook = threading.excepthook
    with unexpected.caught():
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        loop = asyncio.get_running_loop()
        unexpected.hear(loop)
        loop.call_soon(fail)
        await asyncio.sleep(0)
        loop.call_exception_handler({"message": "only words"})
    assert threading.excepthook is hook
    assert told == ["ZeroDivisionError: by nought"] * 2
    assert caplog.text.count("in fail") == 2
    assert "unexpected error in worker" in caplog.text
    assert "only words" in caplog.text


def test_end_of_the_main_thread_by_a_mistake_is_told_and_goes_on(caplog):
    unexpected, told = Unexpected(), []
    unexpected.tell = told.append
    with pytest.raises(ZeroDivisionError), unexpected.caught():
        fail()
    assert told == ["ZeroDivisionError: by nought"]
    assert "in fail" in caplog.text


@pytest.mark.parametrize("error", [ListenFailed("taken"), KeyboardInterrupt()])
def test_end_that_is_no_mistake_is_not_told(error):
    unexpected, told = Unexpected(), []
    unexpected.tell = told.append
    with pytest.raises(type(error)), unexpected.caught():
        raise error
    assert not told


@pytest.mark.child
def test_crash_leaves_its_stack_and_the_next_start_knows(tmp_path):
    code = (
        "import sys, os; from pathlib import Path; from llamaswap_desktop.unexpected import crashes_recorded\n"
        "with crashes_recorded(Path(sys.argv[1])) as has_crashed: print(has_crashed, flush=True); os.abort()"
    )

    def run() -> str:
        words = [sys.executable, "-c", code, tmp_path]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()

    assert (run(), run()) == ("False", "True")
    assert "Fatal Python error" in (tmp_path / f"last-{CRASH_FILE}").read_text()


def test_orderly_end_leaves_nothing(tmp_path, caplog):
    with crashes_recorded(tmp_path / "logs") as has_crashed:
        assert not has_crashed
    assert list((tmp_path / "logs").iterdir()) == []
    (tmp_path / "file").write_text("")
    with crashes_recorded(tmp_path / "file") as has_crashed:
        assert not has_crashed
    assert "would leave no trace" in caplog.text
