"""Random interleavings: after every step the promises of the runtime specification, section 12, must hold.

A plain random walk takes the bulk of the steps, since it is fifty times as fast as hypothesis; hypothesis then looks
for what it missed, and shrinks what it finds.  Either way a failure prints its events as a playbook.
"""

import os
import random
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.routing.settings import KINDS
from tests.routing.world import World

SOAK = bool(os.environ.get("SOAK"))
STEPS = 2_000_000 if SOAK else 200_000
"""Over all planners."""

LIFE = 120
"""The steps of one world; at its end everything must come to rest."""


def walk(kind: str, seed: int, steps: int) -> World:
    """Take so many random steps in one world and let it come to rest."""
    rng = random.Random(seed)
    world = World(kind)
    try:
        for _ in range(steps):
            world.step(rng.randrange(1 << 16), rng.randrange(1 << 16))
        world.settle()
    except Exception as error:
        raise AssertionError(f"seed {seed}, step {world.steps}: {error!r}\n\n{world.script()}") from error
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_walk(kind):
    for seed in range(10):
        walk(kind, seed, LIFE)


@pytest.mark.proof
@pytest.mark.timeout(1800 if SOAK else 120)
@pytest.mark.parametrize("kind", KINDS)
def test_the_long_walk(kind, capsys):
    began = time.perf_counter()
    steps = events = slow_events = 0
    for seed in range(STEPS // len(KINDS) // LIFE + 1):
        world = walk(kind, seed, LIFE)
        steps += LIFE
        events += len(world.history)
        slow_events += world.slow_events
    with capsys.disabled():
        print(f"\n{kind}: {steps} steps, {events} events in {time.perf_counter() - began:.1f} s")
    assert steps >= STEPS // len(KINDS)
    assert slow_events <= events / 100, "more than 1 % of the events took over 50 ms (26)"


@pytest.mark.proof
@pytest.mark.timeout(1800 if SOAK else 120)
@pytest.mark.parametrize("kind", KINDS)
def test_hypothesis_finds_nothing(kind):
    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = World(kind)

        @rule(move=st.integers(0, len(World.WEIGHTED) - 1), choice=st.integers(0, (1 << 10) - 1))
        def step(self, move: int, choice: int) -> None:
            self.tell(lambda: self.world.step(move, choice))

        def teardown(self) -> None:
            self.tell(self.world.settle)

        def tell(self, act) -> None:
            try:
                act()
            except Exception as error:
                raise AssertionError(f"{error!r}\n\n{self.world.script()}") from error

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=2000 if SOAK else 60,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            print_blob=False,
        ),
    )
