"""Thousands of clients that mean harm or know no better, and a few honest ones who shall not notice."""

import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

import psutil
import pytest

from llamaswap_desktop.http1 import Upstream
from tests.proxy.house import Answerer, chunked
from tests.waiting import until
from tests.web.served import served
from tests.whole import hostile_clients
from tests.whole.program import free_ports, running_program
from tests.whole.test_control import Watcher
from tests.whole.test_life import RESPONDER

SOAK = bool(os.environ.get("SOAK"))
CONNECTIONS = 10_000 if SOAK else 1000
AT_ONCE = 200
HONEST = 4
ROOT = Path(__file__).parents[2]

GROWTH_MB = 40
SLOWER = 4.0
"""The machine works for the attackers too: their own process, the models that stream for them, and ours."""

pytestmark = [pytest.mark.whole, pytest.mark.linux, pytest.mark.timeout(1800 if SOAK else 240)]


def config() -> str:
    flags = {"honest": "", "slow": "--chunk-delay 0.01", "swapped": "--ready-after 0.2", "other": "--ready-after 0.2"}
    models = "".join(
        f"  {name}:\n    cmd: {sys.executable} {RESPONDER} --port ${{PORT}} --name {name} {said}\n"
        for name, said in flags.items()
    )
    return (
        f"startPort: {free_ports()}\nunloadTimeout: 1\nevictTimeout: 1\n"
        "desktop: {limits: {headTime: 3}}\n"
        "groups:\n"
        "  apart: {swap: false, exclusive: false, persistent: true, members: [honest, slow]}\n"
        "  turns: {swap: true, exclusive: false, members: [swapped, other]}\n"
        f"models:\n{models}"
    )


async def honest(program, latencies: list[float], over: asyncio.Event) -> None:
    """Ask, get the whole answer, ask again."""
    while not over.is_set():
        began = time.monotonic()
        status, answer = await program.chat("honest")
        latencies.append(time.monotonic() - began)
        assert status == 200, answer
        assert answer["choices"][0]["message"]["content"] == "I am honest."


async def honest_during(program, doing) -> tuple[object, list[float]]:
    """Let honest clients ask for as long as ``doing`` takes; return what it gave, and their latencies."""
    over, latencies = asyncio.Event(), []
    asking = [asyncio.ensure_future(honest(program, latencies, over)) for _ in range(HONEST)]
    try:
        result = await doing
    finally:
        over.set()
        await asyncio.gather(*asking)
    return result, latencies


async def attack(port: int) -> dict[str, int]:
    """Have the hostile clients at it, from a process of their own."""
    words = [str(word) for word in (port, CONNECTIONS, AT_ONCE, 1)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.whole.hostile_clients", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


def held(process: psutil.Process, port: int) -> dict[str, int]:
    """What the program holds by the kernel's account."""
    connections = [each for each in process.net_connections("tcp") if each.laddr.port == port]
    return {
        "descriptors": len(os.listdir(f"/proc/{process.pid}/fd")),
        "connections": sum(each.status != psutil.CONN_LISTEN for each in connections),
        "threads": process.num_threads(),
    }


async def test_honest_clients_do_not_notice_and_nothing_is_left(tmp_path):
    async with running_program(tmp_path, config()) as program:
        process = psutil.Process(program.process.pid)
        for name in ("honest", "slow", "swapped"):
            assert (await program.chat(name))[0] == 200
        _, before = await honest_during(program, asyncio.sleep(3))
        at_rest = held(process, program.port)
        memory = process.memory_info().rss
        began = time.monotonic()
        done, during = await honest_during(program, attack(program.port))
        took = time.monotonic() - began
        assert sum(done.values()) == CONNECTIONS

        async def is_quiet() -> bool:
            models = json.loads((await program.get("/api/desktop/state"))[1])["models"]
            return all(model["waiting"] == model["in_flight"] == 0 for model in models)

        await program.until(is_quiet, "no request waits or is answered", 30)
        listed = await first_inflight(program)
        assert listed == {"operation": "snapshot"}, "the list of requests is empty"

        async def is_clean() -> bool:
            now = held(process, program.port)
            return now["connections"] <= at_rest["connections"] and now["descriptors"] <= at_rest["descriptors"] + 4

        await program.until(is_clean, f"as at rest before: {at_rest}", 30)
        many = await asyncio.gather(*(program.chat("slow") for _ in range(10)))
        assert [status for status, _ in many] == [200] * 10, "every place of the model is free again"
        growth_mb = (process.memory_info().rss - memory) / 1e6
        print(f"{CONNECTIONS} connections in {took:.0f} s: {done}")
        print(f"honest answers: {len(before)} before, median {1e3 * statistics.median(before):.1f} ms; ", end="")
        print(f"{len(during)} during, median {1e3 * statistics.median(during):.1f} ms, longest {max(during):.2f} s")
        print(f"before {at_rest}, now {held(process, program.port)}; memory grew by {growth_mb:.1f} MB")
        assert statistics.median(during) < SLOWER * statistics.median(before) + 0.02
        assert growth_mb < GROWTH_MB
        assert "Traceback" not in program.log
        assert "[ERROR]" not in program.log
        program.process.terminate()
        assert await program.ended(10) == 0


async def first_inflight(program) -> dict:
    """Return the list of requests in flight as the feed of events begins with it."""
    async with program.session.get(program.address + "/api/events") as answer:
        return await Watcher(answer).until("inflight", lambda _: True, "the list of requests")


async def test_no_task_is_left_of_a_connection(tmp_path):
    """The same clients at the program in this process, where its tasks can be counted."""

    async def streams(_request, writer, _reader):
        for number in range(5):
            writer.write(chunked(b"data: %d\n\n" % number, end=False) if not number else b"3\r\nab\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)
        return b"0\r\n\r\n"

    upstream = Answerer(streams)
    await upstream.start()
    names = ("slow", "swapped", "other")
    models = "".join(f'  {name}: {{cmd: run, proxy: "http://127.0.0.1:{upstream.port}"}}\n' for name in names)
    text = f"desktop: {{limits: {{headTime: 3}}}}\nmodels:\n{models}"
    async with served(tmp_path, text) as it:
        for process in it.processes.values():
            process._address = Upstream(f"http://127.0.0.1:{upstream.port}", timeouts=process.model.timeouts)
        await it.load("slow")
        await it.get("/v1/models")
        tasks = {task.get_name() for task in asyncio.all_tasks()}
        done = await hostile_clients.attack(it.port, 300, 60, 2)
        assert len(done) == len(hostile_clients.HABITS)
        await until(lambda: "1 connections" in repr(it.app._server), "only our own connection is left")
        left = {task.get_name() for task in asyncio.all_tasks()} - tasks
        assert not left
        assert len(upstream.received) > 10
        assert all(model.waiting == model.in_flight == 0 for model in it.core.snapshot().models)
    await until(lambda: upstream.open == 0, "no connection to the model server is left")
    upstream.stop()
