"""When a model will be unloaded for idleness, as people are told (runtime specification, sections 2.7 and 14.12)."""

from llamaswap_desktop.routing import ModelRules
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import Playbook

A = ModelId("a")


def test_clock_runs_from_the_last_answer_and_stands_while_one_is_given():
    play = Playbook(a=ModelRules(ttl_s=60))
    assert play.scheduler.unloads_at(A) is None
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    assert play.scheduler.unloads_at(A) is None
    play.at(10)
    play("a1 served", "wake at 70")
    assert play.scheduler.unloads_at(A) == play.time + 60
    play.at(30)
    play("a2 wants a", "grant a2")
    assert play.scheduler.unloads_at(A) is None


def test_no_clock_for_the_pinned_and_for_those_who_stay():
    play = Playbook(a=ModelRules(ttl_s=60), b=ModelRules())
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served", "wake at 60")
    play("pin a")
    assert play.scheduler.unloads_at(A) is None
    play("unpin a")
    assert play.scheduler.unloads_at(A) == play.time + 60
    assert play.scheduler.unloads_at(ModelId("b")) is None
