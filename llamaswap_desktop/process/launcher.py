"""Starts children so that none of them can outlive the program, however it ends."""

import asyncio
import itertools
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from llamaswap_desktop.guard import MARK, Guard
from llamaswap_desktop.process.command import CommandLine
from llamaswap_desktop.process.environment import user_environment
from llamaswap_desktop.process.output import Output
from llamaswap_desktop.process.run_file import Kind, RunFile, sweep
from llamaswap_desktop.process.win32 import CREATE_NO_WINDOW, forget_bundle_folder

if sys.platform == "win32":
    from llamaswap_desktop.process.tree_windows import ToolJob, Tree, start_tree
else:
    from llamaswap_desktop.process.tree_posix import ToolJob, Tree, start_tree

_PATIENCE_S = 5.0
_NO_WINDOW = CREATE_NO_WINDOW if sys.platform == "win32" else 0


class Child:
    """One started child: its output, its exit, and the tree that has to be gone with it."""

    def __init__(self, tree: Tree, output: Output, gone: Callable[[], None]) -> None:
        self._tree = tree
        self._gone = gone
        self.output = output
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        tree.watch(self.exited.set_result)

    @property
    def pid(self) -> int:
        """The child's own process id."""
        return self._tree.pid

    def note_kin(self) -> None:
        """Remember who descends from the child now, so that nobody of them is lost if it ends by itself."""
        self._tree.note_kin()

    def ask_to_stop(self) -> None:
        """Ask the child and its group politely to end."""
        if not self.exited.done():
            self._tree.ask_to_stop()

    def kill(self) -> None:
        """Force the child and its group to end now."""
        if not self.exited.done():
            self._tree.kill()

    async def end_leftovers(self, polite_s: float, patience_s: float) -> bool:
        """End what the child has left behind, by force after ``polite_s``; False if some of it cannot be ended."""
        is_gone = await asyncio.to_thread(self._tree.end_leftovers, polite_s, patience_s)
        if is_gone:
            self._gone()
        return is_gone


class Launcher:
    """The one place where children are started: each is told to the guard and to the run file at once."""

    def __init__(self, run_id: str, guard: Guard, run_file: RunFile) -> None:
        self._run_id = run_id
        self._guard = guard
        self._run_file = run_file
        self._numbers = itertools.count(1)
        self._tools = ToolJob()

    @classmethod
    def open(cls, run_dir: Path, kind: Kind = Kind.SERVE) -> "Launcher":
        """Sweep what dead instances left, start the guard, and keep a run file in ``run_dir``."""
        if sys.platform == "win32":
            forget_bundle_folder()
        run_id = secrets.token_hex(8)
        guard = Guard(run_id)
        guard.start()
        sweep(run_dir)
        return cls(run_id, guard, RunFile.create(run_dir, run_id, kind))

    @property
    def run_file(self) -> RunFile:
        """Where this instance says who and where it is."""
        return self._run_file

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that children get before anything is added to it."""
        return user_environment()

    async def launch(
        self, command: CommandLine, environment: Mapping[str, str], write: Callable[[bytes], None]
    ) -> Child:
        """Start ``command``; ``write`` gets its output.  Raises ``OSError`` as the system says it."""
        mark = f"{self._run_id}:{next(self._numbers)}"
        tree, pipe = start_tree(command, environment, mark)
        session = tree.session
        if session is not None:
            self._guard.watch_over(session)
            self._run_file.watch_over(session)

        def gone() -> None:
            tree.close()
            if session is not None:
                self._guard.forget(session)
                self._run_file.forget(session)

        output = Output(write)
        child = Child(tree, output, gone)
        try:
            await asyncio.get_running_loop().connect_read_pipe(lambda: output, pipe)
        except BaseException:
            child.kill()
            await child.end_leftovers(0.0, _PATIENCE_S)
            pipe.close()
            raise
        return child

    async def spawn_tool(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        """Start a tool of the system with its standard output as a pipe; it ends with us, however we end.

        Raises ``OSError``.
        """
        tool = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**self.environment, MARK: f"{self._run_id}:{next(self._numbers)}"},
            creationflags=_NO_WINDOW,
        )
        self._tools.take_in(tool.pid)
        return tool

    def close(self) -> None:
        """Know that every child is gone.  Safe to repeat."""
        self._run_file.remove()
        self._guard.dismiss()
