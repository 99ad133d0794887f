"""After the computer has slept (runtime specification, sections 2.7 and 14.12; issue of suspend and resume)."""

import pytest

from llamaswap_desktop.routing import ModelRules
from tests.routing.playbook import Playbook, Together


@pytest.fixture
def play() -> Playbook:
    play = Playbook(planner=Together(), a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b", "start b")
    return play


def test_ready_models_are_checked_before_they_are_used_again(play):
    play("woke", "check a")
    play("a2 wants a")
    assert play.why("a2") == "waiting 0 s: a is being checked after sleep; then a goes on"
    play("a1 served", "wake at 60")
    play("b ready", "grant b1")
    play("a healthy", "grant a2")


def test_model_that_fails_its_check_is_stopped_and_started_anew_for_those_who_wait(play):
    play("woke", "check a")
    play("a2 wants a")
    play("a unhealthy", "stop a unhealthy")
    play("a stopped", "start a")
    play("a ready", "grant a2")


def test_model_that_dies_before_its_check_is_over_is_loaded_again(play):
    play("woke", "check a")
    play("a2 wants a")
    play("a died", "start a")


def test_second_sleep_asks_for_a_second_check(play):
    play("woke", "check a")
    first = play.orders["a"]
    play("a2 wants a")
    play("woke", "check a")
    second, play.orders["a"] = play.orders["a"], first
    play("a healthy")
    play.orders["a"] = second
    play("a healthy", "grant a2")


def test_model_in_doubt_can_be_unloaded_and_a_late_check_reaches_nobody(play):
    play("woke", "check a")
    check = play.orders["a"]
    play("unload 1 a", "stop a unloaded")
    stop, play.orders["a"] = play.orders["a"], check
    play("a unhealthy")
    play.orders["a"] = stop
    play("a stopped", "unloaded 1")
    play("a1 wants a", "start a")


def test_load_that_only_waits_for_its_victims_is_decided_again_after_the_check():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")
    play("woke", "check a")
    play("b1 wants b", "stop a evicted")
    play("a healthy")
    play("a stopped", "start b")
