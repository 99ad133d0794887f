"""Nothing outlives the program, however and whenever it is killed (runtime specification, section 14.6)."""

import asyncio
import contextlib
import os
import random
import sys
import time

import psutil
import pytest

from tests.whole.program import free_ports, running_program
from tests.whole.test_life import KINDS, RESPONDER, alive, family, gone

ROUNDS = 50 if os.environ.get("SOAK") else 5
LIMIT_S = 3.0

pytestmark = [pytest.mark.whole, pytest.mark.linux, pytest.mark.timeout(60 + 12 * ROUNDS)]


def config(home, preload: str = "") -> str:
    """One model for each kind of grandchild; ``preload`` is loaded at the start."""
    models = "".join(
        f"  {kind}:\n    cmd: {sys.executable} {RESPONDER} --port ${{PORT}} --name {kind} --tag {home}"
        f" --spawn-grandchild {kind} --chunk-delay 0.05 {'--deaf' if kind == 'deaf' else ''}\n"
        for kind in KINDS
    )
    hooks = f"hooks: {{on_startup: {{preload: [{preload}]}}}}\n" if preload else ""
    return f"startPort: {free_ports()}\n{hooks}models:\n{models}"


@contextlib.asynccontextmanager
async def stranger():
    """A server of the same name and program that somebody else has started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(RESPONDER), "--port", "0", "--name", "plain", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


class Round:
    """One life of the program, which ends hard at a moment that ``dice`` chooses."""

    def __init__(self, home, number: int) -> None:
        self.home = home
        self.dice = random.Random(number)
        self.moment = MOMENTS[number % len(MOMENTS)]
        self.kinds = self.dice.sample(KINDS, 2)
        self.known: list[psutil.Process] = []

    def note_descendants(self, program) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.known += psutil.Process(program.process.pid).children(recursive=True)

    async def play(self) -> float:
        """Return after how many seconds nothing was left."""
        text = config(self.home, self.kinds[0] if self.moment is at_the_start else "")
        async with running_program(self.home, text, waits=self.moment is not at_the_start) as program:
            background = [
                asyncio.get_running_loop().create_task(quiet(each)) for each in await self.moment(self, program)
            ]
            await asyncio.sleep(self.dice.uniform(0.0, 0.5))  # the random moment itself, not a wait for anything
            self.note_descendants(program)
            with contextlib.suppress(ProcessLookupError):  # an orderly end may have come to its end
                program.process.kill()
            began = time.monotonic()
            await gone(self.home, *self.known, within_s=LIMIT_S)
            took = time.monotonic() - began
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            return took


async def quiet(asking):
    with contextlib.suppress(Exception):
        await asking


async def read_stream(program, kind):
    async with program.stream(kind, max_tokens=400) as answer:
        await answer.read()


async def at_the_start(its, program):
    return []


async def during_a_load(its, program):
    return [program.chat(its.kinds[0])]


async def while_serving(its, program):
    assert (await program.chat(its.kinds[0]))[0] == 200
    return [read_stream(program, its.kinds[0])]


async def during_a_swap(its, program):
    assert (await program.chat(its.kinds[0]))[0] == 200
    return [program.chat(its.kinds[1])]


async def during_an_unload(its, program):
    assert (await program.chat(its.kinds[0]))[0] == 200
    return [program.get("/unload")]


async def during_the_end(its, program):
    assert (await program.chat(its.kinds[0]))[0] == 200
    its.note_descendants(program)
    program.process.terminate()
    return []


MOMENTS = (at_the_start, during_a_load, while_serving, during_a_swap, during_an_unload, during_the_end)


async def test_hard_kill_at_any_moment_leaves_nothing_and_the_next_start_is_clean(tmp_path):
    first = random.randrange(len(MOMENTS))
    print(f"rounds from {first}")
    took = []
    async with stranger() as its:
        for number in range(first, first + ROUNDS):
            took.append(await Round(tmp_path, number).play())
        async with running_program(tmp_path, config(tmp_path)) as program:
            assert (await program.chat("plain"))[0] == 200
            assert len(list(tmp_path.rglob("*.run"))) == 1, "leftovers of dead runs are swept"
            assert "leftover" not in program.log, "the guards had done their work"
        assert its.returncode is None, "a stranger of the same name is not touched"
    assert not [process for process in family(tmp_path) if alive(process)]
    print(
        f"{ROUNDS} hard kills; nothing was left after {max(took):.2f} s at most, {sum(took) / ROUNDS:.2f} s on average"
    )
