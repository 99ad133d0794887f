"""What a failing walk prints can be pasted as a test."""

import random

import pytest

from tests.routing.playbook import Playbook
from tests.routing.settings import KINDS
from tests.routing.world import World


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_script_of_a_walk_replays_it(kind, seed):
    rng = random.Random(seed)
    world = World(kind)
    for _ in range(100):
        world.step(rng.randrange(1 << 16), rng.randrange(1 << 16))
    world.settle()
    script = world.script()
    pasted = {"Playbook": Playbook}
    exec(script, pasted)
    pasted["test_found_by_a_random_walk"]()
    assert script.count("    play(") > 90
