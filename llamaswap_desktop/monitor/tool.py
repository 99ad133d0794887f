"""How the command line tools of the drivers are started: by whoever keeps children from outliving the program."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

if sys.platform == "win32":
    _NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    _NO_WINDOW = 0


class Tool(Protocol):
    """A started tool; ``asyncio.subprocess.Process`` is one."""

    stdout: asyncio.StreamReader | None

    async def wait(self) -> int:
        """Return its exit status when it has ended."""

    def kill(self) -> None:
        """End it now."""


Spawn = Callable[[Sequence[str]], Awaitable[Tool]]
"""Starts a tool with its standard output as a pipe.  Raises ``OSError``."""


async def spawn_plainly(command: Sequence[str]) -> Tool:
    """Start a tool without any net; for tests, and for programs that have no better way."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        creationflags=_NO_WINDOW,
    )


async def output_of(spawn: Spawn, command: Sequence[str], *, limit_s: float = 5.0) -> str:
    """Return all that ``command`` prints.  Raises ``OSError``, ``TimeoutError``; the tool is gone either way."""
    tool = await spawn(command)
    assert tool.stdout is not None
    try:
        async with asyncio.timeout(limit_s):
            printed = await tool.stdout.read()
            await tool.wait()
    except BaseException:
        await end_tool(tool)
        raise
    return printed.decode("utf-8", "replace")


async def end_tool(tool: Tool) -> None:
    """Kill a tool and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        tool.kill()
    await tool.wait()
