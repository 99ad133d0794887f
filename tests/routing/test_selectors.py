"""Virtual models (runtime specification, section 5.2; HTTP specification, section 8)."""

import random

import pytest

from llamaswap_desktop.config import PeerModel, Selector, SelectorSettings, Strategy
from llamaswap_desktop.errors import NoSpilloverTarget
from llamaswap_desktop.routing import Selectors
from llamaswap_desktop.types import ModelId, ProcessState

STOPPED, STARTING, READY, STOPPING = (
    ProcessState.STOPPED,
    ProcessState.STARTING,
    ProcessState.READY,
    ProcessState.STOPPING,
)


def resolve(name: str):
    return PeerModel("far", name[4:]) if name.startswith("far/") else ModelId(name)


def selector(strategy: Strategy, targets: str, spillover: int = 1) -> Selector:
    return Selector(
        id="s", strategy=strategy, targets=tuple(targets.split()), settings=SelectorSettings(spillover=spillover)
    )


class Bench:
    """One selector and the states of its targets."""

    def __init__(self, *args, **more) -> None:
        self.selectors = Selectors({"s": selector(*args, **more)}, resolve)
        self.states: dict[str, ProcessState] = {}

    def choose(self):
        return self.selectors.choose("s", lambda model: self.states.get(model, STOPPED))

    def names(self, count: int) -> str:
        return " ".join(self.choose().name for _ in range(count))


def test_pin_takes_the_first_always():
    bench = Bench(Strategy.PIN, "a b")
    bench.states = {"b": READY}
    assert bench.names(3) == "a a a"


@pytest.mark.parametrize(
    ("states", "chosen"),
    [
        ({}, "a"),
        ({"c": STARTING}, "c"),
        ({"b": STARTING, "c": READY}, "c"),
        ({"b": READY, "c": READY}, "b"),
        ({"a": STOPPING}, "a"),
    ],
)
def test_warm_takes_the_first_ready_then_the_first_starting_then_the_first(states, chosen):
    bench = Bench(Strategy.WARM, "a b c")
    bench.states = states
    assert bench.choose().name == chosen


def test_spillover_fills_each_active_target_before_waking_the_next():
    bench = Bench(Strategy.SPILLOVER, "a b c", spillover=2)
    assert bench.names(7) == "a a b b c c a"


def test_spillover_counts_a_target_active_that_is_running_without_us():
    bench = Bench(Strategy.SPILLOVER, "a b")
    bench.states = {"b": READY}
    assert bench.names(2) == "b a"


def test_spillover_takes_ties_in_turn():
    bench = Bench(Strategy.SPILLOVER, "a b", spillover=9)
    bench.states = {"a": READY, "b": READY}
    assert bench.names(4) == "a b a b" or bench.names(4) == "a b b a"


def test_spillover_leaves_out_what_is_stopping_and_refuses_if_nothing_is_left():
    bench = Bench(Strategy.SPILLOVER, "a b")
    bench.states = {"a": STOPPING}
    assert bench.choose().name == "b"
    bench.states = {"a": STOPPING, "b": STOPPING}
    with pytest.raises(NoSpilloverTarget, match='selector "s" has no available spillover targets'):
        bench.choose()


def test_peer_is_cold_until_it_is_used():
    bench = Bench(Strategy.SPILLOVER, "a far/big")
    assert bench.names(3) == "a far/big a"


def test_reload_keeps_the_counts_of_what_is_under_way():
    bench = Bench(Strategy.SPILLOVER, "a b")
    first = bench.choose()
    bench.selectors.reconfigure({}, resolve)
    bench.selectors.reconfigure({"s": selector(Strategy.SPILLOVER, "a b")}, resolve)
    assert bench.choose().name == "b"
    bench.selectors.give_back(first)
    assert bench.selectors.count("s", ModelId("a")) == 0


def test_counts_are_never_negative_and_zero_in_the_end_and_the_least_busy_is_chosen():
    """Invariant 29."""
    rng = random.Random(1)
    bench = Bench(Strategy.SPILLOVER, "a b c far/big", spillover=2)
    held = []
    for _ in range(5_000):
        bench.states[rng.choice("abc")] = rng.choice([STOPPED, STARTING, READY, READY, STOPPING])
        counts = {name: bench.selectors.count("s", resolve(name)) for name in ("a", "b", "c", "far/big")}
        assert min(counts.values()) >= 0
        if held and rng.random() < 0.5:
            bench.selectors.give_back(held.pop(rng.randrange(len(held))))
            continue
        chosen = bench.choose()
        held.append(chosen)
        eligible = {
            name: count
            for name, count in counts.items()
            if bench.states.get(name) is not STOPPING and (count or bench.states.get(name) in {STARTING, READY})
        }
        if chosen.name in eligible:
            assert counts[chosen.name] == min(eligible.values())
        else:
            assert all(count >= 2 for count in eligible.values()), "woke a target while another had room"
    for chosen in held:
        bench.selectors.give_back(chosen)
    assert all(bench.selectors.count("s", resolve(name)) == 0 for name in ("a", "b", "c", "far/big"))
