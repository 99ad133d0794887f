"""Back-off after failed starts (runtime specification, section 14.10; HTTP specification, section 11.3)."""

from llamaswap_desktop.config import Retry
from tests.routing.playbook import Playbook


def failing(times: int, **settings) -> Playbook:
    """Return a playbook in which ``a`` has failed to start so often in a row."""
    play = Playbook(**settings)
    for number in range(1, times + 1):
        play(f"a{number} wants a", "start a")
        error = "StartsPaused" if number >= play.retry.failures > 0 else "StartFailed"
        play("a failed", f"reject a{number}: {error}")
        play.time += 61
    play.time -= 61
    return play


def test_third_failure_in_a_row_begins_a_pause_with_the_same_text():
    play = failing(3)
    last = play.errors["a3"]
    assert (last.status, last.retry_after_s) == (503, 1)
    assert str(last) == str(play.errors["a2"]) == "unspecific error: it broke"
    assert play.errors["a2"].status == 500
    play("a4 wants a", "reject a4: StartsPaused")
    assert str(play.errors["a4"]) == str(last)


def test_first_request_after_the_pause_tries_again_and_the_pause_doubles():
    play = failing(3)
    play.time += 1
    play("a4 wants a", "start a")
    play("a failed", "reject a4: StartsPaused")
    assert play.errors["a4"].retry_after_s == 2
    play.time += 1.5
    play("a5 wants a", "reject a5: StartsPaused")
    assert play.errors["a5"].retry_after_s == 1


def test_pause_grows_to_its_limit_and_no_further():
    play = failing(40)
    assert play.errors["a40"].retry_after_s == 60


def test_success_sets_the_count_to_zero():
    play = failing(3)
    play.time += 1
    play("a4 wants a", "start a")
    play("a ready", "grant a4")
    play("a died")
    play("a5 wants a", "start a")
    play("a failed", "reject a5: StartFailed")


def test_load_by_hand_tries_at_once_and_sets_the_count_to_zero():
    play = failing(3)
    play("a4 insists on a", "start a")
    play("a failed", "reject a4: StartFailed")


def test_changed_definition_sets_the_count_to_zero():
    play = failing(3)
    play("reload a")
    play("a4 wants a", "start a")
    play("a failed", "reject a4: StartFailed")


def test_reload_without_a_change_keeps_the_pause():
    play = failing(3)
    play("reload b")
    play("a4 wants a", "reject a4: StartsPaused")


def test_model_that_is_removed_and_comes_back_has_no_past():
    play = failing(3)
    play.models = ["b"]
    play("reload", "forgotten a", "forgotten c")
    play.models = ["a", "b"]
    play("reload")
    play("a4 wants a", "start a")


def test_other_models_are_not_held_up():
    play = failing(3)
    play("b1 wants b", "start b")


def test_zero_failures_means_never():
    failing(8, retry=Retry(failures=0))


def test_aborted_start_is_no_failure():
    play = failing(2)
    play("a3 wants a", "start a")
    play("unload 1 a", "reject a3: ModelUnloaded", "abort a unloaded")
    play("a stopped", "unloaded 1")
    play("a4 wants a", "start a")
    play("a failed", "reject a4: StartsPaused")
