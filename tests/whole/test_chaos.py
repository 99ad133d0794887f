"""Eight misbehaving models, fifty restless clients, and a person who edits and unloads in between."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter

import aiohttp
import psutil
import pytest

from tests.whole.program import events_of, free_ports, running_program, text_of
from tests.whole.test_life import RESPONDER, gone

REQUESTS = 2000 if os.environ.get("SOAK") else 200
CLIENTS = 50
QUEUE_TIMEOUT_S = 20
BOUND_S = QUEUE_TIMEOUT_S + 15
"""Nobody waits longer: the queue's bound, then at most one load with the grace of its victim, and the answer itself."""

GROWTH_MB = 30

pytestmark = [pytest.mark.whole, pytest.mark.linux, pytest.mark.timeout(60 + REQUESTS // 2)]

MODELS = {
    "slow": "--ready-after 0.5 --chunk-delay 0.02",
    "deaf": "--deaf --spawn-grandchild deaf",
    "crashing": "--exit-after 0.05 --exit-code 3",
    "dying": "--die-mid-stream",
    "silent": "--silent",
    "forking": "--spawn-grandchild setsid",
    "flooding": "--flood 2000000 --talk-every 0.01",
    "leaking": "--leak-pipe 3",
}
NAMES = tuple(MODELS)
EXPECTED = {200, 429, 500, 502, 503, 504}


def config(home, port: int, said: str) -> str:
    """Two groups that swap side by side; ``said`` is what makes the definition of one model another."""
    models = "".join(
        f"  {name}:\n    cmd: {sys.executable} {RESPONDER} --port ${{PORT}} --name {name} --tag {home} {flags}"
        f"{f' --say {said}' if name == 'slow' else ''}\n"
        f"    queueTimeout: {QUEUE_TIMEOUT_S}\n    timeouts: {{responseHeader: 2}}\n"
        for name, flags in MODELS.items()
    )
    return (
        f"startPort: {port}\nevictTimeout: 1\nunloadTimeout: 1\n"
        "groups:\n"
        f"  one: {{exclusive: false, members: [{', '.join(NAMES[:4])}]}}\n"
        f"  two: {{exclusive: false, members: [{', '.join(NAMES[4:])}]}}\n"
        f"models:\n{models}"
    )


class Client:
    """Asks for anything, waits or leaves; notes how each request ended."""

    def __init__(self, program, number: int, outcomes: Counter, slowest: list[float]) -> None:
        self.program = program
        self.dice = random.Random(number)
        self.outcomes = outcomes
        self.slowest = slowest

    async def ask(self, count: int) -> None:
        for _ in range(count):
            name = self.dice.choice(NAMES)
            asking = self.stream if self.dice.random() < 0.5 else self.chat
            patience_s = self.dice.uniform(0, 1.5) if self.dice.random() < 0.2 else None
            began = time.monotonic()
            try:
                async with asyncio.timeout(patience_s):
                    outcome = await asking(name)
            except TimeoutError:
                outcome = "left"
            self.slowest.append(time.monotonic() - began)
            self.outcomes[f"{name} {outcome}"] += 1

    async def chat(self, name: str) -> str:
        status, answer = await self.program.chat(name)
        assert status in EXPECTED, answer
        if status == 200:
            assert answer["choices"][0]["message"]["content"] == f"I am {name}.", "an answer to somebody else"
        else:
            assert answer["error"]["message"]
        return str(status)

    async def stream(self, name: str) -> str:
        count = self.dice.randrange(2, 20)
        async with self.program.stream(name, max_tokens=count) as answer:
            assert answer.status in EXPECTED
            if answer.status != 200:
                assert (await answer.json())["error"]["message"]
                return str(answer.status)
            events: list[str] = []
            try:
                events = await events_of(answer)
            except aiohttp.ClientPayloadError:
                return "200 cut"
            assert events[-1] == "[DONE]", "a truncated answer must not look complete"
            assert text_of(events) == "".join(f"{name}{number} " for number in range(count))
            return "200 whole"


async def disturb(program, home, port: int) -> Counter:
    """Edit the file, unload one or all, load by hand, again and again."""
    dice, done = random.Random(1), Counter()
    while True:
        await asyncio.sleep(dice.uniform(0.2, 1.0))  # a person's pace, not a wait for anything
        what = dice.choice(("reload", "unload all", "unload", "load"))
        done[what] += 1
        match what:
            case "reload":
                (home / "config.yaml").write_text(config(home, port, f"edit-{done[what]}"))
                program.process.send_signal(signal.SIGHUP)
            case "unload all":
                await program.post("/api/models/unload", {})
            case _:
                verb = "unload" if what == "unload" else "load"
                await program.post(f"/api/desktop/commands/{verb}", {"model": dice.choice(NAMES)})


def count_of_descriptors(process: psutil.Process) -> int:
    return len(os.listdir(f"/proc/{process.pid}/fd"))


async def test_every_request_has_one_answer_in_time_and_nothing_is_left(tmp_path):
    port = free_ports()
    text = config(tmp_path, port, "first")
    async with running_program(tmp_path, text) as program:
        program.session.connector._limit = 0
        process = psutil.Process(program.process.pid)
        for name in ("slow", "flooding"):
            assert (await program.chat(name))[0] == 200
        await program.post("/api/models/unload", {})
        descriptors = count_of_descriptors(process)
        outcomes, slowest = Counter(), []
        clients = [Client(program, number, outcomes, slowest) for number in range(CLIENTS)]
        disturbing = asyncio.get_running_loop().create_task(disturb(program, tmp_path, port))
        began = time.monotonic()
        await asyncio.gather(*(client.ask(REQUESTS // CLIENTS // 4) for client in clients))
        memory = process.memory_info().rss
        await asyncio.gather(*(client.ask(REQUESTS // CLIENTS * 3 // 4) for client in clients))
        took = time.monotonic() - began
        growth_mb = (process.memory_info().rss - memory) / 1e6
        disturbing.cancel()
        await asyncio.wait({disturbing})
        assert disturbing.cancelled(), disturbing.exception()
        await program.post("/api/models/unload", {})

        async def is_quiet():
            models = json.loads((await program.get("/api/desktop/state"))[1])["models"]
            return all(model["waiting"] == model["in_flight"] == 0 for model in models) and not await program.running()

        await program.until(is_quiet, "every count is zero")
        await program.session.connector.close()
        program.session._connector = aiohttp.TCPConnector()

        async def is_clean():
            guards = [child for child in process.children(recursive=True) if "guard" in " ".join(child.cmdline())]
            children = len(process.children(recursive=True))
            return children == len(guards) == 1 and count_of_descriptors(process) <= descriptors + 2

        await program.until(is_clean, f"children and descriptors ({descriptors} before) are as at the start")
        threads = process.num_threads()
        program.process.terminate()
        assert await program.ended(5) == 0
        await gone(tmp_path, within_s=4)
        print(f"{sum(outcomes.values())} requests in {took:.0f} s, the slowest {max(slowest):.1f} s")
        print(f"memory grew by {growth_mb:.1f} MB; {threads} threads; {descriptors} descriptors at rest")
        print(", ".join(f"{what}: {count}" for what, count in sorted(outcomes.items())))
        assert sum(outcomes.values()) == REQUESTS // CLIENTS * CLIENTS
        assert max(slowest) < BOUND_S
        assert growth_mb < GROWTH_MB
        assert "Traceback" not in program.log
        assert "still at work" not in program.log
        assert "[ERROR]" not in program.log
