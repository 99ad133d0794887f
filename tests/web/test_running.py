"""``/running`` and the routes that unload (HTTP specification, sections 14 and 15)."""

import asyncio
import json

import pytest

from llamaswap_desktop.types import ProcessState
from tests.waiting import until
from tests.web.served import TWO_MODELS, served

CONFIG = """
models:
  z/last:
    {cmd: "run ${MODEL_ID}", proxy: "http://127.0.0.1:1", ttl: 300, name: " Z ", description: " d ", aliases: [zed]}
  a: {cmd: run a, proxy: "http://127.0.0.1:2"}
peers:
  p: {proxy: "http://10.0.0.1", models: [x]}
selectors:
  s: {strategy: pin, targets: [a]}
groups:
  g: {swap: false, exclusive: false, members: [z/last, a]}
"""


async def test_idle(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        assert await it.get_json("/running") == {"running": []}


async def test_every_key_of_every_entry(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        await it.load("z/last", "a")
        assert await it.get_json("/running") == {
            "running": [
                {
                    "model": "a", "state": "ready", "cmd": "run a", "proxy": "http://127.0.0.1:2", "ttl": 0,
                    "name": "", "description": "",
                },
                {
                    "model": "z/last", "state": "ready", "cmd": "run z/last", "proxy": "http://127.0.0.1:1",
                    "ttl": 300, "name": " Z ", "description": " d ",
                },
            ]
        }  # fmt: skip


@pytest.mark.parametrize("state", [ProcessState.STARTING, ProcessState.READY, ProcessState.STOPPING])
async def test_states(tmp_path, state):
    async with served(tmp_path) as it:
        it.processes["a"].state = state
        assert [(each["model"], each["state"]) for each in (await it.get_json("/running"))["running"]] == [("a", state)]


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/unload", b"OK"),
        ("POST", "/api/models/unload", {"msg": "ok"}),
    ],
)
async def test_unload_all_answers_when_all_are_gone(tmp_path, method, path, answer):
    async with served(tmp_path, CONFIG) as it:
        await it.load("z/last", "a")
        status, headers, body = await it.ask(method, path)
        assert status == 200
        if isinstance(answer, bytes):
            assert (headers["Content-Type"], body) == ("text/plain; charset=utf-8", answer)
        else:
            assert (headers["Content-Type"], json.loads(body)) == ("application/json", answer)
        assert all(process.state is ProcessState.STOPPED for process in it.processes.values())


@pytest.mark.parametrize("name", ["z/last", "z%2Flast", "zed"])
async def test_unload_one(tmp_path, name):
    async with served(tmp_path, CONFIG) as it:
        await it.load("z/last", "a")
        assert (await it.ask("POST", f"/api/models/unload/{name}"))[::2] == (200, b"OK")
        assert it.processes["z/last"].state is ProcessState.STOPPED
        assert it.processes["a"].state is ProcessState.READY
        assert (await it.ask("POST", f"/api/models/unload/{name}"))[::2] == (200, b"OK")


@pytest.mark.parametrize("name", ["nope", "x", "p/x", "s", "", "z%252Flast"])
async def test_unload_knows_local_models_only(tmp_path, name):
    async with served(tmp_path, CONFIG) as it:
        status, answer = await it.post(f"/api/models/unload/{name}", {})
        assert (status, answer) == (
            404,
            {
                "src": "llama-swap",
                "error": {
                    "message": "model not found", "type": "invalid_request_error", "param": None, "code": "not_found",
                },
            },
        )  # fmt: skip


async def test_there_is_no_get_form(tmp_path):
    async with served(tmp_path) as it:
        status, headers, body = await it.get("/api/models/unload")
        assert (status, headers["Allow"], body) == (405, "POST", b"Method Not Allowed")


async def test_client_that_leaves_does_not_call_the_unload_off(tmp_path):
    async with served(tmp_path, TWO_MODELS) as it:
        await it.load("a")
        it.processes["a"].holds_stop = asyncio.Event()
        _, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(b"GET /unload HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: it.processes["a"].graces, "it is told to stop")
        writer.close()
        it.processes["a"].holds_stop.set()
        await until(lambda: it.processes["a"].state is ProcessState.STOPPED, "it has stopped")
        assert await it.get_json("/running") == {"running": []}
