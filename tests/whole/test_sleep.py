"""The computer sleeps: what real models have become of meanwhile is found out before anybody uses them again.

No test can suspend its computer.  What the program would see of it is arranged instead: it stands still while things
happen to its models, and when it goes on, the system's clock that counts sleep has gone ahead of the one that does not.
"""

import asyncio
import contextlib
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.whole.program import BUNDLE_PROGRAM, free_ports, running_program
from tests.whole.test_life import model, server_of

pytestmark = [
    pytest.mark.whole,
    pytest.mark.linux,
    pytest.mark.skipif(BUNDLE_PROGRAM is not None, reason="a bundle's Python takes no clock of ours"),
]

NIGHT_S = 8 * 3600
DAY_S = 24 * 3600
CLOCKS = """
import pathlib, time
def set(name):
    return float((pathlib.Path({home!r}) / name).read_text())
real, real_time = time.clock_gettime, time.time
time.clock_gettime = lambda clock: real(clock) + (set("slept") if clock == time.CLOCK_BOOTTIME else 0.0)
time.time = lambda: real_time() + set("jumped")
"""


class Clocks:
    """The system's clocks as the program sees them, which the test sets."""

    def __init__(self, home: Path) -> None:
        self._slept, self._jumped = home / "slept", home / "jumped"
        self._slept.write_text("0")
        self._jumped.write_text("0")
        (home / "sitecustomize.py").write_text(CLOCKS.format(home=str(home)), encoding="utf-8")
        self.environment = {"PYTHONPATH": str(home)}

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as somebody does who corrects it."""
        self._jumped.write_text(str(seconds))

    async def sleep(self, program, *, kills: psutil.Process | None = None, stops: psutil.Process | None = None) -> None:
        """Sleep a night, during which these models die and come to hang."""
        await stand_still(psutil.Process(program.process.pid))
        if kills is not None:
            kills.kill()
        if stops is not None:
            await stand_still(stops)
        self._slept.write_text(str(NIGHT_S))
        program.process.send_signal(signal.SIGCONT)


async def stand_still(process: psutil.Process) -> None:
    """Stop a process and wait until it is: on a busy machine some of its threads go on for a moment."""
    process.suspend()
    async with asyncio.timeout(5):
        while process.status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.005)


def config(*names: str, more: str = "") -> str:
    members = ", ".join(names)
    models = "".join(model(name, "--chunk-delay", "0.05") + more for name in names)
    groups = f"groups: {{all: {{swap: false, exclusive: false, members: [{members}]}}}}\n"
    return f"startPort: {free_ports()}\nunloadTimeout: 2\n{groups}models:\n{models}"


async def test_after_a_night_the_well_serve_on_and_the_dead_and_the_hanging_are_started_anew(tmp_path):
    clocks = Clocks(tmp_path)
    async with running_program(tmp_path, config("well", "dead", "hangs"), environment=clocks.environment) as program:
        for name in ("well", "dead", "hangs"):
            assert (await program.chat(name))[0] == 200
        before = {name: server_of(program, name) for name in ("well", "dead", "hangs")}
        await clocks.sleep(program, kills=before["dead"], stops=before["hangs"])
        answers = await asyncio.gather(*(program.chat(name) for name in ("well", "dead", "hangs")))
        assert [status for status, _ in answers] == [200, 200, 200]
        assert server_of(program, "well") == before["well"]
        assert server_of(program, "dead") != before["dead"]
        assert server_of(program, "hangs") != before["hangs"]
        assert not before["hangs"].is_running()
        assert [program.starts_of(name) for name in ("well", "dead", "hangs")] == [1, 2, 2]
        assert program.log.count("the computer has slept") == 1


async def test_sleep_is_noticed_without_a_request_and_a_model_that_hangs_is_stopped(tmp_path):
    clocks = Clocks(tmp_path)
    async with running_program(tmp_path, config("hangs"), environment=clocks.environment) as program:
        assert (await program.chat("hangs"))[0] == 200
        await clocks.sleep(program, stops=server_of(program, "hangs"))

        async def is_stopped():
            return "hangs" not in await program.running()

        await program.until(is_stopped, "it is looked for without being asked for", 20)
        assert (await program.chat("hangs"))[0] == 200


async def test_answer_that_spans_the_night_goes_on(tmp_path):
    clocks = Clocks(tmp_path)
    async with running_program(tmp_path, config("m"), environment=clocks.environment) as program:
        async with program.stream("m", max_tokens=20) as answer:
            await answer.content.readline()
            before = server_of(program, "m")
            await clocks.sleep(program)
            assert (await program.chat("m"))[0] == 200
            assert b"[DONE]" in await answer.content.read()
        assert server_of(program, "m") == before
        await program.has_logged_all()
        assert program.log.count("the computer has slept") == 1


class Forgetful:
    """A peer on which each connection is good for one answer and then silent, as one is that the network has lost."""

    def __init__(self) -> None:
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"choices": []}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()


async def test_connections_to_peers_are_made_anew_after_a_night(tmp_path):
    clocks, peer = Clocks(tmp_path), Forgetful()
    async with await asyncio.start_server(peer.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        text = config("m") + f"peers: {{far: {{proxy: 'http://127.0.0.1:{port}', models: [big]}}}}\n"
        async with running_program(tmp_path, text, environment=clocks.environment) as program:
            assert (await program.chat("big"))[0] == 200
            await clocks.sleep(program)
            async with asyncio.timeout(5):
                assert (await program.chat("big"))[0] == 200
            assert peer.connections == 2


@pytest.mark.parametrize("seconds", [DAY_S, -DAY_S], ids=["forward", "back"])
async def test_clock_that_jumps_is_no_time_that_passes(tmp_path, seconds):
    clocks = Clocks(tmp_path)
    text = config("m", more="    ttl: 3\n")
    async with running_program(tmp_path, text, environment=clocks.environment) as program:
        async with program.stream("m", max_tokens=20) as answer:
            await answer.content.readline()
            before = server_of(program, "m")
            clocks.jump(seconds)
            assert b"[DONE]" in await answer.content.read()
        assert (await program.chat("m"))[0] == 200
        assert server_of(program, "m") == before

        async def is_unloaded():
            return not await program.running()

        began = time.monotonic()
        await program.until(is_unloaded, "its ttl has passed", 6)
        assert time.monotonic() - began > 2
        await program.has_logged_all()
        assert "the computer has slept" not in program.log
