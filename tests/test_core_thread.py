"""What passes between the tray's thread and the core's: snapshots, at a pace that a panel can follow."""

import asyncio
import threading
import time

import pytest

from llamaswap_desktop.core_thread import CoreThread, Paced, problems_of
from llamaswap_desktop.errors import ConfigError, ListenFailed, Problem, Severity
from llamaswap_desktop.snapshot import Snapshot


async def test_first_snapshot_passes_at_once_and_then_the_newest_of_each_interval():
    seen: list[int] = []
    has_come = asyncio.Event()

    def show(snapshot: Snapshot) -> None:
        seen.append(snapshot.rev)
        has_come.set()

    paced = Paced(show, lambda: None)
    began = asyncio.get_running_loop().time()
    for rev in range(100):
        paced(Snapshot(rev=rev))
    assert seen == [0]
    has_come.clear()
    async with asyncio.timeout(2):
        await has_come.wait()
    assert seen == [0, 99]
    assert asyncio.get_running_loop().time() - began >= 0.2


def test_word_before_the_core_lives_is_lost_and_breaks_nothing():
    core = CoreThread(None, None, None)
    core.report("unexpected", "something went wrong inside")
    core.try_again()


def test_every_problem_of_a_configuration_is_shown():
    problems = [Problem(Severity.ERROR, "no", "config.yaml", 1, 2, "a"), Problem(Severity.ERROR, "neither")]
    assert problems_of(ConfigError(problems)) == ("config.yaml:1:2: a: no", "neither")
    assert problems_of(ListenFailed("the port is in use")) == ("the port is in use",)


def test_core_that_never_started_is_not_waited_for():
    began = time.monotonic()
    CoreThread(None, None, None).end_session()
    assert time.monotonic() - began < 1


class Sleeper:
    """Companions that take their time before a sleep."""

    def __init__(self) -> None:
        self.may_sleep = threading.Event()
        self.is_asked = threading.Event()

    async def before_sleep(self) -> None:
        self.is_asked.set()
        await asyncio.to_thread(self.may_sleep.wait, 5)

    async def close(self) -> None:
        pass


class Lying(CoreThread):
    """A core that serves nothing until it is told to end."""

    async def _serve_until_it_ends(self) -> int:
        self._shall_try_again = self._loop.create_future()
        await self._shall_try_again
        return 0


@pytest.fixture
def lying():
    sleeper = Sleeper()
    core = Lying(None, None, lambda: sleeper)
    core.start(lambda _snapshot: None, ended=lambda: None)
    yield core, sleeper
    sleeper.may_sleep.set()
    core.end_unless_serving()
    assert core.join() == 0


def test_sleep_waits_for_the_models(lying):
    core, sleeper = lying
    order = []
    waiting = threading.Thread(target=lambda: (core.prepare_for_sleep(), order.append("slept")))
    waiting.start()
    assert sleeper.is_asked.wait(5)
    order.append("models have gone")
    sleeper.may_sleep.set()
    waiting.join(5)
    assert order == ["models have gone", "slept"]


def test_sleep_does_not_wait_for_ever(lying, monkeypatch):
    monkeypatch.setattr("llamaswap_desktop.core_thread._SLEEP_BUDGET_S", 0.05)
    core, sleeper = lying
    core.prepare_for_sleep()
    assert sleeper.is_asked.is_set()
    assert not sleeper.may_sleep.is_set()
