"""The Windows half of a child's tree, against a faked job object and a real pipe."""

import asyncio
import os
import subprocess

import pytest

from llamaswap_desktop.guard import MARK
from llamaswap_desktop.process.command import CommandLine
from llamaswap_desktop.process.tree_windows import ToolJob, start_tree

COMMAND = CommandLine(r"C:\llama\llama-server.exe", ("llama-server", "-m", "a b.gguf"))


class FakeJobs:
    """A job object: what is assigned lives until it is told otherwise."""

    def __init__(self, *, refuses: str = ""):
        self.refuses = refuses
        self.log = []
        self.alive = 0

    def create_job(self):
        self.log.append("create")
        return 7

    def assign(self, job, process):
        self.log.append(f"assign {process}")
        if self.refuses == "assign":
            raise OSError("no")
        self.alive += 2

    def open(self, pid):
        self.log.append(f"open {pid}")
        return pid + 1000

    def resume(self, process):
        self.log.append(f"resume {process}")

    def terminate(self, job):
        self.log.append("terminate")
        self.alive = 0

    def active_members(self, job):
        return self.alive

    def close(self, handle):
        self.log.append(f"close {handle}")


class FakePopen:
    """What ``subprocess.Popen`` is on Windows, as far as it is used."""

    def __init__(self, arguments, **settings):
        self.arguments = arguments
        self.settings = settings
        self.pid = 812
        self._handle = 55
        self.was_killed = False

    def wait(self):
        return 3

    def kill(self):
        self.was_killed = True


def open_pipe():
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), writing


def start(jobs, made):
    def popen(*arguments, **settings):
        made.append(FakePopen(*arguments, **settings))
        return made[-1]

    return start_tree(COMMAND, {"A": "1"}, "run:1", api=jobs, popen=popen, open_pipe=open_pipe)


def test_child_is_in_its_job_before_its_first_instruction():
    jobs, made = FakeJobs(), []
    tree, pipe = start(jobs, made)
    assert jobs.log == ["create", "assign 55", "resume 55"]
    settings = made[0].settings
    assert settings["creationflags"] == 0x4 | 0x08000000, "suspended, and no console window"
    assert settings["env"] == {"A": "1", MARK: "run:1"}
    assert settings["executable"] == COMMAND.program
    assert settings["stdin"] == subprocess.DEVNULL
    assert tree.session is None
    assert pipe.read() == b"", "our copy of the writing end is closed"
    pipe.close()


def test_child_that_cannot_enter_its_job_does_not_run():
    jobs, made = FakeJobs(refuses="assign"), []
    with pytest.raises(OSError):
        start(jobs, made)
    assert made[0].was_killed
    assert jobs.log[-1] == "close 7"
    assert "resume 55" not in jobs.log


def test_leftovers_get_their_grace_and_are_then_ended_with_the_job():
    jobs = FakeJobs()
    tree, pipe = start(jobs, [])
    pipe.close()
    assert tree.end_leftovers(polite_s=0.03, patience_s=1.0)
    assert jobs.log.count("terminate") == 1
    tree.close()
    assert jobs.log[-1] == "close 7"


def test_leftovers_that_cannot_be_ended_are_reported():
    jobs = FakeJobs()
    tree, pipe = start(jobs, [])
    pipe.close()
    jobs.terminate = lambda job: None
    assert not tree.end_leftovers(polite_s=0.0, patience_s=0.05)


def test_tools_share_a_job_that_ends_with_us():
    jobs = FakeJobs()
    tools = ToolJob(jobs)
    tools.take_in(5)
    tools.take_in(6)
    assert jobs.log == ["create", "open 5", "assign 1005", "close 1005", "open 6", "assign 1006", "close 1006"]


def test_tool_that_cannot_be_taken_in_leaves_no_handle():
    jobs = FakeJobs(refuses="assign")
    with pytest.raises(OSError):
        ToolJob(jobs).take_in(5)
    assert jobs.log[-1] == "close 1005"


async def test_exit_is_told_on_the_loop():
    tree, pipe = start(FakeJobs(), [])
    pipe.close()
    exited = asyncio.get_running_loop().create_future()
    tree.watch(exited.set_result)
    assert await exited == 3
