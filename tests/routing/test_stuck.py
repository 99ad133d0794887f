"""A process that outlives its forced end (runtime specification, section 14.9)."""

import pytest

from llamaswap_desktop.config import Group
from llamaswap_desktop.routing import GroupPlanner
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import Playbook


@pytest.fixture
def play() -> Playbook:
    planner = GroupPlanner(
        [
            Group(id="free", swap=False, exclusive=False, persistent=True, members=(ModelId("c"),)),
            Group(id="(default)", members=(ModelId("a"), ModelId("b"))),
        ]
    )
    play = Playbook(planner=planner)
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")
    return play


def test_stuck_victim_frees_the_scheduler_and_refuses_who_needs_its_room(play):
    play("b1 wants b", "stop a evicted")
    play("a2 wants a")
    play("a stuck", "reject b1: ProcessStuck", "reject a2: ProcessStuck")
    assert play.scheduler.is_stuck(ModelId("a"))
    error = play.errors["b1"]
    assert error.status == 503
    assert str(error).startswith("[a] process is stuck: ")
    play("b2 wants b", "reject b2: ProcessStuck")
    play("a3 wants a", "reject a3: ProcessStuck")
    play("c1 wants c", "start c")


def test_process_that_goes_at_last_is_forgiven(play):
    play("b1 wants b", "stop a evicted")
    play("a stuck", "reject b1: ProcessStuck")
    play("a stopped")
    play("b2 wants b", "start b")


def test_unload_is_answered_although_the_process_is_stuck(play):
    play("unload 1 a", "stop a unloaded")
    play("a stuck", "unloaded 1")
    play("unload 2 a", "unloaded 2")
    play("shutdown 3", "unloaded 3")


def test_idle_unload_that_gets_stuck_refuses_its_own_model(play):
    play("unload 1 a", "stop a unloaded")
    play("a2 wants a")
    play("a stuck", "unloaded 1", "reject a2: ProcessStuck")


def test_start_that_fails_and_cannot_be_ended_leaves_nobody_waiting(play):
    play("unload 1 a", "stop a unloaded")
    play("a stopped", "unloaded 1")
    play("b1 wants b", "start b")
    play("a1 wants a")
    play("b stuck", "reject b1: ProcessStuck", "reject a1: ProcessStuck")
    play("b2 wants b", "reject b2: ProcessStuck")
    play("unload 2 b", "unloaded 2")
    play("b failed")
    play("a2 wants a", "start a")


def test_process_that_is_gone_cannot_get_stuck(play):
    play("a died")
    play("a stuck")
    play("a4 wants a", "start a")
