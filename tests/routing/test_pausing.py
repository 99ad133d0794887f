"""Pause and resume (HTTP specification, section 31)."""

from tests.routing.playbook import Playbook, Together


def loaded(*models: str) -> Playbook:
    play = Playbook(planner=Together())
    for model in models:
        play(f"{model}0 wants {model}", f"start {model}")
        play(f"{model} ready", f"grant {model}0")
        play(f"{model}0 served")
    return play


def test_pause_unloads_everything_and_refuses_requests_with_the_rest_of_it():
    play = loaded("a", "b")
    play("a1 wants a", "grant a1")
    play("c1 wants c", "start c")
    play(
        "pause 1 900",
        "reject c1: ModelsPaused",
        "stop a unloaded",
        "stop b unloaded",
        "abort c unloaded",
        "wake at 900",
    )
    play.at(100)
    play("a2 wants a", "reject a2: ModelsPaused")
    assert (play.errors["a2"].status, play.errors["a2"].retry_after_s) == (503, 800)
    play("a1 served")
    for model in "ab":
        play(f"{model} stopped")
    play("c stopped", "unloaded 1")
    assert play.scheduler.is_paused()


def test_pause_ends_by_itself():
    play = loaded()
    play("pause 1 900", "unloaded 1", "wake at 900")
    play.at(900)
    play("tick")
    assert not play.scheduler.is_paused()
    play("a1 wants a", "start a")


def test_pause_without_end_lasts_until_somebody_resumes():
    play = loaded()
    play("pause 1", "unloaded 1")
    play.at(9999)
    play("a1 wants a", "reject a1: ModelsPaused")
    assert play.errors["a1"].retry_after_s == 60
    play("resume")
    play("a2 wants a", "start a")


def test_pause_that_holds_lets_requests_wait_and_loads_for_them_afterwards():
    play = loaded("a")
    play("b1 wants b", "start b")
    play("pause 1 holding", "stop a unloaded", "abort b unloaded")
    play("a1 wants a")
    assert play.why("a1") == "waiting 0 s: models are paused; then load a"
    play("a stopped")
    play("b stopped", "unloaded 1")
    play("resume", "start b", "start a")
    play("b ready", "grant b1")
    play("a ready", "grant a1")


def test_resume_while_models_are_still_leaving_waits_for_them():
    play = loaded("a")
    play("pause 1 holding", "stop a unloaded")
    play("a1 wants a")
    play("resume")
    play("a stopped", "unloaded 1", "start a")


def test_second_pause_replaces_the_first():
    play = loaded()
    play("pause 1 60", "unloaded 1", "wake at 60")
    play("pause 2", "unloaded 2")
    play.at(60)
    play("tick")
    assert play.scheduler.is_paused()
