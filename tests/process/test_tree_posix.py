"""A child with everything that it starts, on Linux."""

import asyncio
import os
import signal
import sys

import pytest

from llamaswap_desktop.guard import MARK, read_stat
from llamaswap_desktop.process.command import CommandLine

if sys.platform != "win32":
    from llamaswap_desktop.process.tree_posix import start_tree

pytestmark = [pytest.mark.child, pytest.mark.linux]


def python(code: str) -> CommandLine:
    return CommandLine(sys.executable, (sys.executable, "-c", code))


class Started:
    """A tree with what it says; ``exited`` is its status."""

    def __init__(self, code: str) -> None:
        self.tree, self.pipe = start_tree(python(code), {**os.environ, "A": "1"}, "test:1")
        self.exited = asyncio.get_running_loop().create_future()
        self.tree.watch(self.exited.set_result)

    async def line(self) -> str:
        return (await asyncio.to_thread(self.pipe.readline)).decode().strip()

    async def end(self) -> None:
        self.tree.kill()
        await self.exited
        assert await asyncio.to_thread(self.tree.end_leftovers, 0.0, 5.0)
        self.tree.close()
        self.pipe.close()


async def test_child_leads_its_session_carries_the_mark_and_has_no_input():
    child = Started(f"import os, sys; print(os.getsid(0), os.environ['{MARK}'], os.environ['A'], sys.stdin.read())")
    assert await child.line() == f"{child.tree.pid} test:1 1"
    assert child.tree.session.id == child.tree.pid
    assert await child.exited == 0
    await child.end()


async def test_both_outputs_share_one_pipe_in_order():
    child = Started("import os\nfor n in range(3): os.write(1, b'out %d\\n' % n); os.write(2, b'err %d\\n' % n)")
    said = (await asyncio.to_thread(child.pipe.read)).decode().split("\n")
    assert said == ["out 0", "err 0", "out 1", "err 1", "out 2", "err 2", ""]
    await child.end()


async def test_our_descriptors_stay_ours():
    child = Started("import os; print(sorted(os.listdir('/proc/self/fd'), key=int)[:4])")
    assert await child.line() == "['0', '1', '2', '3']", "the fourth is that of the listing itself"
    await child.end()


async def test_exit_is_told_once_as_status_or_signal():
    child = Started("import sys; sys.exit(7)")
    assert await child.exited == 7
    await child.end()
    child = Started("import time; print('up', flush=True); time.sleep(60)")
    await child.line()
    child.tree.kill()
    assert await child.exited == -signal.SIGKILL
    await child.end()


async def test_group_is_asked_as_a_whole():
    child = Started(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)'],"
        " stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    grandchild = int(await child.line())
    child.tree.ask_to_stop()
    assert await child.exited == -signal.SIGTERM
    assert await asyncio.to_thread(child.tree.end_leftovers, 2.0, 5.0)
    stat = read_stat(grandchild)
    assert stat is None or stat.has_ended
    await child.end()


async def test_who_stands_still_hears_it_too():
    child = Started("import time; print('up', flush=True); time.sleep(60)")
    await child.line()
    os.kill(child.tree.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.tree.pid, os.WSTOPPED | os.WNOWAIT)
    child.tree.ask_to_stop()
    assert await child.exited == -signal.SIGTERM
    await child.end()


async def test_nobody_is_signalled_once_the_child_is_reaped():
    child = Started("pass")
    await child.exited
    child.tree.ask_to_stop()
    child.tree.kill()
    await child.end()


async def test_descendant_without_session_and_mark_is_found_while_its_parent_lives():
    child = Started(
        "import os, subprocess, sys, time\n"
        "code = 'import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)'\n"
        "pipe = subprocess.PIPE\n"
        "child = subprocess.Popen([sys.executable, '-c', code], stdout=pipe, start_new_session=True, env={})\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    grandchild = int(await child.line())
    assert grandchild in child.tree._members()
    await child.end()
    stat = read_stat(grandchild)
    assert stat is None or stat.has_ended


def test_program_that_cannot_run_leaves_no_descriptor():
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError):
        start_tree(CommandLine("/dev/null", ("/dev/null",)), {}, "test:1")
    assert len(os.listdir("/proc/self/fd")) == before
