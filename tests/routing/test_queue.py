"""Order and bounds of the queue (runtime specification, sections 3.6 and 14.2)."""

from llamaswap_desktop.config import Fifo
from llamaswap_desktop.routing import ModelRules
from tests.routing.playbook import Playbook


def busy(**settings) -> Playbook:
    """Return a playbook in which ``x`` answers one request, and everybody else has to wait for it."""
    play = Playbook("x a b c", **settings)
    play("x1 wants x", "start x")
    play.at(4)
    play("x ready", "grant x1")
    return play


def test_higher_priority_is_served_first_and_equal_priority_in_order_of_arrival():
    play = busy(fifo=Fifo(priority={"c": 5}))
    for request in ("a1", "b1", "c1", "a2"):
        play(f"{request} wants {request[0]}")
    assert [waiting.model for waiting in play.scheduler.waiting(play.time)] == ["c", "a", "b", "a"]
    play("x1 served", "stop x evicted")
    play("x stopped", "start c")
    play("c ready", "grant c1")


def test_priority_never_beats_the_fast_path_nor_joining():
    play = busy(fifo=Fifo(priority={"c": 5}))
    play("c1 wants c")
    play("x2 wants x", "grant x2")
    play("x1 served")
    play("x2 served", "stop x evicted")
    play("c2 wants c")
    play("x stopped", "start c")
    play("c ready", "grant c1", "grant c2")


def test_who_waits_grows_in_priority_by_one_every_aging_step():
    play = busy(fifo=Fifo(priority={"c": 2}, max_wait_s=0))
    play("a1 wants a")
    play.at(65)
    play("c1 wants c")
    assert [waiting.model for waiting in play.scheduler.waiting(play.time)] == ["a", "c"]


def test_without_aging_priority_alone_decides():
    play = busy(fifo=Fifo(priority={"c": 2}, max_wait_s=0, aging_step_s=0))
    play("a1 wants a")
    play.at(1000)
    play("c1 wants c")
    assert [waiting.model for waiting in play.scheduler.waiting(play.time)] == ["c", "a"]


def test_full_queue_refuses_and_says_when_to_come_back():
    play = busy(fifo=Fifo(max_queued=1))
    play("a1 wants a")
    play("b1 wants b", "reject b1: QueueFull")
    error = play.errors["b1"]
    assert error.status == 503
    assert str(error).startswith("too many requests are waiting")
    assert error.retry_after_s == 20  # a and b have never been loaded: 10 s each
    play("x2 wants x", "grant x2")


def test_retry_after_is_judged_by_past_loads():
    play = busy(fifo=Fifo(max_queued=1))
    play("x1 served")
    for model, seconds in (("a", 10), ("x", 18)):
        other = {"a": "x", "x": "a"}[model]
        play(f"{model}5 wants {model}", f"stop {other} evicted")
        play(f"{other} stopped", f"start {model}")
        play.at(seconds)
        play(f"{model} ready", f"grant {model}5")
        if model == "a":
            play("a5 served")
    play("a6 wants a")
    play("a7 wants a", "reject a7: QueueFull")
    assert play.errors["a7"].retry_after_s == 6  # a took 6 s to load


def test_who_has_queued_for_as_long_as_its_model_allows_is_refused():
    play = busy(a=ModelRules(queue_timeout_s=30))
    play("a1 wants a", "wake at 34")
    play.at(20)
    play("b1 wants b")
    play.at(34)
    play("tick", "reject a1: WaitedTooLong")
    error = play.errors["a1"]
    assert error.status == 503
    assert error.retry_after_s >= 1
    assert str(error) == "waited too long: 30 s for a: x is answering 1 request"
    play("x1 served", "stop x evicted")


def test_queue_timeout_does_not_count_once_a_load_has_been_joined():
    play = busy(a=ModelRules(queue_timeout_s=30))
    play("a1 wants a", "wake at 34")
    play("x1 served", "stop x evicted")
    play("x stopped", "start a")
    play.at(34)
    play("tick")
    play("a ready", "grant a1")


def test_a_grant_says_how_long_it_took_and_why():
    play = busy()
    assert (play.grants["x1"].waited_s, play.grants["x1"].reason) == (4.0, "x had to be loaded")
    play("x2 wants x", "grant x2")
    assert (play.grants["x2"].waited_s, play.grants["x2"].reason) == (0.0, "")
    play("a1 wants a")
    play("x2 served")
    play("x1 served", "stop x evicted")
    play.at(9)
    play("x stopped", "start a")
    play("a ready", "grant a1")
    assert play.grants["a1"].waited_s == 5
    assert play.grants["a1"].reason == "x was answering 2 requests; a had to be loaded"
