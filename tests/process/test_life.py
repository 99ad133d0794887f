"""What no real child can be made to do: survive a forced end, and mistakes of our own in the middle of a life."""

import asyncio
import socket

import pytest

from llamaswap_desktop.config import Model
from llamaswap_desktop.errors import ProcessStuck, StartFailed
from llamaswap_desktop.events import ProcessStateChanged
from llamaswap_desktop.events import ProcessStuck as ProcessIsStuck
from llamaswap_desktop.process import Process
from llamaswap_desktop.types import ModelId
from tests.process.children import free_port
from tests.process.fakes import FakeLauncher
from tests.waiting import until


def process(launcher, published, **fields):
    model = Model(id=ModelId("m"), **{"cmd": "sh", "proxy": "http://127.0.0.1:1", "check_endpoint": "none", **fields})
    return Process(model, launcher=launcher, publish=published.append)


def states(published):
    return [event.new for event in published if isinstance(event, ProcessStateChanged)]


def is_reported(published):
    return lambda: any(isinstance(event, ProcessIsStuck) for event in published)


async def test_what_survives_its_forced_end_is_reported_and_tried_again_until_it_is_gone():
    launcher, published = FakeLauncher(looks=3), []
    stubborn = process(launcher, published)
    await stubborn.ensure_ready()
    await stubborn.stop(1)
    assert [event.pid for event in published if isinstance(event, ProcessIsStuck)] == [4711, 4711]
    assert states(published) == ["starting", "ready", "stopping", "stopped"]


async def test_readiness_is_refused_while_the_last_child_is_stuck_and_given_when_it_is_gone():
    launcher, published = FakeLauncher(looks=2), []
    stubborn = process(launcher, published)
    await stubborn.ensure_ready()
    [child] = launcher.children
    child.exit(1)
    await until(is_reported(published), "the child is stuck", pause_s=0)
    child.may_look.clear()
    with pytest.raises(ProcessStuck):
        await stubborn.ensure_ready()
    child.may_look.set()
    await until(lambda: stubborn.pid is None, "it is gone")
    launcher.looks = 1
    await stubborn.ensure_ready()
    assert len(launcher.children) == 2
    await stubborn.end()


async def test_end_of_the_program_does_not_wait_for_what_is_stuck():
    launcher, published = FakeLauncher(looks=1000000), []
    stubborn = process(launcher, published)
    await stubborn.ensure_ready()
    await stubborn.end()
    assert states(published)[-1] == "shutdown"
    launcher.children[0].looks = 1
    await until(lambda: stubborn.pid is None, "it is gone")
    assert states(published)[-1] == "shutdown", "for good"


async def test_failed_start_that_cannot_be_ended_is_reported_while_it_goes_on():
    launcher, published = FakeLauncher(looks=2), []
    stubborn = process(launcher, published, check_endpoint="/health", load_timeout_s=0)
    with pytest.raises(StartFailed, match="timed out"):
        await stubborn.ensure_ready()
    assert is_reported(published)()
    assert states(published) == ["starting", "stopped"], "a start never shows that it is being stopped"


async def test_end_is_not_told_before_the_port_is_free():
    port = free_port()
    late = process(FakeLauncher(), [], port=port)
    await late.ensure_ready()
    with listening_on(port) as holder:
        stopping = asyncio.get_running_loop().create_task(late.stop(1))
        await asyncio.wait({stopping}, timeout=0.2)
        assert not stopping.done()
        holder.close()
        await stopping


async def test_port_that_stays_taken_is_a_warning(caplog, monkeypatch):
    monkeypatch.setattr("llamaswap_desktop.process.life._PORT_PATIENCE_S", 0.05)
    port = free_port()
    robbed = process(FakeLauncher(), [], port=port)
    await robbed.ensure_ready()
    with listening_on(port):
        await robbed.stop(1)
    assert f"its port {port} is in use by" in caplog.text


def listening_on(port):
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    holder.listen()
    return holder


async def test_system_that_refuses_is_quoted():
    refusing = process(FakeLauncher(refuses=OSError(12, "Cannot allocate memory")), [])
    with pytest.raises(StartFailed, match="failed to start command 'sh': Cannot allocate memory"):
        await refusing.ensure_ready()


async def test_mistake_of_ours_leaves_no_child_and_nobody_waiting(caplog):
    launcher, published = FakeLauncher(), []

    def publish(event):
        published.append(event)
        if getattr(event, "new", "") == "ready":
            raise RuntimeError("a mistake")

    model = Model(id=ModelId("m"), cmd="sh", proxy="http://127.0.0.1:1", check_endpoint="none")
    unlucky = Process(model, launcher=launcher, publish=publish)
    with pytest.raises(StartFailed, match="internal error"):
        await unlucky.ensure_ready()
    assert launcher.children[0].told == ["kill"]
    assert unlucky.pid is None
    await until(lambda: "a mistake" in caplog.text, "it is logged")
