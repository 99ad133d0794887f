"""The whole program with ``docs/as-llama-swap.yaml``: one test for each row of ``docs/deviations.md`` with a switch."""

import asyncio
import json
import signal
import socket
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from llamaswap_desktop.config import Desktop
from tests.config.loading import load, models
from tests.proxy.house import Answerer, chunked, one_model
from tests.routing.test_barrier import busy_with_a
from tests.routing.test_queue import busy as queue_behind_x
from tests.waiting import until
from tests.whole.program import running_program
from tests.whole.test_control import Watcher
from tests.whole.test_life import config, model

pytestmark = [pytest.mark.whole, pytest.mark.linux]

PROFILE = (Path(__file__).parents[2] / "docs" / "as-llama-swap.yaml").read_text(encoding="utf-8")
FIFO = load(models("m") + PROFILE).routing.scheduler.settings.fifo

SHOWN = {}
"""The rows of the page, by their subjects, with the test that shows each."""


def shows(*subjects):
    def note(test):
        SHOWN.update(dict.fromkeys(subjects, test))
        return test

    return note


def as_llama_swap(home, *models: str, more: str = "", words=()):
    """Run the program with the profile."""
    return running_program(home, config(*models) + more + PROFILE, *words)


def served_by(upstream: Answerer, name: str = "m") -> str:
    """A model that is ready at once and answers as the test says."""
    return f"  {name}:\n    cmd: sleep 1000\n    proxy: http://127.0.0.1:{upstream.port}\n    checkEndpoint: none\n"


async def raw(program, request: bytes) -> bytes:
    """Send ``request`` on a connection of its own and read until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    writer.write(request)
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    return answer


def chat(name: str, *headers: str, stream: bool = False) -> bytes:
    body = json.dumps({"model": name, "stream": stream, "messages": []}).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: h", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", *headers]).encode() + b"\r\n\r\n" + body


async def started(upstream: Answerer) -> Answerer:
    await upstream.start()
    return upstream


async def cancel(program) -> None:
    """End the one request that is listed."""

    def listed(told: dict) -> list[dict]:
        return told.get("requests") or ([told["request"]] if "request" in told else [])

    async with program.session.get(program.address + "/api/events") as answer:
        [request] = listed(await Watcher(answer).until("inflight", listed, "a request is listed"))
    assert (await program.post(f"/api/inflight/{request['id']}/cancel", {}))[0] == 200


@shows("address")
async def test_every_interface_is_listened_on(tmp_path):
    async with as_llama_swap(tmp_path, model("m"), words=("--listen", ":0")) as program:
        for address in ("127.0.0.1", "127.0.0.2"):
            with socket.create_connection((address, program.port), timeout=5):
                pass


@shows("limits")
async def test_long_heads_are_served(tmp_path):
    async with as_llama_swap(tmp_path, model("m")) as program:
        head = b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n"
        assert (await raw(program, head)).startswith(b"HTTP/1.1 200 OK\r\n")


@shows("host names of control routes")
async def test_any_host_is_served(tmp_path):
    async with as_llama_swap(tmp_path, model("m")) as program:
        for path in ("/running", "/ui/", "/api/version", "/logs"):
            assert (await program.get(path, headers={"Host": "evil.example"}))[0] == 200


@shows("calls of foreign web pages that change something or start a model")
async def test_any_page_may_command(tmp_path):
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with as_llama_swap(tmp_path, model("m")) as program:
        assert (await program.get("/upstream/m/", headers=foreign))[0] == 200
        assert list(await program.running()) == ["m"]
        assert await program.get("/unload", headers=foreign) == (200, "OK")
        assert await program.running() == {}


@shows("admin keys")
async def test_an_api_key_is_good_for_everything(tmp_path):
    async with as_llama_swap(tmp_path, model("m"), more="apiKeys: [k]\n") as program:
        assert (await program.get("/api/desktop/config"))[0] == 401
        for path in ("/api/desktop/config", "/api/desktop/settings"):
            assert (await program.get(path, headers={"Authorization": "Bearer k"}))[0] == 200


@shows("cancel by id")
async def test_cancelled_requests_end_as_if_nothing_had_happened(tmp_path):
    async def script(request, writer, reader):
        if "stream" in request.json:
            if request.json["stream"]:
                writer.write(chunked(b"data: 1\n\n", end=False))
                await writer.drain()
            await reader.read()
        raise ConnectionResetError

    upstream = await started(Answerer(script))
    async with as_llama_swap(tmp_path, served_by(upstream), model("slow", "--ready-after", "30")) as program:
        for request, told in (
            (chat("slow"), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            (chat("m"), b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            (chat("m", stream=True), b"\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n"),
        ):
            asking = asyncio.ensure_future(raw(program, request))
            if request != chat("slow"):
                await until(lambda: upstream.received, "the model is asked")
                upstream.received.clear()
            await cancel(program)
            answer = await asking
            assert answer.endswith(told), answer
            await program.get("/unload")
    upstream.stop()


@shows("loading feed: failure behind it")
async def test_failed_start_is_bare_json_behind_the_loading_text(tmp_path):
    failing = "  m:\n    cmd: sh -c 'sleep 0.3; exit 3' ${PORT}\n    sendLoadingState: true\n"
    async with as_llama_swap(tmp_path, failing) as program:
        answer = await raw(program, chat("m", stream=True))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b'"Done!' in answer
        chunk = answer.removesuffix(b"\r\n0\r\n\r\n").rpartition(b"\r\n")[2]
        message = json.loads(chunk)["error"]["message"]
        assert message.startswith("unspecific error: upstream command exited prematurely")


@shows("stream that waits longer than `desktop.keepAliveAfter` (20 s)")
@pytest.mark.parametrize(("desktop", "clocks"), [(load(models("m") + PROFILE).desktop, 0), (Desktop(), 1)])
async def test_no_clock_runs_for_a_stream_that_waits(desktop, clocks):
    async with one_model(fields={"desktop": desktop}) as (house, _):
        house.process("m").holds = True
        client = await house.client()
        client.send(chat("m", stream=True))
        await until(lambda: house.process("m").starts, "the model starts")
        running = [timer for timer in asyncio.get_running_loop()._scheduled if "KeepAlive" in repr(timer)]
        assert len(running) == clocks
        house.process("m").go_on()
        assert (await client.answer())[0] == 200


@pytest.mark.soak
async def test_stream_that_waits_is_silent(tmp_path):
    """Longer than by default; what it gets in the end is a status of its own."""
    failing = "  m:\n    cmd: sh -c 'sleep 21; exit 3' ${PORT}\n"
    async with as_llama_swap(tmp_path, failing) as program:
        reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
        writer.write(chat("m", stream=True))
        began = time.monotonic()
        async with asyncio.timeout(40):
            answer = await reader.read(100)
        assert time.monotonic() - began > 20.5
        assert answer.startswith(b"HTTP/1.1 500 ")
        writer.close()


@shows("upstream dead before it answers")
async def test_upstream_that_closes_is_an_empty_502(tmp_path):
    async def closes(_request, _writer, _reader):
        raise ConnectionResetError

    upstream = await started(Answerer(closes))
    async with as_llama_swap(tmp_path, served_by(upstream)) as program:
        answer = await raw(program, chat("m"))
        assert answer == b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        page = json.loads((await program.get("/api/metrics/activity"))[1])
        assert [entry["error_msg"] for entry in page["data"]] == ["502 Bad Gateway"]
    upstream.stop()


@shows("upstream dead in the middle of an event stream", "upstream dead in the middle of any other body")
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_truncated_answer_ends_like_a_whole_one(tmp_path, kind):
    async def dies(_request, writer, _reader):
        writer.write(chunked(b"data: 1\n\n", kind=kind, end=False))
        await writer.drain()
        raise ConnectionResetError

    upstream = await started(Answerer(dies))
    async with as_llama_swap(tmp_path, served_by(upstream)) as program:
        answer = await raw(program, chat("m"))
        assert answer.endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n"), answer
        async with program.session.post(program.address + "/v1/chat/completions", json={"model": "m"}) as read:
            assert await read.read() == b"data: 1\n\n", "and a client takes it for whole"
    upstream.stop()


@shows("waiting for a model that others keep busy")
def test_who_waits_for_a_busy_model_may_wait_for_ever():
    play = busy_with_a(fifo=FIFO)
    for second in range(60, 100_000, 5000):
        play.at(second)
        play(f"a{second} wants a", f"grant a{second}")
        play(f"a{second} served")


@shows("priorities")
def test_who_waits_does_not_become_more_urgent():
    play = queue_behind_x(fifo=replace(FIFO, priority={"c": 2}))
    play("a1 wants a")
    play.at(100_000)
    play("c1 wants c")
    assert [waiting.model for waiting in play.scheduler.waiting(play.time)] == ["c", "a"]


@shows("queue")
async def test_any_number_may_wait_for_any_time(tmp_path):
    names = [f"m{number}" for number in range(4)]
    busy = model("busy", "--chunk-delay", "0.3")
    async with (
        as_llama_swap(tmp_path, busy, *(model(name) for name in names)) as program,
        program.stream("busy", max_tokens=10),
    ):
        waiting = [asyncio.ensure_future(program.chat(name)) for name in names for _ in range(10)]
        assert [status for status, _ in await asyncio.gather(*waiting)] == [200] * 40


@shows("model that fails to start")
async def test_model_that_fails_is_tried_again_by_every_request(tmp_path):
    async with as_llama_swap(tmp_path, "  m:\n    cmd: sh -c 'exit 3' ${PORT}\n") as program:
        assert [(await program.chat("m"))[0] for _ in range(5)] == [500] * 5
        await program.has_logged_all()
        assert program.starts_of("m") == 5


@shows("reload", "reload: models that may no longer run together")
async def test_reload_stops_every_model_and_cuts_what_it_answers(tmp_path):
    text = config(model("idle"), model("busy", "--chunk-delay", "0.2"))
    text += "profiles: {p: {pins: {x: idle}}}\n"
    together = "groups: {g: {swap: false, members: [idle, busy]}}\n"
    async with running_program(tmp_path, text + together + PROFILE) as program:
        assert (await program.chat("idle"))[0] == 200
        async with program.session.put(program.address + "/api/profiles/active", json={"name": "p"}) as chosen:
            assert chosen.status == 200
        async with program.stream("busy", max_tokens=1000) as answer:
            await answer.content.readline()
            assert sorted(await program.running()) == ["busy", "idle"]
            (tmp_path / "config.yaml").write_text(text + together + PROFILE + "# another text, the same meaning\n")
            program.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(10):
                lines = [line async for line in answer.content]
            assert len(lines) < 100, "the answer ends early, and without a word"
            assert b"error" not in b"".join(lines)

        async def is_gone():
            return await program.running() == {}

        await program.until(is_gone, "every model has stopped")
        assert json.loads((await program.get("/api/profiles"))[1])["active"] is None
        assert (await program.chat("idle"))[0] == 200


@shows("peers that sleep")
async def test_peer_that_sleeps_is_down(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        peers = f"peers: {{far: {{proxy: 'http://127.0.0.1:{nobody.getsockname()[1]}', models: [big]}}}}\n"
        async with as_llama_swap(tmp_path, model("m"), more=peers) as program:
            began = time.monotonic()
            status, answer = await program.chat("big")
            assert (status, answer["error"]["message"][:18]) == (502, "peer proxy error: ")
            assert time.monotonic() - began < 5
