"""The control routes of the whole program, with real models: what monitors, tray tools and the web UI see."""

import asyncio
import base64
import json
import signal
import time

import pytest

from tests.whole.program import events_of, running_program, text_of
from tests.whole.test_life import config, model

pytestmark = [pytest.mark.whole, pytest.mark.linux]


class Watcher:
    """Follows ``/api/events`` line by line, as tray tools do."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.seen = []

    async def until(self, kind, is_it, name):
        """Return the first such event; feeds may overtake each other, so those already seen count too."""
        for event in self.seen:
            if event[0] == kind and is_it(event[1]):
                return event[1]
        try:
            async with asyncio.timeout(10):
                async for line in self.answer.content:
                    if line.startswith(b"data:"):
                        message = json.loads(line[5:])
                        self.seen.append((message["type"], json.loads(message["data"])))
                        if message["type"] == kind and is_it(self.seen[-1][1]):
                            return self.seen[-1][1]
        except TimeoutError:
            pass
        raise AssertionError(f"not told: {name}; {self.seen[-3:]}")


async def test_life_of_a_request_as_a_web_ui_sees_it(tmp_path):
    async with running_program(tmp_path, config(model("m", "--chunk-delay", "0.05", "--say", "hello"))) as program:
        async with program.session.get(program.address + "/api/events") as answer:
            watcher = Watcher(answer)
            assert (await watcher.until("inflight", lambda _: True, "the snapshot")) == {"operation": "snapshot"}
            assert [kind for kind, _ in watcher.seen] == [
                "logData", "logData", "modelStatus", "uiConfig", "profileChanged", "inflight",
            ]  # fmt: skip

            async def chat():
                async with program.stream("m") as stream:
                    return text_of(await events_of(stream))

            chatting = asyncio.ensure_future(chat())
            begun = await watcher.until("inflight", lambda data: data["operation"] == "upsert", "it has begun")
            assert begun["request"]["model"] == "m"
            assert begun["request"]["elapsed_ms"] == 0
            await watcher.until("modelStatus", lambda data: data[0]["state"] == "ready", "it is loaded")
            entry = await watcher.until("activity", lambda _: True, "it is stored")
            assert await chatting
            said = "".join(data["data"] for kind, data in watcher.seen if kind == "logData")
            assert "hello" in said
            assert "m: stopped -> starting" in said
        page = json.loads((await program.get("/api/metrics/activity"))[1])
        assert [(each["id"], each["model"], each["resp_status_code"]) for each in page["data"]] == [
            (entry["id"], "m", 200)
        ]
        capture = json.loads((await program.get(f"/api/captures/{entry['id']}"))[1])
        assert json.loads(base64.b64decode(capture["req_body"]))["model"] == "m"
        assert base64.b64decode(capture["resp_body"]).startswith(b"data: ")


@pytest.mark.deviation
async def test_request_is_ended_from_outside(tmp_path):
    async with running_program(tmp_path, config(model("m", "--ready-after", "30"))) as program:
        chatting = asyncio.ensure_future(program.chat("m"))

        async def is_cancelled():
            return (await program.post("/api/inflight/1/cancel", {}))[0] == 200

        await program.until(is_cancelled, "it is in flight")
        status, answer = await chatting
        assert (status, answer["error"]["code"]) == (499, "request_cancelled")


async def test_log_of_a_model_as_it_grows(tmp_path):
    async with running_program(tmp_path, config(model("m", "--say", "hello"))) as program:
        async with program.session.get(program.address + "/logs/stream/m") as answer:
            await program.post("/api/desktop/commands/load", {"model": "m"})
            async with asyncio.timeout(10):
                while b"hello" not in await answer.content.readline():
                    pass
        assert "m: stopped -> starting" in (await program.get("/logs"))[1]


async def test_streams_do_not_hold_up_the_end(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        paths = ("/api/events", "/api/desktop/events", "/logs/stream", "/logs/stream/m")
        answers = [await program.session.get(program.address + path) for path in paths]
        began = time.monotonic()
        program.process.send_signal(signal.SIGTERM)
        for answer in answers:
            async with asyncio.timeout(5):
                await answer.read()  # ends in order: nothing is cut
        assert await program.ended() == 0
        assert time.monotonic() - began < 5


@pytest.mark.deviation
async def test_configuration_is_edited_while_a_model_serves(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        assert (await program.chat("m"))[0] == 200
        shown = json.loads((await program.get("/api/desktop/config"))[1])
        text = shown["text"] + model("n")
        async with program.session.put(
            program.address + "/api/desktop/config", json={"text": text, "hash": shown["hash"]}
        ) as answer:
            assert (answer.status, (await answer.json())["problems"]) == (200, [])
        assert (tmp_path / "config.yaml").read_text() == text
        assert "m" in await program.running()
        assert (await program.chat("n"))[0] == 200
        assert program.starts_of("m") == 1


async def test_machine_is_told(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        assert json.loads((await program.get("/api/hardware"))[1])["schema_version"] == 1
        assert json.loads((await program.get("/api/performance"))[1])["enabled"] is True
        assert (await program.get("/metrics"))[0] == 200
        await program.has_logged_all()
        assert "/metrics" not in program.log
        assert "/api/performance" not in program.log
