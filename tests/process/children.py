"""Models of the misbehaving responder, and what a process says about itself, for the tests of this room."""

import asyncio
import contextlib
import random
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from llamaswap_desktop.config import Model
from llamaswap_desktop.process import Launcher, Process
from llamaswap_desktop.types import ModelId

RESPONDER = Path(__file__).parent.parent / "children" / "responder.py"


def free_port() -> int:
    """Return a free port that the system gives to no outgoing connection meanwhile."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", random.randrange(10000, 30000)))
            return free.getsockname()[1]


def responder(*flags: str, **fields) -> Model:
    """A model whose server misbehaves as ``flags`` say."""
    port = free_port()
    command = [sys.executable, str(RESPONDER), "--port", str(port), *flags]
    given = {"cmd": shlex.join(command), "proxy": f"http://localhost:{port}", "port": port, **fields}
    return Model(id=ModelId("m"), **given)


class Watched:
    """A process with everything that it has published and said."""

    def __init__(self, model: Model, launcher: Launcher) -> None:
        self.events = []
        self.said = b""
        self.process = Process(model, launcher=launcher, publish=self.events.append, write_log=self._write)

    def _write(self, data: bytes) -> None:
        self.said += data

    @property
    def states(self) -> list[str]:
        """The path of states, such as ``stopped starting ready``."""
        changes = [event for event in self.events if hasattr(event, "new")]
        assert all(one.new is two.old for one, two in zip(changes, changes[1:], strict=False))
        return [changes[0].old, *(change.new for change in changes)] if changes else []

    async def until(self, fact, name: str, timeout_s: float = 5.0) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not fact():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"after {timeout_s} s still not true: {name}; said {self.said!r}") from None


@contextlib.asynccontextmanager
async def launched(run_dir: Path, *models: Model) -> AsyncIterator[list[Watched]]:
    """Watched processes over a real launcher with a real guard; all are ended afterwards."""
    launcher = Launcher.open(run_dir)
    watched = [Watched(model, launcher) for model in models]
    try:
        yield watched
    finally:
        for one in watched:
            await one.process.end()
        launcher.close()
