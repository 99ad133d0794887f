"""A child with everything that it starts, on Linux: a session that it leads, and the mark in its environment."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from llamaswap_desktop.guard import MARK, Session, Stat, end_members, find_members, read_stat
from llamaswap_desktop.process.command import CommandLine


class Tree:
    """A started child.  ``session`` is what a guard has to know of it."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str) -> None:
        self._process = process
        self._mark = mark
        self.pid = process.pid
        stat = read_stat(process.pid)
        assert stat is not None, "a child that nobody has waited for is there, if only as a zombie"
        self.session = Session(process.pid, stat.started)
        self._kin: dict[int, Stat] = {}

    def watch(self, exited: Callable[[int], None]) -> None:
        """Call ``exited`` on the loop with the exit status, once."""
        loop = asyncio.get_running_loop()
        pidfd = os.pidfd_open(self.pid)

        def reap() -> None:
            loop.remove_reader(pidfd)
            os.close(pidfd)
            exited(self._process.wait())

        loop.add_reader(pidfd, reap)

    def note_kin(self) -> None:
        """Remember who descends from the child now: who has neither its session nor its mark is found no other way.

        Takes some 50 us, so that it can be done whenever the child may be about to end.
        """
        pending = [self.pid]
        while pending:
            for pid in _children_of(pending.pop()):
                if (stat := read_stat(pid)) is not None:
                    self._kin[pid] = stat
                    pending.append(pid)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the whole group, as a service manager would; who has been stopped has to go on to hear it."""
        self.note_kin()
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)

    def kill(self) -> None:
        """Force the child and its group to end; what has left the group is ``end_leftovers``'s."""
        self.note_kin()
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process.returncode is None:  # until it is reaped its number cannot be anybody else's
            os.killpg(self.pid, number)

    def end_leftovers(self, polite_s: float, patience_s: float) -> bool:
        """End what is left of the tree, by force after ``polite_s``; tell whether all of it went.  Blocks."""
        return end_members(self._members, polite_s=polite_s, patience_s=patience_s)

    def _members(self) -> list[int]:
        since = self.session.started
        return find_members([self.session], self._mark, marked_since=since, known=self._kin.values())

    def close(self) -> None:
        """Free what the system keeps for us: nothing here."""


class ToolJob:
    """Keeps the drivers' tools from outliving this program: the guard knows them by their mark."""

    def take_in(self, pid: int) -> None:
        """Have the tool end with this program: nothing to do here."""


def _children_of(pid: int) -> list[int]:
    """Return the children of a process as the kernel keeps them; none if it is gone, or was built without them."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    return found


def start_tree(command: CommandLine, environment: Mapping[str, str], mark: str) -> tuple[Tree, BinaryIO]:
    """Start a child; return it with the reading end of the pipe that takes all its output.

    Raises ``OSError`` as the system says it.
    """
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            command.arguments,
            executable=command.program,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Tree(process, mark), os.fdopen(reading, "rb", buffering=0)
