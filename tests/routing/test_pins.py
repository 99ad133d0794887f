"""Pins at runtime: neither idled out nor evicted for want of memory (HTTP specification, section 31)."""

from llamaswap_desktop.routing import ModelRules
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import Playbook


def test_pinned_model_is_not_unloaded_for_idleness_until_it_is_unpinned():
    play = Playbook(a=ModelRules(ttl_s=60))
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served", "wake at 60")
    play("pin a")
    play.at(100)
    play("tick")
    play("unpin a", "wake at 100")
    play("tick", "stop a idle")


def test_configured_pin_holds_from_the_beginning_and_over_a_reload_that_does_not_touch_it():
    play = Playbook(a=ModelRules(is_pinned=True))
    assert play.scheduler.is_pinned(ModelId("a"))
    play("unpin a")
    play("reload")
    assert not play.scheduler.is_pinned(ModelId("a"))
    play.rules["a"] = ModelRules(is_pinned=False)
    play("reload")
    play.rules["a"] = ModelRules(is_pinned=True)
    play("reload")
    assert play.scheduler.is_pinned(ModelId("a"))


def test_groups_evict_a_pinned_model_all_the_same():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")
    play("pin a")
    play("b1 wants b", "stop a evicted")
