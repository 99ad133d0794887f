"""A reload is a difference, not a restart (runtime specification, section 14.5)."""

from llamaswap_desktop.config import Fifo, Group
from llamaswap_desktop.routing import GroupPlanner, ModelRules
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import OneAtATime, Playbook, Together


def loaded(*models: str, **settings) -> Playbook:
    play = Playbook(**{"planner": Together(), **settings})
    for model in models:
        play(f"{model}0 wants {model}", f"start {model}")
        play(f"{model} ready", f"grant {model}0")
        play(f"{model}0 served")
    return play


def test_untouched_models_keep_everything():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("b1 wants b", "start b")
    play("reload")
    play("b ready", "grant b1")
    play("a2 wants a", "grant a2")
    play("a1 served")


def test_changed_idle_model_is_stopped_and_started_anew():
    play = loaded("a")
    play("reload a", "stop a reloaded")
    play("a1 wants a")
    play("a stopped", "start a")
    play("a ready", "grant a1")


def test_changed_idle_model_is_started_anew_even_if_nobody_asks():
    play = loaded("a")
    play("reload a", "stop a reloaded")
    play("a stopped", "start a")
    play("a ready")


def test_changed_model_that_was_not_running_stays_so():
    play = loaded()
    play("reload a")
    play("a1 wants a", "start a")


def test_changed_model_is_not_started_anew_at_the_cost_of_another():
    play = loaded("a", planner=OneAtATime())
    play("reload a", "stop a reloaded")
    play("b1 wants b")
    play("a stopped", "start b")
    play("b ready", "grant b1")


def test_changed_busy_model_finishes_what_it_is_answering():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("reload a", "wake at 10")
    play("a2 wants a")
    assert play.why("a2") == ("waiting 0 s: a is answering 1 request under its former configuration; then load a")
    play("a1 served", "stop a reloaded")
    play("a stopped", "start a")
    play("a ready", "grant a2")


def test_changed_busy_model_is_stopped_when_its_grace_is_over():
    play = loaded("a", a=ModelRules(unload_timeout_s=7))
    play("a1 wants a", "grant a1")
    play("reload a", "wake at 7")
    play("a2 wants a")
    play.at(7)
    play("tick", "stop a reloaded")
    play("a stopped", "start a")
    play("a1 served")
    play("a ready", "grant a2")


def test_changed_starting_model_is_aborted_and_its_waiters_are_kept():
    play = loaded()
    play("a1 wants a", "start a")
    play("reload a", "abort a reloaded")
    play("a stopped", "start a")
    play("a ready", "grant a1")


def test_removed_model_refuses_who_waits_and_is_forgotten_when_it_is_gone():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("b1 wants b", "start b")
    play.models = ["a", "c"]
    play("reload", "reject b1: ModelRemoved", "abort b reloaded")
    assert str(play.errors["b1"]).startswith("unspecific error: together is shutting down")
    play("b stopped", "forgotten b")
    play.models = ["c"]
    play("reload", "wake at 10")
    play("a1 served", "stop a reloaded")
    play("a stopped", "forgotten a")


def test_removed_model_that_comes_back_before_it_is_gone_is_started_anew_on_demand():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play.models = ["b"]
    play("reload", "wake at 10", "forgotten c")
    play.models = ["a", "b"]
    play("reload")
    play("a2 wants a")
    play("a1 served", "stop a reloaded")
    play("a stopped", "start a")
    play("a ready", "grant a2")


def test_model_that_is_leaving_for_good_makes_room_before_others_are_loaded():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play.models = ["b", "c"]
    play("reload", "wake at 10")
    play("b1 wants b")
    play("a1 served", "stop a reloaded")
    play("a stopped", "start b", "forgotten a")


def test_added_model_can_be_asked_for():
    play = loaded()
    play.models = ["a", "d"]
    play("reload", "forgotten b", "forgotten c")
    play("d1 wants d", "start d")


def test_queue_is_decided_again_under_the_new_rules():
    play = loaded("a", planner=OneAtATime())
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play.planner = Together()
    play("reload", "start b")


def test_load_whose_victims_are_still_leaving_is_decided_again():
    play = loaded("a", planner=OneAtATime())
    play("b1 wants b", "stop a evicted")
    play.planner = Together()
    play("reload", "start b")
    play("a stopped")
    play("b ready", "grant b1")


def test_new_priorities_reorder_the_queue():
    play = loaded("a", planner=OneAtATime())
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play("c1 wants c")
    play.fifo = Fifo(priority={"c": 1})
    play("reload")
    play("a1 served", "stop a evicted")
    play("a stopped", "start c")


def test_new_ttl_holds_at_once():
    play = loaded("a")
    play.rules["a"] = ModelRules(ttl_s=30)
    play.at(10)
    play("reload", "wake at 30")
    play.at(30)
    play("tick", "stop a idle")


def test_of_those_that_may_no_longer_be_together_the_idle_ones_leave_at_once():
    play = loaded("a", "b")
    play("b1 wants b", "grant b1")
    play.planner = OneAtATime()
    play("reload", "stop a evicted")
    play("a stopped")
    play("b2 wants b", "grant b2")


def test_of_busy_ones_that_may_no_longer_be_together_each_leaves_when_it_is_idle():
    play = loaded("a", "b")
    play("a1 wants a", "grant a1")
    play("b1 wants b", "grant b1")
    play.planner = OneAtATime()
    play("reload")
    play("a1 served", "stop a evicted")
    play("b1 served")


def test_one_way_neighbours_may_stay_together():
    """b could have come to a, though a could not have come to b."""
    planner = GroupPlanner(
        [
            Group(id="side", swap=False, exclusive=False, members=(ModelId("b"),)),
            Group(id="(default)", members=(ModelId("a"), ModelId("c"))),
        ]
    )
    play = loaded("a", "b")
    play.planner = planner
    play("reload")


def test_unload_ends_the_wish_to_be_started_anew():
    play = loaded("a")
    play("reload a", "stop a reloaded")
    play("unload 1 a")
    play("a stopped", "unloaded 1")
