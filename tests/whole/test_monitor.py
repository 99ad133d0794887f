"""The monitor in the running program: what it costs, what it learns, and that its tools die with it."""

import asyncio
import json

import psutil
import pytest

from tests.whole.program import free_ports, running_program
from tests.whole.test_life import gone, model

pytestmark = [pytest.mark.whole, pytest.mark.linux]

MIB = 1 << 20
HELD_MIB = 100
BUDGET_MIB = 400
WATCHED_S = 6.0


def planned_by_memory() -> str:
    """Four models of some 120 MiB each where three fit; the first is the quickest to load again."""
    router = f"routing: {{router: {{use: memory, settings: {{memory: {{budgets: {{ram: {BUDGET_MIB}}}}}}}}}}}\n"
    flags = ("--hold", str(HELD_MIB), "--chunk-delay 0.05")
    models = model("a", *flags) + "".join(model(name, *flags, "--ready-after", "1") for name in "bcd")
    return f"startPort: {free_ports()}\n{router}models:\n{models}"


async def held_bytes(program, name: str) -> int | None:
    models = json.loads((await program.get("/api/desktop/state"))[1])["models"]
    return next(each["memory_bytes"] for each in models if each["id"] == name)


async def test_memory_of_real_children_is_learnt_remembered_and_planned_with(tmp_path):
    text = planned_by_memory()
    async with running_program(tmp_path, text) as program:
        for name in "abcd":
            assert (await program.chat(name))[0] == 200
            assert list(await program.running()) == [name], "nobody knows yet how much it takes"
            await program.until(lambda name=name: held_bytes(program, name), f"the memory of {name} is known")
            assert HELD_MIB < (await held_bytes(program, name)) / MIB < HELD_MIB + 60
        program.process.kill()
        await program.ended()
    [file] = tmp_path.rglob("memory.json")
    assert len(json.loads(file.read_text())) == 4
    async with running_program(tmp_path, text) as program:
        for name in "abc":
            assert (await program.chat(name))[0] == 200
        assert set(await program.running()) == set("abc"), "three fit, which is remembered over the crash"
        assert (await program.chat("d"))[0] == 200
        assert set(await program.running()) == set("bcd"), "the cheapest to load again leaves"
        async with program.stream("b", max_tokens=40) as busy:
            await busy.content.readline()
            assert (await program.chat("a"))[0] == 200
            running = set(await program.running())
            assert len(running) == 3
            assert {"a", "b"} <= running, "a busy model does not leave"


async def test_idle_program_takes_less_than_a_hundredth_of_a_core(tmp_path):
    async with running_program(tmp_path, f"startPort: {free_ports()}\nmodels:\n{model('m')}") as program:
        assert (await program.chat("m"))[0] == 200
        process = psutil.Process(program.process.pid)
        before = process.cpu_times()
        await asyncio.sleep(WATCHED_S)  # more than one interval of the monitor
        after = process.cpu_times()
        spent_s = after.user + after.system - before.user - before.system
        print(f"{spent_s / WATCHED_S:.2%} of a core while idle")
        assert spent_s < WATCHED_S / 100


async def test_tool_of_the_monitor_dies_with_the_program(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "nvidia-smi"
    tool.write_text("#!/bin/sh\nwhile true; do echo '0, Fake, GPU-1, 50, 10, 100, 8000, 30, 100'; sleep 0.2; done\n")
    tool.chmod(0o755)
    environment = {"PATH": f"{tools}:/usr/bin:/bin"}
    async with running_program(
        tmp_path, f"startPort: {free_ports()}\nmodels:\n{model('m')}", environment=environment
    ) as program:
        process = psutil.Process(program.process.pid)

        async def is_running():
            return any("nvidia-smi" in " ".join(child.cmdline()) for child in process.children(recursive=True))

        await program.until(is_running, "the tool has been started")
        known = process.children(recursive=True)
        program.process.kill()
        await gone(tmp_path, *known, within_s=3)
