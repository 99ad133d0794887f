"""Starting children so that none of them can outlive the program."""

import asyncio
import os
import sys

import pytest

from llamaswap_desktop.guard import MARK, parse_sessions
from llamaswap_desktop.process import Launcher
from llamaswap_desktop.process.command import CommandLine

pytestmark = [pytest.mark.child, pytest.mark.linux]

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def launcher(tmp_path):
    opened = Launcher.open(tmp_path)
    yield opened
    opened.close()


def python(code: str) -> CommandLine:
    return CommandLine(sys.executable, (sys.executable, "-c", code))


def open_sessions(folder):
    [file] = folder.glob("*.run")
    return {session.id for session in parse_sessions(file.read_bytes())}


async def finish(child):
    child.kill()
    await child.exited
    assert await child.end_leftovers(0.0, 5.0)
    await child.output.end(1.0)


async def test_child_is_in_guard_and_run_file_until_it_is_gone(launcher, tmp_path):
    child = await launcher.launch(python(SLEEPER), launcher.environment, lambda data: None)
    assert open_sessions(tmp_path) == {child.pid}
    assert {session.id for session in launcher._guard._sessions} == {child.pid}
    await finish(child)
    assert open_sessions(tmp_path) == set()
    assert launcher._guard._sessions == set()


async def test_each_child_has_a_mark_of_its_own(launcher):
    said = []
    children = [
        await launcher.launch(python(f"import os; print(os.environ['{MARK}'])"), launcher.environment, said.append)
        for _ in range(2)
    ]
    for child in children:
        await child.exited
        await child.output.settle(2)
        await finish(child)
    one, two = sorted(b"".join(said).decode().split())
    assert (one, two) == (f"{launcher._run_id}:1", f"{launcher._run_id}:2")


async def test_output_that_cannot_be_read_starts_nothing(launcher, tmp_path, monkeypatch):
    async def refuses(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(asyncio.get_running_loop(), "connect_read_pipe", refuses)
    with pytest.raises(OSError, match="Too many"):
        await launcher.launch(python(SLEEPER), launcher.environment, lambda data: None)
    assert open_sessions(tmp_path) == set(), "the child that was started is gone again"


async def test_tool_carries_the_mark(launcher):
    tool = await launcher.spawn_tool([sys.executable, "-c", f"import os; print(os.environ['{MARK}'])"])
    assert (await tool.stdout.read()).decode().strip() == f"{launcher._run_id}:1"
    assert await tool.wait() == 0


async def test_closing_removes_the_run_file_and_sends_the_guard_away(tmp_path):
    launcher = Launcher.open(tmp_path)
    guard = launcher._guard._process.pid
    launcher.close()
    launcher.close()
    assert list(tmp_path.glob("*.run")) == []
    assert not os.path.exists(f"/proc/{guard}")
