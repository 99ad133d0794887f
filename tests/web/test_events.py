"""``/api/events``, as llama-swap's own clients read it (HTTP specification, section 18)."""

import asyncio
import base64
import json

from llamaswap_desktop.types import ProcessState
from llamaswap_desktop.web.events import _LogFeed
from llamaswap_desktop.web.stream import Stream
from tests.waiting import until
from tests.web.served import TWO_MODELS, served
from tests.web.test_activity import begin, record

CONFIG = """
models:
  b:
    cmd: run b
    proxy: http://127.0.0.1:1
    name: " B "
    aliases: [bee]
    unlisted: true
    capabilities: {in: [text], out: [audio], context: 4096}
  a: {cmd: run a, proxy: "http://127.0.0.1:2"}
peers:
  p: {proxy: "http://10.0.0.1", models: [x]}
selectors:
  s: {strategy: pin, targets: [a]}
profiles:
  work: {pins: {gpt: a}}
ui: {activity: {session_id: [X-One, X-Two]}}
"""

OPENING = ["logData", "logData", "modelStatus", "uiConfig", "profileChanged", "inflight"]


def opened(event):
    """Undo both encodings, each of which is strict."""
    kind, message = event
    assert kind == "message"
    assert message.keys() == {"type", "data"}
    assert isinstance(message["data"], str)
    return message["type"], json.loads(message["data"])


async def opening(feed):
    return [opened(await feed.event()) for _ in OPENING]


async def next_of(feed, kind, is_it=lambda _: True):
    found = await feed.until(lambda event: opened(event)[0] == kind and is_it(opened(event)[1]), kind)
    return opened(found)[1]


async def test_opening(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        it.logs.upstream.write(b"from a model\n")
        async with it.feed("/api/events") as feed:
            assert feed.answer.status == 200
            assert {name: feed.answer.headers[name] for name in (
                "Content-Type", "Cache-Control", "Connection", "X-Content-Type-Options", "X-Accel-Buffering",
            )} == {
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache",
                "Connection": "keep-alive",
                "X-Content-Type-Options": "nosniff",
                "X-Accel-Buffering": "no",
            }  # fmt: skip
            events = await opening(feed)
            assert [kind for kind, _ in events] == OPENING
            proxy, upstream, status, config, profile, inflight = (data for _, data in events)
            assert proxy["source"] == "proxy"
            assert "serves on http://127.0.0.1" in proxy["data"]
            assert upstream == {"source": "upstream", "data": "from a model\n"}
            bare = {"name": "", "description": "", "unlisted": False, "peerID": ""}
            assert status == [
                {**bare, "id": "a", "state": "stopped"},
                {
                    **bare, "id": "b", "name": " B ", "state": "stopped", "unlisted": True, "aliases": ["bee"],
                    "capabilities": {"audio_speech": True}, "context_length": 4096,
                },
                {**bare, "id": "p/x", "state": "", "peerID": "p"},
            ]  # fmt: skip
            assert config == {"activity": {"session_id": ["X-One", "X-Two"]}}
            assert profile == {"active": None}
            assert inflight == {"operation": "snapshot"}


async def test_bytes_on_the_wire(tmp_path):
    async with served(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(b"GET /api/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"chunked" not in head.lower()
            for _ in OPENING:
                message = await reader.readuntil(b"\n\n")
                lines = message.split(b"\n")
                assert [line.partition(b":")[0] for line in lines] == [b"event", b"data", b"", b""]
                assert lines[0] == b"event:message"
                assert lines[1].startswith(b'data:{"type":"')
        writer.close()


async def test_histories_come_even_if_empty(tmp_path):
    async with served(tmp_path, TWO_MODELS + "logLevel: error\n") as it, it.feed("/api/events") as feed:
        events = await opening(feed)
        assert events[1] == ("logData", {"source": "upstream", "data": ""})


async def test_every_change_of_state_is_told(tmp_path):
    async with served(tmp_path) as it, it.feed("/api/events") as feed:
        await opening(feed)
        await it.load("a")
        await it.core.unload()
        states = []
        while len(states) < 4:
            states.append({each["id"]: each["state"] for each in await next_of(feed, "modelStatus")}["a"])
        assert states == ["starting", "ready", "stopping", "stopped"]


async def test_profile(tmp_path):
    async with served(tmp_path, CONFIG) as it, it.feed("/api/events") as feed:
        await opening(feed)
        await it.send("PUT", "/api/profiles/active", {"name": "work"})
        assert await next_of(feed, "profileChanged") == {"active": "work"}
        assert await next_of(feed, "modelStatus")
        await it.send("PUT", "/api/profiles/active", {"name": "work"})
        await it.send("PUT", "/api/profiles/active", {"name": None})
        assert await next_of(feed, "profileChanged") == {"active": None}
        assert [opened(event)[1]["active"] for event in feed.seen if opened(event)[0] == "profileChanged"] == [
            None, "work", None,
        ]  # fmt: skip


async def test_logs_as_they_are_written(tmp_path):
    async with served(tmp_path) as it, it.feed("/api/events") as feed:
        await opening(feed)
        euro = "€".encode()
        it.logs.model("a").write(b"price: " + euro[:1])
        assert await next_of(feed, "logData", lambda data: data["source"] == "upstream") == {
            "source": "upstream", "data": "price: ",
        }  # fmt: skip
        it.logs.model("a").write(euro[1:] + b"\n")
        assert (await next_of(feed, "logData", lambda data: data["source"] == "upstream"))["data"] == "€\n"


async def test_broken_text_is_shown_as_broken():
    class Told:
        def __init__(self):
            self.pulls = []

        def pull_from(self, pull):
            self.pulls.append(pull)

        def wake(self):
            pass

    from llamaswap_desktop.logs import Log

    log, told = Log("proxy"), Told()
    log.write(b"a\xffb")
    feed = _LogFeed("proxy", log, told)
    assert opened(("message", json.loads(feed.history().split(b"data:", 1)[1])))[1]["data"] == "a\ufffdb"
    feed.close()


async def test_inflight(tmp_path):
    async with served(tmp_path) as it:
        early = begin(it)
        async with it.feed("/api/events") as feed:
            (entry,) = (await opening(feed))[-1][1]["requests"]
            assert entry.pop("timestamp").endswith("Z")
            assert 500 <= entry.pop("elapsed_ms") < 5000
            assert entry == {
                "id": "1",
                "model": "a",
                "req_path": "/v1/chat/completions",
                "method": "POST",
                "req_headers": {"Content-Type": "application/json", "Authorization": "[REDACTED]"},
                "remote_ip": "10.0.0.9",
                "resp_headers": {},
                "resp_bytes": 0,
            }
            later = begin(it)
            begun = await next_of(feed, "inflight")
            assert (begun["operation"], begun["request"]["id"], begun["request"]["elapsed_ms"]) == ("upsert", "2", 0)
            later.ended()
            early.ended()
            assert await next_of(feed, "inflight", lambda data: data.get("id") == "2") == {
                "operation": "remove", "id": "2",
            }  # fmt: skip
            await next_of(feed, "inflight", lambda data: data.get("id") == "1")


async def test_activity_is_told_when_entry_and_capture_can_be_had(tmp_path):
    async with served(tmp_path) as it, it.feed("/api/events") as feed:
        await opening(feed)
        record(it)
        assert await next_of(feed, "activity") == {"id": 1}
        assert (await it.get_json("/api/captures/1"))["id"] == 1


async def test_reload_closes_nothing_and_is_told_at_once(tmp_path):
    async with served(tmp_path) as it, it.feed("/api/events") as feed:
        await opening(feed)
        it.file.write_text(it.file.read_text() + "ui: {activity: {session_id: []}}\n  \n")
        await it.command("reload")
        assert await next_of(feed, "modelStatus")
        assert await next_of(feed, "uiConfig") == {"activity": {"session_id": []}}
        loop = asyncio.get_running_loop()
        (again,) = [timer for timer in loop._scheduled if "_show_configuration" in repr(timer)]
        assert 2 < again.when() - loop.time() <= 3
        again._run()  # nobody wants to wait for it
        assert await next_of(feed, "modelStatus")
        assert await next_of(feed, "uiConfig") == {"activity": {"session_id": []}}


async def test_slow_client_gets_the_present_in_place_of_what_it_missed(tmp_path):
    async with served(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=4096)
        writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: it.app._api._streams._open, "the stream is open")
        (stream,) = it.app._api._streams._open
        process = it.processes["a"]
        big = "x" * 20_000

        def overflows():
            for _ in range(100):
                record(it, path=f"/v1/{big}")
                process.change(ProcessState.STARTING)
                process.change(ProcessState.STOPPED)
            return stream._is_overflown

        await until(overflows, "the client has fallen behind")
        process.change(ProcessState.STARTING)
        data = b""
        async with asyncio.timeout(10):
            while (
                not (last := data.rpartition(b"modelStatus")[2])
                or b"starting" not in last
                or b"profileChanged" not in last
            ):
                data += await reader.read(1 << 20)
        writer.close()


async def test_client_that_leaves_leaves_nothing_behind(tmp_path):
    async with served(tmp_path) as it:
        async with it.feed("/api/events") as feed:
            await opening(feed)
            assert len(it.app._api._streams._open) == 1
            feed.answer.close()
        await until(lambda: not it.app._api._streams._open, "the stream is closed")
        assert not it.activity.inflight._listeners
        assert not it.activity._listeners
        assert not it.logs.proxy._followers
        assert not it.logs.upstream._followers


async def test_streams_end_first_at_shutdown(tmp_path):
    async with (
        served(tmp_path) as it,
        it.feed("/api/events") as feed,
        it.feed("/logs/stream") as log,
        it.feed("/api/desktop/events") as changes,
    ):
        await opening(feed)
        it.app.quit()
        while await feed.event() is not None:
            pass
        while await changes.event() is not None:
            pass
        async with asyncio.timeout(5):
            await log.answer.read()


async def test_head_tells_the_headers_only(tmp_path):
    async with served(tmp_path) as it:
        for path in ("/api/events", "/api/desktop/events", "/logs/stream"):
            status, headers, body = await it.ask("HEAD", path)
            assert (status, body) == (200, b"")
            assert headers["X-Accel-Buffering"] == "no"


async def test_with_api_keys_the_feed_needs_one(tmp_path):
    async with served(tmp_path, TWO_MODELS + "apiKeys: [secret]\n") as it:
        assert (await it.get("/api/events"))[0] == 401
        password = base64.b64encode(b"me:secret").decode()
        async with it.feed("/api/events", headers={"Authorization": f"Basic {password}"}) as feed:
            assert feed.answer.status == 200


def test_stream_is_bounded_as_specified():
    assert Stream(lambda: ())._most_queued == 1024
