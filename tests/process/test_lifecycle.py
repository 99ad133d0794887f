"""A model's process from start to end: every transition, with real children."""

import asyncio
import os
import socket
import sys
import time

import msgspec
import psutil
import pytest

from llamaswap_desktop.config import Timeouts
from llamaswap_desktop.errors import NotReady, StartFailed
from llamaswap_desktop.events import ProcessDied
from llamaswap_desktop.guard import processes
from llamaswap_desktop.http1 import fetch
from llamaswap_desktop.types import ProcessState
from tests.process.children import launched, responder

pytestmark = [pytest.mark.child, pytest.mark.linux]

START = ["stopped", "starting", "ready"]


def is_alive(pid: int) -> bool:
    return any(stat.pid == pid for stat in processes())


def started(coroutine):
    return asyncio.get_running_loop().create_task(coroutine)


async def failure_of(watched) -> str:
    with pytest.raises(StartFailed) as caught:
        await watched.process.ensure_ready()
    return str(caught.value)


async def test_start_serve_stop(tmp_path):
    async with launched(tmp_path, responder("--say", "hello")) as [m]:
        assert m.process.upstream is None
        await m.process.ensure_ready()
        assert m.states == START
        assert (await fetch(m.process.upstream, "/x", timeout_s=5)).status == 200
        pid = m.process.pid
        await m.process.stop(5)
        assert m.states == [*START, "stopping", "stopped"]
        assert m.said == b"hello\nm listens\n"
        assert not is_alive(pid)
        assert (m.process.upstream, m.process.pid) == (None, None)


async def test_ready_model_is_ready_at_once_and_stopping_a_stopped_one_is_nothing(tmp_path):
    async with launched(tmp_path, responder()) as [m]:
        await m.process.stop(5)
        assert m.events == []
        await m.process.ensure_ready()
        await m.process.ensure_ready()
        assert m.states == START


async def test_readiness_asked_for_twice_is_one_start(tmp_path):
    async with launched(tmp_path, responder("--ready-after", "0.2")) as [m]:
        await asyncio.gather(m.process.ensure_ready(), m.process.ensure_ready())
        assert m.states == START


async def test_no_check_means_ready_at_once(tmp_path):
    async with launched(tmp_path, responder("--never-ready", check_endpoint=" none ")) as [m]:
        await m.process.ensure_ready()
        assert m.states == START


async def test_check_path_follows_the_path_of_the_address(tmp_path):
    model = responder(check_endpoint="ping")
    async with launched(tmp_path, msgspec.structs.replace(model, proxy=model.proxy + "/base")) as [m]:
        await m.process.ensure_ready()
        answer = await fetch(m.process.upstream, "/x", timeout_s=5)
        assert b'"/base/x"' in answer.body


async def test_exit_before_readiness_fails_with_code_and_last_line(tmp_path):
    async with launched(tmp_path, responder("--exit-after", "0", "--exit-code", "3")) as [m]:
        text = await failure_of(m)
        assert text.startswith(
            "unspecific error: upstream command exited prematurely: model 'm' exited with code 3 after "
        )
        assert text.endswith(": m gives up")
        assert m.states == ["stopped", "starting", "stopped"]
        await failure_of(m)


async def test_child_that_never_becomes_ready_fails_at_its_limit(tmp_path):
    async with launched(tmp_path, responder("--never-ready", load_timeout_s=1)) as [m]:
        text = await failure_of(m)
        assert text == (
            "unspecific error: health check timed out after 1s: "
            "model 'm' never answered /health with 200; its last output: m listens"
        )
        assert m.states == ["stopped", "starting", "stopped"]


async def test_health_check_that_is_never_answered_does_not_outlast_the_limit(tmp_path):
    async with launched(tmp_path, responder("--hang-health", load_timeout_s=1)) as [m]:
        began = time.monotonic()
        assert "timed out after 1s" in await failure_of(m)
        assert time.monotonic() - began < 3


async def test_failure_of_a_deaf_start_is_known_before_it_has_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("llamaswap_desktop.process.life._FAILED_START_GRACE_S", 1.0)
    async with launched(tmp_path, responder("--never-ready", "--deaf", load_timeout_s=1)) as [m]:
        began = time.monotonic()
        told = []
        with pytest.raises(StartFailed) as caught:
            await m.process.ensure_ready(lambda failure: told.append((failure, time.monotonic() - began)))
        [(failure, after_s)] = told
        assert failure is caught.value
        assert after_s < 1.5 < time.monotonic() - began


async def test_load_without_progress_fails_early(tmp_path):
    async with launched(tmp_path, responder("--never-ready", load_timeout_s=60, load_stall_timeout_s=1)) as [m]:
        assert "timed out after 1s without any output" in await failure_of(m)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cmd": ""}, "failed to start command '': the command is empty"),
        ({"cmd": "no-such-program -x"}, "failed to start command 'no-such-program -x': 'no-such-program' is nowhere"),
        ({"proxy": ""}, "the model has no address"),
        ({"cmd": "/dev/null/x"}, "failed to start command '/dev/null/x': there is no"),
    ],
)
async def test_command_that_cannot_be_started(tmp_path, fields, said):
    async with launched(tmp_path, responder(**fields)) as [m]:
        assert said in await failure_of(m)
        assert m.states == ["stopped", "starting", "stopped"]


async def test_port_of_somebody_else_is_not_believed(tmp_path):
    model = responder()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", model.port))
        holder.listen()
        async with launched(tmp_path, model) as [m]:
            text = await failure_of(m)
    assert f"port {model.port} is in use by" in text
    assert f"(process {os.getpid()})" in text


async def test_exit_of_a_ready_child_is_reported_and_the_next_wish_starts_it_again(tmp_path):
    async with launched(tmp_path, responder()) as [m]:
        await m.process.ensure_ready()
        first = m.process.pid
        os.kill(first, 9)
        await m.until(lambda: any(isinstance(event, ProcessDied) for event in m.events), "the death is reported")
        died = m.events[-1]
        assert died.detail.startswith("model 'm' was ended by SIGKILL after ")
        assert died.detail.endswith(": m listens")
        assert m.states == [*START, "stopped"]
        await m.process.ensure_ready()
        assert m.process.pid != first


async def test_stop_while_starting_aborts_the_start(tmp_path):
    async with launched(tmp_path, responder("--never-ready")) as [m]:
        starting = started(m.process.ensure_ready())
        await m.until(lambda: b"listens" in m.said, "the child listens")
        await m.process.stop(60)
        with pytest.raises(StartFailed, match="aborted"):
            await starting
        assert m.states == ["stopped", "starting", "stopped"]


async def test_second_wish_starts_again_after_a_failed_start(tmp_path):
    async with launched(tmp_path, responder("--exit-after", "0.1")) as [m]:
        outcomes = await asyncio.gather(*(m.process.ensure_ready() for _ in range(2)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StartFailed, StartFailed]
        assert m.states == ["stopped", "starting", "stopped", "starting", "stopped"]


async def test_readiness_waited_for_survives_a_stop_of_the_start(tmp_path):
    async with launched(tmp_path, responder("--ready-after", "0.3")) as [m]:
        first, second = started(m.process.ensure_ready()), started(m.process.ensure_ready())
        await m.until(lambda: b"listens" in m.said, "the child listens")
        await m.process.stop(5)
        with pytest.raises(StartFailed, match="aborted"):
            await first
        await second
        assert m.states == ["stopped", "starting", "stopped", "starting", "ready"]


async def test_load_that_makes_progress_is_given_its_time(tmp_path):
    flags = ("--ready-after", "1.6", "--talk-every", "0.2")
    async with launched(tmp_path, responder(*flags, load_stall_timeout_s=1)) as [m]:
        await m.process.ensure_ready()


async def test_stop_of_a_deaf_start_is_forced_whatever_its_grace(tmp_path, monkeypatch):
    monkeypatch.setattr("llamaswap_desktop.process.life._FAILED_START_GRACE_S", 0.3)
    async with launched(tmp_path, responder("--never-ready", "--deaf")) as [m]:
        starting = started(m.process.ensure_ready())
        await m.until(lambda: b"listens" in m.said, "the child listens")
        began = time.monotonic()
        await m.process.stop(60)
        assert time.monotonic() - began < 2.0
        with pytest.raises(StartFailed, match="aborted"):
            await starting


async def test_exit_while_it_is_being_stopped_is_no_death(tmp_path):
    async with launched(tmp_path, responder("--stop-takes", "60")) as [m]:
        await m.process.ensure_ready()
        stopping = started(m.process.stop(30))
        await m.until(lambda: m.process.state is ProcessState.STOPPING, "it is being stopped")
        os.kill(m.process.pid, 9)
        await stopping
        assert not any(isinstance(event, ProcessDied) for event in m.events)
        assert m.states == [*START, "stopping", "stopped"]


async def test_end_of_a_start_answers_whoever_waits_for_it(tmp_path):
    async with launched(tmp_path, responder("--never-ready")) as [m]:
        starting = started(m.process.ensure_ready())
        await m.until(lambda: b"listens" in m.said, "the child listens")
        await m.process.end()
        with pytest.raises(StartFailed):
            await starting
        assert m.states == ["stopped", "starting", "stopped", "shutdown"]


async def test_end_of_a_stopped_process_is_at_once_and_for_good(tmp_path):
    async with launched(tmp_path, responder()) as [m]:
        await m.process.end()
        await m.process.end()
        await m.process.stop(5)
        assert m.states == ["stopped", "shutdown"]


async def test_port_is_free_for_the_next_start(tmp_path):
    async with launched(tmp_path, responder("--deaf", "--spawn-grandchild", "deaf")) as [m]:
        for _ in range(3):
            await m.process.ensure_ready()
            await m.process.stop(0.05)


async def test_pipe_that_somebody_untraceable_holds_does_not_hold_up_the_end(tmp_path):
    async with launched(tmp_path, responder("--leak-pipe", "8")) as [m]:
        await m.process.ensure_ready()
        await m.until(lambda: b"leaked" in m.said, "the pipe is held")
        began = time.monotonic()
        await m.process.stop(5)
        assert time.monotonic() - began < 4.0


async def test_deaf_child_is_forced_after_its_grace(tmp_path):
    async with launched(tmp_path, responder("--deaf")) as [m]:
        await m.process.ensure_ready()
        began = time.monotonic()
        await m.process.stop(0.3)
        assert 0.3 <= time.monotonic() - began < 2.0


async def test_obedient_child_gets_the_time_it_needs(tmp_path):
    async with launched(tmp_path, responder("--stop-takes", "0.3")) as [m]:
        await m.process.ensure_ready()
        pid = m.process.pid
        stopping = started(m.process.stop(30))
        await m.until(lambda: m.process.state is ProcessState.STOPPING, "it is being stopped")
        assert is_alive(pid)
        await stopping
        assert not is_alive(pid)


async def test_of_two_stops_the_shorter_grace_counts(tmp_path):
    async with launched(tmp_path, responder("--deaf")) as [m]:
        await m.process.ensure_ready()
        patient = started(m.process.stop(60))
        await m.until(lambda: m.process.state is ProcessState.STOPPING, "it is being stopped")
        await m.process.stop(0.1)
        await patient
        assert m.states == [*START, "stopping", "stopped"]


async def test_kill_ends_it_now(tmp_path):
    async with launched(tmp_path, responder("--deaf")) as [m]:
        await m.process.ensure_ready()
        stopping = started(m.process.stop(60))
        await m.until(lambda: m.process.state is ProcessState.STOPPING, "it is being stopped")
        m.process.kill()
        await stopping


async def test_readiness_asked_for_while_stopping_starts_it_again(tmp_path):
    async with launched(tmp_path, responder("--stop-takes", "0.2")) as [m]:
        await m.process.ensure_ready()
        stopping = started(m.process.stop(10))
        await m.until(lambda: m.process.state is ProcessState.STOPPING, "it is being stopped")
        await m.process.ensure_ready()
        await stopping
        assert m.states == [*START, "stopping", "stopped", "starting", "ready"]


async def test_ended_process_never_starts_again(tmp_path):
    async with launched(tmp_path, responder()) as [m]:
        await m.process.ensure_ready()
        await m.process.end()
        assert m.states[-1] == "shutdown"
        with pytest.raises(NotReady):
            await m.process.ensure_ready()


@pytest.mark.parametrize("kind", ["plain", "setsid", "retitled", "env-i", "deaf"])
@pytest.mark.parametrize("way", ["stop", "crash"])
async def test_no_descendant_outlives_its_model(tmp_path, kind, way):
    async with launched(tmp_path, responder("--spawn-grandchild", kind)) as [m]:
        await m.process.ensure_ready()
        [grandchild] = psutil.Process(m.process.pid).children(recursive=True)
        if way == "stop":
            await m.process.stop(0.3)
        else:
            os.kill(m.process.pid, 9)
            await m.until(lambda: m.process.pid is None, "the life is over")
        assert not is_alive(grandchild.pid)
        assert not is_listening(m.process.model.port)


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


async def test_wrapper_that_forks_and_exits_fails_and_leaves_nothing(tmp_path):
    async with launched(tmp_path, responder("--fork-and-exit", "--ready-after", "60")) as [m]:
        assert "exited prematurely: model 'm' exited with code 0" in await failure_of(m)
        assert not is_listening(m.process.model.port)


async def test_stop_command_replaces_the_signal(tmp_path):
    mark = tmp_path / "stopped"
    command = f"sh -c 'echo ${{PID}} $COLOUR > {mark}; kill ${{PID}}'"
    async with launched(tmp_path, responder(cmd_stop=command, env=("COLOUR=blue",))) as [m]:
        await m.process.ensure_ready()
        pid = m.process.pid
        await m.process.stop(10)
        assert mark.read_text() == f"{pid} blue\n"


async def test_stop_command_that_hangs_is_ended_with_the_grace(tmp_path):
    async with launched(tmp_path, responder(cmd_stop="sh -c 'sleep 60; :'")) as [m]:
        await m.process.ensure_ready()
        began = time.monotonic()
        await m.process.stop(0.3)
        assert 0.3 <= time.monotonic() - began < 3.0
        await m.until(lambda: not psutil.Process().children(recursive=True)[1:], "the stop command is gone too")


async def test_stop_command_that_cannot_run_falls_back_to_the_signal(tmp_path):
    async with launched(tmp_path, responder(cmd_stop="no-such-program")) as [m]:
        await m.process.ensure_ready()
        await m.process.stop(10)
        assert m.states[-1] == "stopped"


async def test_flood_of_output_is_passed_on_whole(tmp_path):
    async with launched(tmp_path, responder("--flood", "3000000")) as [m]:
        await m.process.ensure_ready()
        await m.process.stop(5)
        assert len(m.said) >= 3_000_000


async def test_children_find_their_environment(tmp_path):
    async with launched(tmp_path, responder(env=("COLOUR=blue", "COLOUR=red"))) as [m]:
        await m.process.ensure_ready()
        body = (await fetch(m.process.upstream, "/env", timeout_s=5)).body
        assert b'"COLOUR": "red"' in body
        assert f'"HOME": "{os.environ["HOME"]}"'.encode() in body


async def test_address_that_nobody_can_reach_is_not_ready(tmp_path):
    fields = {"cmd": f"{sys.executable} -c 'import time; time.sleep(60)'", "load_timeout_s": 1}
    async with launched(tmp_path, responder(**fields, timeouts=Timeouts(connect_s=1))) as [m]:
        assert "timed out after 1s" in await failure_of(m)
