"""A child with everything that it starts, on Windows: a job object that it enters before its first instruction.

The job ends all its members when its last handle closes, and we hold the only one: however this program dies, none of
them survives.  The program itself is in no job, otherwise a browser that it opens would be in it too.
"""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from llamaswap_desktop.guard import MARK
from llamaswap_desktop.process.command import CommandLine, own_command
from llamaswap_desktop.process.win32 import CREATE_NO_WINDOW, CREATE_SUSPENDED, JobApi, WindowsJobs

_LOOK_EVERY_S = 0.02
_CTRL_C_LIMIT_S = 5.0


class Tree:
    """A started child.  There is no session that a guard would have to know."""

    session = None

    def __init__(self, process: "subprocess.Popen[bytes]", job: int, api: JobApi) -> None:
        self._process = process
        self._job = job
        self._api = api
        self.pid = process.pid

    def watch(self, exited: Callable[[int], None]) -> None:
        """Call ``exited`` on the loop with the exit status, once."""
        loop = asyncio.get_running_loop()

        def wait() -> None:
            status = self._process.wait()
            loop.call_soon_threadsafe(exited, status)

        threading.Thread(target=wait, name=f"wait for {self.pid}", daemon=True).start()

    def note_kin(self) -> None:
        """Remember who descends from the child: the job does that already."""

    def ask_to_stop(self) -> None:
        """Have a helper press Ctrl-C in the child's console: it is what llama-server listens to."""
        helper = [*own_command(), "--internal-ctrl-c", str(self.pid)]

        def press() -> None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # the grace runs out, then the job is ended
                subprocess.run(
                    helper,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    creationflags=CREATE_NO_WINDOW,
                    timeout=_CTRL_C_LIMIT_S,
                    check=False,
                )

        threading.Thread(target=press, name=f"Ctrl-C for {self.pid}", daemon=True).start()

    def kill(self) -> None:
        """End the whole job at once."""
        self._api.terminate(self._job)

    def end_leftovers(self, polite_s: float, patience_s: float) -> bool:
        """End what is left of the job, by force after ``polite_s``; tell whether all of it went.  Blocks."""
        began = time.monotonic()
        while self._api.active_members(self._job):
            elapsed = time.monotonic() - began
            if elapsed > patience_s:
                return False
            if elapsed >= polite_s:
                self._api.terminate(self._job)
            time.sleep(_LOOK_EVERY_S)
        return True

    def close(self) -> None:
        """Close the job, and with it whatever could not be ended."""
        self._api.close(self._job)


class ToolJob:
    """One job for all the drivers' tools: they end with this program, as the models do."""

    def __init__(self, api: JobApi | None = None) -> None:
        self._api = api
        self._job: int | None = None

    def take_in(self, pid: int) -> None:
        """Have the tool, which has just been started, end with this program.  Raises ``OSError``."""
        api = self._api = self._api or WindowsJobs()
        if self._job is None:
            self._job = api.create_job()
        process = api.open(pid)
        try:
            api.assign(self._job, process)
        finally:
            api.close(process)


def start_tree(
    command: CommandLine,
    environment: Mapping[str, str],
    mark: str,
    *,
    api: JobApi | None = None,
    popen: Callable[..., Any] = subprocess.Popen,
    open_pipe: "Callable[[], tuple[BinaryIO, int]] | None" = None,
) -> tuple[Tree, BinaryIO]:
    """Start a child; return it with the reading end of the pipe that takes all its output.

    Raises ``OSError`` as the system says it.
    """
    api = api or WindowsJobs()
    job = api.create_job()
    reading, writing = (open_pipe or _open_pipe)()
    try:
        process = popen(
            command.arguments,
            executable=command.program,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            creationflags=CREATE_SUSPENDED | CREATE_NO_WINDOW,
        )
        try:
            api.assign(job, int(process._handle))  # noqa: SLF001 - Popen shows the handle nowhere else
            api.resume(int(process._handle))  # noqa: SLF001
        except OSError:
            process.kill()
            raise
    except BaseException:
        reading.close()
        api.close(job)
        raise
    finally:
        os.close(writing)
    return Tree(process, job, api), reading


def _open_pipe() -> tuple[BinaryIO, int]:
    """Return a pipe whose reading end the proactor loop can wait for."""
    import msvcrt  # noqa: PLC0415 - Windows only
    from asyncio import windows_utils  # noqa: PLC0415 - Windows only

    reading, writing = windows_utils.pipe(overlapped=(True, False))  # type: ignore[attr-defined] # Windows only
    descriptor = msvcrt.open_osfhandle(writing, 0)  # type: ignore[attr-defined] # Windows only
    return windows_utils.PipeHandle(reading), descriptor  # type: ignore[attr-defined] # Windows only
