"""Stands in for the drivers' command line tools: real children of ours that print what was recorded."""

import asyncio
import sys


class Tools:
    """A ``Spawn`` whose children print ``printed`` and then stay or end; remembers what it was asked for."""

    def __init__(self, printed: str, *, stays: bool = False):
        self.printed = printed
        self.stays = stays
        self.commands: list[tuple[str, ...]] = []
        self.started: list[asyncio.subprocess.Process] = []

    async def __call__(self, command):
        self.commands.append(tuple(command))
        program = "import sys\nsys.stdout.write(sys.argv[1])\nsys.stdout.flush()"
        if self.stays:
            program += "\nimport threading\nthreading.Event().wait()"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, self.printed, stdout=asyncio.subprocess.PIPE
        )
        self.started.append(child)
        return child


async def missing(command):
    """Be a ``Spawn`` on a system without the tool."""
    raise FileNotFoundError(2, "No such file or directory", command[0])
