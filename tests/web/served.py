"""The running app in the test's own loop, on a real port; its models are processes that the test plays."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from llamaswap_desktop.app import App
from llamaswap_desktop.config import Sources, load_config
from llamaswap_desktop.logs import AppLines, Logs, LogToStdout
from llamaswap_desktop.monitor import spawn_plainly
from llamaswap_desktop.process.run_file import RunFile
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.types import ModelId, ProcessState
from tests.core.fakes import FakeProcess
from tests.waiting import until

TWO_MODELS = """
models:
  a: {cmd: run a, proxy: "http://127.0.0.1:1"}
  b: {cmd: run b, proxy: "http://127.0.0.1:2"}
"""

MONITORED = "performance: {every: 5s}\n"
UNMONITORED = "performance: {disabled: true}\n"
"""Almost no test wants the machine to be looked at."""


class _NoChildren:
    """A launcher of an app that starts none, but for the tools that look at GPUs."""

    spawn_tool = staticmethod(spawn_plainly)
    run_file = RunFile()


class Played(FakeProcess):
    """A process that nobody can look at from outside, as there is none."""

    pid = None


class PlayedApp(App):
    """The app, with processes that the test plays."""

    def __init__(self, *args, **settings) -> None:
        self.processes: dict[str, Played] = {}
        super().__init__(*args, **settings)

    def _build_process(self, model, publish):
        self.processes[model.id] = Played(model, publish)
        return self.processes[model.id]


class Served:
    """A running app and one client."""

    def __init__(self, app: PlayedApp, logs: Logs, file: Path, session: aiohttp.ClientSession) -> None:
        self.app = app
        self.core = app.core
        self.processes = app.processes
        self.activity = app._activity
        self.sampler = app._sampler
        self.logs = logs
        self.file = file
        self.session = session
        self.address = ""

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    async def ask(self, method: str, path: str, **settings) -> tuple[int, dict, bytes]:
        url = aiohttp.client.URL(self.address + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **settings) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    async def get(self, path: str, **settings) -> tuple[int, dict, bytes]:
        return await self.ask("GET", path, **settings)

    async def get_json(self, path: str, status: int = 200, **settings):
        answered, headers, body = await self.get(path, **settings)
        assert (answered, headers["Content-Type"]) == (status, "application/json"), body
        return json.loads(body)

    async def post(self, path: str, body=None, **settings) -> tuple[int, object]:
        return await self.send("POST", path, body, **settings)

    async def send(self, method: str, path: str, body=None, **settings) -> tuple[int, object]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, headers, answer = await self.ask(method, path, data=data, **settings)
        return status, json.loads(answer) if headers["Content-Type"] == "application/json" else answer

    async def command(self, verb: str, body=None) -> dict:
        status, answer = await self.post(f"/api/desktop/commands/{verb}", {} if body is None else body)
        assert status == 200, answer
        return answer

    @contextlib.asynccontextmanager
    async def feed(self, path: str, **settings) -> AsyncIterator["Feed"]:
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.session.get(self.address + path, timeout=timeout, **settings) as answer:
            yield Feed(answer)

    async def load(self, *models: str) -> None:
        for model in models:
            (await self.core.acquire(ModelId(model), by_hand=True)).release()
            assert self.processes[model].state is ProcessState.READY


class Feed:
    """An open event stream; ``seen`` are the events so far."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.seen: list[tuple[str, object]] = []

    async def event(self) -> tuple[str, object] | None:
        """Read one event: its type and its decoded data; None at the end of the stream."""
        lines = []
        async with asyncio.timeout(5):
            while (line := await self.answer.content.readline()) not in {b"\n", b""}:
                lines.append(line.decode())
        if not lines:
            return None
        assert [line.partition(":")[0] for line in lines] == ["event", "data"]
        kind = lines[0].removeprefix("event:").strip()
        event = (kind, json.loads(lines[1].removeprefix("data:")))
        self.seen.append(event)
        return event

    async def until(self, is_it, name: str) -> tuple[str, object]:
        """Read on until an event is what is wanted."""
        try:
            while (event := await self.event()) is not None:
                if is_it(event):
                    return event
        except TimeoutError:
            pass
        raise AssertionError(f"no such event: {name}; seen {self.seen[-5:]}")


@contextlib.asynccontextmanager
async def served(home: Path, config: str = TWO_MODELS, environment: dict[str, str] | None = None):
    """Serve ``config`` from a file below ``home``, without the monitor unless ``MONITORED`` is part of it."""
    file = home / "config.yaml"
    file.write_text(config if MONITORED in config else config + UNMONITORED, encoding="utf-8")
    sources = Sources(file=file)
    loaded = load_config(sources, environment=environment or {})
    logs = Logs(to_stdout=LogToStdout(loaded.log_to_stdout))
    lines = AppLines(logs.proxy.write)
    lines.attach()
    app = PlayedApp(
        loaded,
        launcher=_NoChildren(),
        logs=logs,
        lines=lines,
        sources=sources,
        config_backups=home / "backups",
        settings=SettingsFile(home / "settings.yaml"),
    )
    running = asyncio.ensure_future(app.run("127.0.0.1", 0))
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            it = Served(app, logs, file, session)
            await until(lambda: app.core.snapshot().address or running.done(), "it serves")
            if running.done():
                running.result()
            it.address = app.core.snapshot().address
            yield it
    finally:
        if not running.done():
            app.quit()
        async with asyncio.timeout(10):
            status = await running
        lines.detach()
        assert status == 0
