"""The whole program in a child process, in a profile of its own, as a user would start it."""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp

BUNDLE_PROGRAM = os.environ.get("LLAMASWAP_TEST_PROGRAM")
"""The console program of a bundle: set, it is that which is tested, and not the source."""

AS_LLAMA_SWAP = (
    (Path(__file__).parents[2] / "docs" / "as-llama-swap.yaml").read_text(encoding="utf-8")
    if os.environ.get("LLAMASWAP_TEST_AS_LLAMA_SWAP")
    else ""
)
"""What every configuration is given beside what its test says, unless that sets some of it already."""

SERVES = re.compile(r"serves on (https?://\S+)")


def profile(home: Path) -> dict[str, str]:
    """Return an environment in which every file of the program lies below ``home``, and which has no desktop."""
    ours = ("XDG_", "LLAMASWAP_", "DBUS_", "DISPLAY", "WAYLAND_", "SESSION_MANAGER")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), "PYTHONUNBUFFERED": "1"}


def free_ports(count: int = 16) -> int:
    """Return the first of ``count`` free ports in a row, where the system gives none to outgoing connections."""
    while True:
        first = random.randrange(10000, 30000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def program_words(*, tray: bool = False) -> list[str]:
    """Return the words that start the program; of a bundle that with or without a console."""
    if BUNDLE_PROGRAM is None:
        return [sys.executable, "-m", "llamaswap_desktop"]
    path = Path(BUNDLE_PROGRAM).absolute()
    return [str(path.with_name("llamaswap-desktop-tray" + path.suffix) if tray else path)]


class Program:
    """A running program; ``address`` is where it serves."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.address = ""
        self.lines: list[str] = []
        self._reading: asyncio.Task | None = None
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def wait_until_it_serves(self) -> None:
        async with asyncio.timeout(20):
            while not self.address:
                line = (await self.process.stdout.readline()).decode()
                if not line:
                    raise AssertionError(f"ended with {await self.process.wait()} before it served: {self.lines}")
                self.lines.append(line)
                if match := SERVES.search(line):
                    self.address = match[1]
        self._reading = asyncio.get_running_loop().create_task(self._read_on())

    async def _read_on(self) -> None:
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode())

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def starts_of(self, model: str) -> int:
        return self.log.count(f"{model}: stopped -> starting")

    async def get(self, path: str, **settings) -> tuple[int, str]:
        async with self.session.get(self.address + path, **settings) as answer:
            return answer.status, await answer.text()

    async def running(self) -> dict[str, dict]:
        return {entry["model"]: entry for entry in json.loads((await self.get("/running"))[1])["running"]}

    async def post(self, path: str, body: object, **settings) -> tuple[int, dict]:
        async with self.session.post(self.address + path, json=body, **settings) as answer:
            return answer.status, json.loads(await answer.text())

    def chat(self, model: str, **settings):
        body = {"model": model, "messages": [{"role": "user", "content": "Say hello."}], **settings}
        return self.post("/v1/chat/completions", body)

    def stream(self, model: str, **settings):
        body = {"model": model, "messages": [{"role": "user", "content": "Go on."}], "stream": True, **settings}
        return self.session.post(self.address + "/v1/chat/completions", json=body)

    async def until(self, fact, name: str, timeout_s: float = 10.0) -> None:
        """Wait until the awaitable ``fact()`` is true; fail by ``name``."""
        try:
            async with asyncio.timeout(timeout_s):
                while not await fact():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"after {timeout_s} s still not true: {name}\n{self.log}") from None

    async def has_logged_all(self) -> None:
        """Ask once more: whatever earlier requests have to say is in the log by the time this one's line is."""
        before = self.log.count('"marker"')
        await self.get("/health", headers={"User-Agent": "marker"})

        async def is_logged() -> bool:
            return self.log.count('"marker"') > before

        await self.until(is_logged, "the log has caught up")

    async def ended(self, timeout_s: float = 10.0) -> int:
        async with asyncio.timeout(timeout_s):
            return await self.process.wait()

    async def close(self) -> None:
        await self.session.close()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await self.ended(5)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self._reading is not None:
            await self._reading


@contextlib.asynccontextmanager
async def running_program(
    home: Path, config: str | None = None, *words: str, waits: bool = True, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Program]:
    """Serve ``config`` (None: like a first start, without any) on a free port, and wait until that is so."""
    arguments = list(words)
    if config is not None:
        file = home / "config.yaml"
        sets_some = re.search("^(desktop|routing):", config, re.MULTILINE)
        file.write_text(config if sets_some else AS_LLAMA_SWAP + config, encoding="utf-8")
        arguments = ["serve", "--config", str(file), *arguments]
    process = await asyncio.create_subprocess_exec(
        *program_words(),
        *arguments,
        *(() if "--listen" in arguments else ("--listen", "127.0.0.1:0")),
        env={**profile(home), **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    program = Program(process)
    try:
        if waits:
            await program.wait_until_it_serves()
        yield program
    finally:
        await program.close()


async def events_of(answer: aiohttp.ClientResponse) -> list[str]:
    """Read the ``data:`` lines of an event stream to its end."""
    return [line[6:].strip().decode() async for line in answer.content if line.startswith(b"data: ")]


def text_of(events: list[str]) -> str:
    """Join the text of a streamed chat answer."""
    deltas = (json.loads(event)["choices"] for event in events if event != "[DONE]")
    return "".join(choices[0]["delta"].get("content") or "" for choices in deltas if choices)
