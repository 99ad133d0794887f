"""A reload is a difference, not a restart (runtime specification, section 14.5)."""

import asyncio
import json
import signal
import sys

import psutil
import pytest

from tests.whole.program import events_of, free_ports, running_program, text_of
from tests.whole.test_life import RESPONDER, alive, server_of

pytestmark = [pytest.mark.whole, pytest.mark.linux]

IN_FORCE = "the changed configuration is in force"


def model(name: str, flags: str = "", more: str = "") -> str:
    command = f"{sys.executable} {RESPONDER} --port ${{PORT}} --name {name} --chunk-delay 0.05 {flags}"
    return f"  {name}:\n    cmd: {command}\n{more}"


def together(start_port: int, *models: str, more: str = "") -> str:
    """A configuration whose models may all run at the same time."""
    names = ", ".join(each.split(":")[0].strip() for each in models)
    groups = f"groups: {{all: {{swap: false, exclusive: false, members: [{names}]}}}}\n"
    return f"startPort: {start_port}\nunloadTimeout: 30\n{groups}{more}models:\n{''.join(models)}"


async def reload(program, file, text: str) -> None:
    """Write the file, and have it read."""
    before = program.log.count(IN_FORCE)
    file.write_text(text)
    program.process.send_signal(signal.SIGHUP)

    async def holds():
        return program.log.count(IN_FORCE) > before

    await program.until(holds, "the new configuration holds")


async def ports(program) -> dict[str, str]:
    return {name: entry["proxy"] for name, entry in (await program.running()).items()}


async def listed(program) -> list[str]:
    return [entry["id"] for entry in json.loads((await program.get("/v1/models"))[1])["data"]]


async def problems(program) -> str:
    return "\n".join(json.loads((await program.get("/api/desktop/state"))[1])["problems"])


async def test_edit_under_load_touches_only_what_it_changes(tmp_path):
    file, port = tmp_path / "edited.yaml", free_ports()
    file.write_text(together(port, model("same", "--talk-every 0.1"), model("other"), model("gone")))
    async with running_program(tmp_path, None, "--config", str(file)) as program:
        for name in ("same", "other", "gone"):
            assert (await program.chat(name))[0] == 200
        servers = {name: server_of(program, name) for name in ("same", "other", "gone")}
        addresses = await ports(program)
        [log] = tmp_path.rglob("model-same.log")
        async with program.stream("same", max_tokens=140) as same, program.stream("other", max_tokens=120) as other:
            async with program.stream("gone", max_tokens=20) as gone:
                for answer in (same, other, gone):
                    await answer.content.readline()
                changed = model("other", "--say changed")
                await reload(program, file, together(port, model("new"), model("same", "--talk-every 0.1"), changed))
                said_before = log.read_text().count("still here")
                assert set(await listed(program)) == {"new", "same", "other"}
                assert (await program.chat("gone"))[0] == 404
                waiting = asyncio.get_running_loop().create_task(program.chat("other"))
                assert (await program.chat("same"))[0] == 200, "the untouched model goes on answering"
                new = asyncio.get_running_loop().create_task(program.chat("new"))
                assert (await events_of(gone))[-1] == "[DONE]", "what a removed model was answering is finished"
                await program.until(lambda: _is_gone(servers["gone"]), "the removed model stops")
            assert (await new)[0] == 200, "the port of the removed model, which it has inherited, was waited for"
            assert alive(servers["other"]), "it finishes what it is answering"
            assert not waiting.done()
            assert (await events_of(other))[-1] == "[DONE]"
            assert (await waiting)[0] == 200
            assert text_of(await events_of(same)).endswith("same139 ")
        assert server_of(program, "same") == servers["same"]
        assert not alive(servers["other"])
        assert "changed" in server_of(program, "other").cmdline()
        now = await ports(program)
        assert {name: now[name] for name in ("same", "other")} == {name: addresses[name] for name in ("same", "other")}
        assert log.read_text().count("still here") > said_before, "the log goes on in the same file"
        assert program.starts_of("same") == 1


async def _is_gone(process) -> bool:
    return not alive(process)


async def test_broken_file_changes_nothing_and_is_reported_until_it_is_mended(tmp_path):
    file, port = tmp_path / "config.yaml", free_ports()
    good = together(port, model("m"))
    async with running_program(tmp_path, good) as program:
        assert (await program.chat("m"))[0] == 200
        server = server_of(program, "m")
        file.write_text(good.replace("    cmd:", "    ttl: soon\n    cmd:"))
        program.process.send_signal(signal.SIGHUP)

        async def is_reported():
            return "soon" in await problems(program)

        await program.until(is_reported, "the problem is shown")
        assert f"{file}:" in await problems(program)
        await program.until(lambda: _says(program, "the former one stays"), "the log says so too")
        assert server_of(program, "m") == server
        assert (await program.chat("m"))[0] == 200
        file.unlink()
        program.process.send_signal(signal.SIGHUP)

        async def is_missed():
            return program.log.count("the former one stays") == 2

        await program.until(is_missed, "the missing file is reported")
        await reload(program, file, good)
        assert await problems(program) == ""
        assert server_of(program, "m") == server


async def _says(program, text) -> bool:
    return text in program.log


async def test_quick_edits_end_in_the_last_one_by_signal(tmp_path):
    file, port = tmp_path / "config.yaml", free_ports()
    async with running_program(tmp_path, together(port, model("m0"))) as program:
        for number in range(1, 20):
            file.write_text(together(port, model(f"m{number}")))
            program.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0)

        async def last_holds():
            return await listed(program) == ["m19"]

        await program.until(last_holds, "the last edit holds")
        assert (await program.chat("m19"))[0] == 200


async def test_watched_file_is_read_when_it_changes(tmp_path):
    file, port = tmp_path / "config.yaml", free_ports()
    async with running_program(tmp_path, together(port, model("m0")), "--watch-config") as program:
        for number in range(1, 6):
            file.write_text(together(port, *(model(f"m{each}") for each in range(number + 1))))

        async def last_holds():
            return await listed(program) == [f"m{number}" for number in range(6)]

        await program.until(last_holds, "the last edit holds")


async def test_preload_after_a_reload_loads_only_what_is_new_in_the_list(tmp_path):
    file, port = tmp_path / "config.yaml", free_ports()
    models = (model("a"), model("b"))
    hooks = "hooks: {{on_startup: {{preload: [{}]}}}}\n"
    async with running_program(tmp_path, together(port, *models, more=hooks.format("a"))) as program:
        await program.until(lambda: _is_ready(program, "a"), "a is preloaded")
        assert "b" not in await program.running()
        await program.post("/api/models/unload", {})
        await reload(program, file, together(port, *models, more=hooks.format("a, b")))
        await program.until(lambda: _is_ready(program, "b"), "b is preloaded")
        assert "a" not in await program.running()


async def _is_ready(program, name) -> bool:
    return (await program.running()).get(name, {}).get("state") == "ready"


async def test_second_instance_of_the_same_user_is_left_alone(tmp_path):
    """Both keep their run files in the same folder, and both have a model of the same name."""
    file = tmp_path / "config.yaml"
    async with running_program(tmp_path, together(free_ports(), model("m"))) as first:
        assert (await first.chat("m"))[0] == 200
        server = server_of(first, "m")
        async with running_program(tmp_path, together(free_ports(), model("m"))) as second:
            assert (await second.chat("m"))[0] == 200
            others = psutil.Process(second.process.pid).children(recursive=True)
            await reload(second, file, together(free_ports(), model("m", "--say hello")))
            second.process.kill()
            await second.ended()
            await second.until(lambda: _are_gone(others), "its models are gone")
        async with running_program(tmp_path, together(free_ports(), model("m"))) as third:
            assert (await third.chat("m"))[0] == 200
        assert server_of(first, "m") == server
        assert (await first.chat("m"))[0] == 200
        assert first.starts_of("m") == 1


async def _are_gone(processes) -> bool:
    return not any(alive(process) for process in processes)
