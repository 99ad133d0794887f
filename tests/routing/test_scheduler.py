"""The scheduler as scripts; each name says which promise of the runtime specification it holds."""

import pytest

from llamaswap_desktop.config import Group
from llamaswap_desktop.routing import GroupPlanner, ModelRules, alphabet
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import OneAtATime, Playbook, Together


def loaded(*models: str, **settings) -> Playbook:
    """Return a playbook in which these models are ready and idle."""
    play = Playbook(**settings)
    for model in models:
        play(f"{model}0 wants {model}", f"start {model}")
        play(f"{model} ready", f"grant {model}0")
        play(f"{model}0 served")
    return play


def test_first_request_starts_the_model_and_is_granted_when_it_is_ready():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")


def test_request_for_a_ready_model_is_granted_at_once():
    play = loaded("a")
    play("a1 wants a", "grant a1")


def test_requests_for_a_loading_model_share_its_load():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a2 wants a")
    play("a ready", "grant a1", "grant a2")


def test_victim_is_gone_before_the_target_starts():
    play = loaded("a")
    play("b1 wants b", "stop a evicted")
    play("a stopped", "start b")
    play("b ready", "grant b1")


def test_abcabc_is_served_aabbcc():
    play = Playbook()
    play("a1 wants a", "start a")
    for request in ("b1", "c1", "a2", "b2", "c2"):
        play(f"{request} wants {request[0]}")
    play("a ready", "grant a1", "grant a2")
    play("a1 served")
    play("a2 served", "stop a evicted")
    play("a stopped", "start b")
    play("b ready", "grant b1", "grant b2")
    play("b1 served")
    play("b2 served", "stop b evicted")
    play("b stopped", "start c")
    play("c ready", "grant c1", "grant c2")


def test_busy_model_is_never_evicted():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play("a2 wants a", "grant a2")
    play("a1 served")
    play("a2 served", "stop a evicted")


def test_model_that_is_leaving_takes_no_more_requests():
    play = loaded("a")
    play("b1 wants b", "stop a evicted")
    play("a1 wants a")
    play("a stopped", "start b")
    play("b ready", "grant b1")
    play("b1 served", "stop b evicted")
    play("b stopped", "start a")
    play("a ready", "grant a1")


def test_waiter_that_leaves_does_not_stop_the_load():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a1 leaves")
    play("a ready")
    play("a2 wants a", "grant a2")


def test_queued_request_that_leaves_loads_nothing():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play("b1 leaves")
    play("a1 served")
    play("a2 wants a", "grant a2")


def test_failed_load_is_told_to_all_its_waiters_and_the_queue_goes_on():
    play = loaded("a")
    play("b1 wants b", "stop a evicted")
    play("b2 wants b")
    play("c1 wants c")
    play("a stopped", "start b")
    play("b failed", "reject b1: StartFailed", "reject b2: StartFailed", "start c")
    play("c ready", "grant c1")


def test_who_waits_for_a_start_that_fails_is_told_before_it_has_ended():
    play = Playbook()
    play("a1 wants a", "start a")
    play("b1 wants b")
    play("a failing", "reject a1: StartFailed")
    play("a2 wants a")
    play("unload 1 a", "reject a2: ModelUnloaded")
    play("a stopped", "start b", "unloaded 1")


def test_next_request_after_a_failure_tries_again():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a failed", "reject a1: StartFailed")
    play("a2 wants a", "start a")


def test_limit_counts_waiting_and_running_requests_alike():
    play = Playbook(a=ModelRules(limit=2))
    play("a1 wants a", "start a")
    play("a2 wants a")
    play("a3 wants a", "reject a3: ConcurrencyLimit")
    play("a ready", "grant a1", "grant a2")
    play("a4 wants a", "reject a4: ConcurrencyLimit")
    play("a1 served")
    play("a5 wants a", "grant a5")


def test_loads_that_do_not_collide_run_side_by_side():
    play = Playbook(planner=Together())
    play("a1 wants a", "start a")
    play("b1 wants b", "start b")
    play("b ready", "grant b1")
    play("a ready", "grant a1")


def test_load_waits_until_a_victim_it_shares_with_another_is_gone():
    """b and c may live together, each without a."""
    planner = GroupPlanner(
        [
            Group(id="pair", swap=False, exclusive=True, persistent=False, members=(ModelId("b"), ModelId("c"))),
            Group(id="(default)", swap=True, exclusive=True, persistent=False, members=(ModelId("a"),)),
        ]
    )
    play = loaded("a", planner=planner)
    play("b1 wants b", "stop a evicted")
    play("c1 wants c")
    play("a stopped", "start b", "start c")


def test_ready_model_whose_planner_names_victims_goes_through_a_load_but_keeps_running():
    planner = GroupPlanner(
        [
            Group(id="side", swap=False, exclusive=False, persistent=False, members=(ModelId("b"),)),
            Group(id="(default)", swap=True, exclusive=True, persistent=False, members=(ModelId("a"), ModelId("c"))),
        ]
    )
    play = loaded("a", "b", planner=planner)
    play("a1 wants a", "stop b evicted")
    play("b stopped", "grant a1")


def test_model_that_dies_is_started_again_by_the_next_request():
    play = loaded("a")
    play("a died")
    play("a1 wants a", "start a")


def test_death_of_a_busy_model_does_not_confuse_the_counts():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("a died")
    play("a2 wants a", "start a")
    play("a1 served")
    play("a ready", "grant a2")
    play("a2 served")
    assert play.scheduler.counts(ModelId("a")).in_flight == 0


def test_victim_that_dies_while_it_is_told_to_stop_is_gone_once():
    play = loaded("a")
    play("b1 wants b", "stop a evicted")
    play("a died")
    play("a stopped", "start b")


# -- idle unload


def test_idle_model_is_unloaded_after_its_ttl():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play.at(10)
    play("a1 served", "wake at 70")
    play.at(69.9)
    play("tick", "wake at 70")
    play.at(70)
    play("tick", "stop a idle")


def test_ttl_counts_from_the_last_answer_and_never_during_one():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play.at(10)
    play("a1 served", "wake at 70")
    play.at(20)
    play("a2 wants a", "grant a2")
    play.at(70)
    play("tick")
    play.at(500)
    play("a2 served", "wake at 560")
    play.at(560)
    play("tick", "stop a idle")


def test_model_loaded_for_a_client_that_left_idles_out_after_its_ttl():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a1 leaves")
    play.at(5)
    play("a ready", "wake at 65")


def test_request_during_an_idle_unload_waits_and_starts_the_model_again():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served", "wake at 60")
    play.at(60)
    play("tick", "stop a idle")
    play("a2 wants a")
    play("a stopped", "start a")
    play("a ready", "grant a2")


def test_idle_model_whose_neighbours_are_leaving_for_it_is_not_unloaded_meanwhile():
    planner = GroupPlanner(
        [
            Group(id="side", swap=False, exclusive=False, persistent=False, members=(ModelId("b"),)),
            Group(id="(default)", swap=True, exclusive=True, persistent=False, members=(ModelId("a"), ModelId("c"))),
        ]
    )
    play = Playbook(planner=planner, a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served", "wake at 60")
    play("b1 wants b", "start b")
    play("b ready", "grant b1")
    play("b1 served")
    play("a2 wants a", "stop b evicted")
    play("a2 leaves")
    play.at(60)
    play("tick")
    play("b stopped", "wake at 120")


def test_model_that_somebody_waits_for_is_not_unloaded_for_idleness():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served", "wake at 60")
    play("woke", "check a")
    play("a2 wants a")
    play.at(60)
    play("tick", "wake at 61")
    play("a2 leaves")
    play.at(61)
    play("tick", "stop a idle")


# -- unload


def test_unload_stops_a_busy_model_and_is_answered_when_it_is_gone():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("unload 1 a", "stop a unloaded")
    play("a1 served")
    play("a stopped", "unloaded 1")


def test_unload_of_what_does_not_run_is_done_at_once():
    play = Playbook()
    play("unload 1 a", "unloaded 1")


def test_unload_while_loading_refuses_the_waiters_and_aborts_the_start():
    play = Playbook()
    play("a1 wants a", "start a")
    play("unload 1 a", "reject a1: ModelUnloaded", "abort a unloaded")
    play("a stopped", "unloaded 1")


def test_unload_while_victims_leave_means_that_the_target_never_starts():
    play = loaded("a")
    play("b1 wants b", "stop a evicted")
    play("unload 1 b", "reject b1: ModelUnloaded", "unloaded 1")
    play("a stopped")


def test_request_for_a_model_that_is_being_unloaded_waits_and_loads_it_again():
    play = loaded("a")
    play("unload 1 a", "stop a unloaded")
    play("a1 wants a")
    play("a stopped", "unloaded 1", "start a")


def test_other_models_go_on_while_one_is_being_unloaded():
    play = loaded("a", "b", planner=Together())
    play("unload 1 a", "stop a unloaded")
    play("b1 wants b", "grant b1")


def test_models_with_a_short_grace_are_unloaded_before_those_with_a_long_one():
    play = loaded("a", "b", "c", planner=Together(), b=ModelRules(unload_timeout_s=60))
    play("unload 1", "stop a unloaded", "stop c unloaded")
    play("a stopped")
    play("c stopped", "stop b unloaded")
    play("b stopped", "unloaded 1")


def test_model_in_a_later_batch_that_becomes_ready_meanwhile_is_stopped_in_its_turn():
    play = loaded("a", planner=Together(), b=ModelRules(unload_timeout_s=60))
    play("b1 wants b", "start b")
    play("unload 1", "reject b1: ModelUnloaded", "stop a unloaded")
    play("b ready")
    play("b1 wants b")
    play("a stopped", "stop b unloaded")
    play("b stopped", "unloaded 1", "start b")


def test_two_unloads_of_one_model_are_both_answered():
    play = loaded("a")
    play("unload 1 a", "stop a unloaded")
    play("unload 2 a")
    play("a stopped", "unloaded 1", "unloaded 2")


def test_late_result_of_an_abandoned_load_reaches_nobody():
    play = Playbook()
    play("a1 wants a", "start a")
    stale = play.orders["a"]
    play("unload 1 a", "reject a1: ModelUnloaded", "abort a unloaded")
    play.send(alphabet.Ready(stale, ModelId("a")))
    play("a2 wants a")
    play("a stopped", "unloaded 1", "start a")
    play.send(alphabet.Ready(stale, ModelId("a")))
    play("a ready", "grant a2")


# -- shutdown


def test_shutdown_refuses_everybody_and_stops_everything_at_once():
    play = loaded("a", "b", planner=Together(), b=ModelRules(unload_timeout_s=60))
    play("c1 wants c", "start c")
    play("shutdown 1", "reject c1: ShuttingDown", "stop a shutdown", "stop b shutdown", "abort c shutdown")
    play("a1 wants a", "reject a1: ShuttingDown")
    play("a stopped")
    play("b stopped")
    play("c stopped", "unloaded 1")


# -- the queue


def test_later_request_passes_a_blocked_one():
    planner = GroupPlanner(
        [
            Group(id="free", swap=False, exclusive=False, persistent=True, members=(ModelId("c"),)),
            Group(id="(default)", swap=True, exclusive=True, persistent=False, members=(ModelId("a"), ModelId("b"))),
        ]
    )
    play = loaded("a", planner=planner)
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play("c1 wants c", "start c")
    play("c ready", "grant c1")


def test_position_in_the_queue_counts_from_one():
    play = loaded("a")
    play("a1 wants a", "grant a1")
    play("b1 wants b")
    play("c1 wants c")
    assert [play.scheduler.position(play._number(name)) for name in ("a1", "b1", "c1")] == [None, 1, 2]
    play("b1 leaves")
    assert play.scheduler.position(play._number("c1")) == 1


def test_planner_is_asked_once_per_model_while_nothing_changes():
    class Counting(OneAtATime):
        asked = 0

        def plan(self, target, picture):
            self.asked += 1
            return super().plan(target, picture)

    planner = Counting()
    play = loaded("a", planner=planner)
    before = planner.asked
    for number in range(1, 6):
        play(f"a{number} wants a", f"grant a{number}")
        play(f"a{number} served")
    assert planner.asked - before <= 1


@pytest.mark.parametrize("text", ["nothing runs", "0 queued"])
def test_its_repr_answers_the_question_one_has_at_night(text):
    assert text in repr(Playbook().scheduler)
