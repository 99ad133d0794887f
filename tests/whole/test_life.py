"""How the program ends, and that nothing outlives it."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.whole.program import events_of, free_ports, profile, program_words, running_program

pytestmark = [pytest.mark.whole, pytest.mark.linux]

RESPONDER = Path(__file__).parent.parent / "children" / "responder.py"


def model(name: str, *flags: str) -> str:
    command = f"{sys.executable} {RESPONDER} --port ${{PORT}} --name {name} {' '.join(flags)}"
    return f"  {name}:\n    cmd: {command}\n"


def config(*models: str) -> str:
    """A configuration on ports that nobody uses right now."""
    return f"startPort: {free_ports()}\nmodels:\n" + "".join(models)


def family(home: Path) -> list[psutil.Process]:
    """Everything that this test's program has started: what has its profile, its models, and their children."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.environ().get("HOME") == str(home) or str(home) in words:
                found.append(process)
        except psutil.Error:
            continue
    return found


async def gone(home: Path, *known: psutil.Process, within_s: float) -> None:
    """Wait until nothing of the family lives, including processes that cannot be recognised any more."""
    try:
        async with asyncio.timeout(within_s):
            while left := [*family(home), *(process for process in known if alive(process))]:
                await asyncio.sleep(0.02)
    except TimeoutError:
        names = [f"{process.pid} {process.cmdline()}" for process in left if alive(process)]
        for process in left:
            process.kill()
        raise AssertionError(f"alive after {within_s} s: {names}") from None


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def server_of(program, name: str) -> psutil.Process:
    """Return the responder that serves the model."""
    children = psutil.Process(program.process.pid).children()
    [found] = [child for child in children if f"--name {name} " in " ".join([*child.cmdline(), ""])]
    return found


KINDS = ("plain", "setsid", "retitled", "env-i", "deaf")


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_survives_a_hard_kill_while_serving(tmp_path, kind):
    async with running_program(tmp_path, config(model("m", "--spawn-grandchild", kind))) as program:
        assert (await program.chat("m"))[0] == 200
        known = descendants(program.process.pid)
        assert len(known) >= 2, "the model and its grandchild"
        program.process.kill()
        await gone(tmp_path, *known, within_s=3)


async def test_nothing_survives_a_hard_kill_while_a_model_starts(tmp_path):
    async with running_program(tmp_path, config(model("m", "--never-ready", "--deaf"))) as program:
        asking = asyncio.get_running_loop().create_task(program.chat("m"))

        async def starts():
            return bool(descendants(program.process.pid))

        await program.until(starts, "the model's process exists")
        known = descendants(program.process.pid)
        program.process.kill()
        await gone(tmp_path, *known, within_s=3)
        asking.cancel()
        await asyncio.wait({asking})


async def test_nothing_survives_a_hard_kill_while_a_model_stops(tmp_path):
    async with running_program(tmp_path, config(model("m", "--deaf", "--spawn-grandchild", "deaf"))) as program:
        assert (await program.chat("m"))[0] == 200
        known = descendants(program.process.pid)
        unloading = asyncio.get_running_loop().create_task(program.get("/unload"))

        async def stops():
            return (await program.running())["m"]["state"] == "stopping"

        await program.until(stops, "the model is being stopped")
        program.process.kill()
        await gone(tmp_path, *known, within_s=3)
        unloading.cancel()
        await asyncio.wait({unloading})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_polite_end_with_nothing_in_flight_is_over_within_three_seconds(tmp_path, number):
    async with running_program(tmp_path, config(model("m"))) as program:
        assert (await program.chat("m"))[0] == 200
        program.process.send_signal(number)
        assert await program.ended(3) == 0
        await gone(tmp_path, within_s=0.5)


async def test_polite_end_lets_a_running_answer_finish_and_takes_nothing_new(tmp_path):
    async with running_program(tmp_path, config(model("m", "--chunk-delay", "0.05"))) as program:
        assert (await program.chat("m"))[0] == 200
        async with program.stream("m", max_tokens=20) as answer:
            await answer.content.readline()
            program.process.terminate()

            async def refuses():
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", program.port)
                except ConnectionRefusedError:
                    return True
                writer.close()
                return False

            await program.until(refuses, "new connections are refused")
            assert (await events_of(answer))[-1] == "[DONE]"
        assert await program.ended(5) == 0


async def test_second_signal_ends_everything_now(tmp_path):
    async with running_program(tmp_path, config(model("m", "--deaf", "--chunk-delay", "5"))) as program:
        streaming = asyncio.get_running_loop().create_task(_read_whole(program))

        async def serves():
            return "m" in await program.running() and (await program.running())["m"]["state"] == "ready"

        await program.until(serves, "the model answers")
        known = descendants(program.process.pid)
        program.process.terminate()

        async def stopping():
            return "stopping" in program.log

        await program.until(stopping, "the first signal was taken")
        program.process.send_signal(signal.SIGINT)
        assert await program.ended(3) == 130
        await gone(tmp_path, *known, within_s=0.5)
        streaming.cancel()
        await asyncio.wait({streaming})


async def _read_whole(program):
    async with program.stream("m", max_tokens=50) as answer:
        return await answer.read()


async def test_stranger_of_the_same_name_is_never_touched(tmp_path):
    stranger = await asyncio.create_subprocess_exec(
        sys.executable, str(RESPONDER), "--port", "0", "--name", "m", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with running_program(tmp_path, config(model("m"))) as program:
            assert (await program.chat("m"))[0] == 200
            known = descendants(program.process.pid)
            program.process.kill()
            await gone(tmp_path, *known, within_s=3)
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_leftovers_of_a_run_whose_guard_was_killed_too_are_swept_at_the_next_start(tmp_path):
    async with running_program(tmp_path, config(model("m", "--spawn-grandchild", "setsid"))) as program:
        assert (await program.chat("m"))[0] == 200
        known = descendants(program.process.pid)
        guards = [process for process in known if "guard" in " ".join(process.cmdline())]
        models = [process for process in known if process not in guards]
        assert guards
        assert models
        for guard in guards:
            os.kill(guard.pid, signal.SIGKILL)
        program.process.kill()
        await program.process.wait()
        assert all(alive(process) for process in models)
    async with running_program(tmp_path, config(model("m"))) as program:
        await _none_alive(models, within_s=3)
        assert (await program.chat("m"))[0] == 200


async def _none_alive(processes, within_s):
    async with asyncio.timeout(within_s):
        while any(alive(process) for process in processes):
            await asyncio.sleep(0.02)


async def test_first_start_serves_two_demo_models_and_swaps(tmp_path):
    async with running_program(tmp_path) as program:
        assert (tmp_path / ".config" / "llamaswap-desktop" / "config.yaml").exists()
        status, text = await program.get("/v1/models")
        assert status == 200
        for name in ("demo-alice", "demo-bob"):
            assert name in text
            status, answer = await program.chat(name)
            assert status == 200
            assert "demo" in answer["choices"][0]["message"]["content"]
        assert list(await program.running()) == ["demo-bob"]


async def test_busy_port_is_explained(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        (tmp_path / "config.yaml").write_text(config(model("m")))
        code, output = await outcome(
            tmp_path, "serve", "--config", str(tmp_path / "config.yaml"), "--listen", f"127.0.0.1:{port}"
        )
    assert code == 1
    assert f"127.0.0.1:{port}: the port is in use by" in output
    assert f"--listen 127.0.0.1:{port + 1}" in output


async def test_missing_configuration_is_explained(tmp_path):
    code, output = await outcome(tmp_path, "serve", "-config", str(tmp_path / "nope.yaml"))
    assert code == 1
    assert "nope.yaml" in output


async def test_broken_configuration_names_file_line_key_and_reason(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("models:\n  m:\n    cmd: x\n    proxy: http://127.0.0.1:1\n    ttl: soon\n")
    code, output = await outcome(tmp_path, "serve", f"--config={file}")
    assert code == 1
    assert f"{file}:5" in output
    assert "models.m.ttl" in output
    assert "soon" in output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version"], 0, "llamaswap-desktop 0."),
        (["serve", "-version"], 0, "llamaswap-desktop 0."),
        (["serve"], 1, "--config"),
        (["serve", "--nonsense"], 2, "--nonsense"),
        (["serve", "--conf", "x"], 2, "--conf"),
        (["--listen", "nowhere"], 2, "'nowhere'"),
        (["--listen", "127.0.0.1:99999"], 2, "99999"),
        (["serve", "--user", "--config", "x"], 2, "exclude"),
        (["--help"], 0, "--listen"),
    ],
)
async def test_command_line(tmp_path, words, code, said):
    status, output = await outcome(tmp_path, *words)
    assert (status, said in output) == (code, True), output


async def outcome(home: Path, *words: str) -> tuple[int, str]:
    """Run the program to its end; return its exit status and everything that it said."""
    process = await asyncio.create_subprocess_exec(
        *program_words(),
        *words,
        env=profile(home),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    return process.returncode, output.decode()
