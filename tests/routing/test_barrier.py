"""The bound on waiting (runtime specification, section 14.1), as scripts and against its formula."""

import heapq
import itertools
import random

import pytest

from llamaswap_desktop.config import Fifo, Group
from llamaswap_desktop.routing import GroupPlanner, ModelRules, Rules, Scheduler, alphabet
from llamaswap_desktop.types import ModelId, RequestId
from tests.routing.playbook import OneAtATime, Playbook, Together

ANSWER_S, LOAD_S, GRACE_S, MAX_WAIT_S = 3.0, 5.0, 2.0, 20


def busy_with_a(**settings) -> Playbook:
    """Return a playbook in which ``a`` is answering and ``b`` waits for it to be gone."""
    play = Playbook(**settings)
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b")
    return play


def test_fast_path_is_closed_to_a_victim_once_somebody_has_waited_too_long():
    play = busy_with_a()
    play.at(59)
    play("a2 wants a", "grant a2")
    play.at(60)
    play("a3 wants a")
    play("a1 served")
    play("a2 served", "stop a evicted")
    play("a stopped", "start b")
    play("b ready", "grant b1")
    play("b1 served", "stop b evicted")
    play("b stopped", "start a")
    play("a ready", "grant a3")


def test_models_that_need_not_leave_keep_the_fast_path():
    planner = GroupPlanner(
        [
            Group(id="side", swap=False, exclusive=False, persistent=True, members=(ModelId("c"),)),
            Group(id="(default)", members=(ModelId("a"), ModelId("b"))),
        ]
    )
    play = Playbook(planner=planner)
    play("c1 wants c", "start c")
    play("c ready", "grant c1")
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b")
    play.at(100)
    play("a2 wants a")
    play("c2 wants c", "grant c2")


def test_nobody_is_loaded_past_the_barrier_who_would_have_to_leave_again():
    """c may live beside a, but not beside b."""
    planner = GroupPlanner(
        [
            Group(id="side", swap=False, exclusive=False, persistent=False, members=(ModelId("c"),)),
            Group(id="(default)", members=(ModelId("a"), ModelId("b"))),
        ]
    )
    play = Playbook(planner=planner)
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b")
    play.at(60)
    play("c1 wants c")
    play("b1 leaves", "start c")


def test_the_barrier_falls_when_the_one_behind_it_leaves():
    play = busy_with_a()
    play.at(60)
    play("a2 wants a")
    play("b1 leaves", "grant a2")


def test_of_two_who_have_waited_too_long_the_older_goes_first():
    play = busy_with_a(fifo=Fifo(priority={"c": 1}, aging_step_s=0))
    play.at(1)
    play("c1 wants c")
    play.at(70)
    play("a1 served", "stop a evicted")
    play("a stopped", "start b")


def test_without_a_bound_there_is_no_barrier():
    play = busy_with_a(fifo=Fifo(max_wait_s=0))
    play.at(10_000)
    play("a2 wants a", "grant a2")


# -- against the formula


class Town:
    """Clients that never rest: simulates answers, loads and graces that take up to their bounds."""

    def __init__(self, planner, models: str, max_wait_s: int, seed: int) -> None:
        fifo = Fifo(max_wait_s=max_wait_s)
        rules = Rules({ModelId(name): ModelRules(limit=1000) for name in models}, fifo)
        self.scheduler = Scheduler(rules, planner)
        self.rng = random.Random(seed)
        self.now = 0.0
        self.agenda: list[tuple[float, int, alphabet.Event]] = []
        self.tie = itertools.count()
        self.asked: dict[RequestId, tuple[float, int]] = {}
        self.waits: list[tuple[float, int]] = []

    def later(self, most_s: float, event: alphabet.Event) -> None:
        took = most_s * self.rng.choice([0.2, 0.9, 1.0])
        heapq.heappush(self.agenda, (self.now + took, next(self.tie), event))

    def run(self) -> None:
        while self.agenda:
            self.now, _, event = heapq.heappop(self.agenda)
            if isinstance(event, alphabet.Requested):
                state = self.scheduler._state
                self.asked[event.request] = (self.now, len(state.queue) + len(state.loads))
            for effect in self.scheduler.handle(event, self.now):
                match effect:
                    case alphabet.Grant(request):
                        asked, ahead = self.asked.pop(request)
                        self.waits.append((self.now - asked, ahead))
                        self.later(ANSWER_S, alphabet.Served(request))
                    case alphabet.Start(order, model):
                        self.later(LOAD_S, alphabet.Ready(order, model))
                    case alphabet.Stop(order, model):
                        self.later(GRACE_S, alphabet.Stopped(order, model))

    def overstepped(self) -> list[tuple[float, int]]:
        """Return the waits beyond maxWait + (k+1)·(L + K + S) + 1 s, with k entries and loads ahead on arrival."""
        once = ANSWER_S + GRACE_S + LOAD_S
        return [(wait, ahead) for wait, ahead in self.waits if wait > MAX_WAIT_S + (ahead + 1) * once + 1]


def town(planner, seed: int, *, max_wait_s: int = MAX_WAIT_S) -> Town:
    """Return a town with steady traffic for ``a`` and a few requests for the others in between."""
    it = Town(planner, "abcd", max_wait_s, seed)
    numbers = itertools.count(1)
    for tenths in range(3000):
        at = tenths / 10
        if tenths % 5 == 0:
            arrival = alphabet.Requested(RequestId(next(numbers)), ModelId("a"))
            heapq.heappush(it.agenda, (at, next(it.tie), arrival))
        if it.rng.random() < 0.01:
            arrival = alphabet.Requested(RequestId(next(numbers)), ModelId(it.rng.choice("bcd")))
            heapq.heappush(it.agenda, (at, next(it.tie), arrival))
    it.run()
    return it


PAIRS = [
    Group(id="pair", swap=False, exclusive=True, members=(ModelId("a"), ModelId("b"))),
    Group(id="side", swap=False, exclusive=False, members=(ModelId("c"),)),
    Group(id="(default)", members=(ModelId("d"),)),
]


@pytest.mark.parametrize("planner", [OneAtATime(), GroupPlanner(PAIRS), Together()], ids=["one", "groups", "together"])
def test_nobody_waits_beyond_the_bound_under_steady_traffic(planner):
    """Invariant 25."""
    for seed in range(30):
        it = town(planner, seed)
        assert not it.asked, "somebody was never granted"
        assert it.overstepped() == []


def test_the_bound_is_overstepped_without_the_barrier():
    """So the test above can fail."""
    assert town(OneAtATime(), 1, max_wait_s=0).overstepped()
