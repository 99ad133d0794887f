"""Why a request waits, in words (runtime specification, section 3.10; issue of the waiting sentence)."""

from llamaswap_desktop.routing import LoadUnderWay, ModelRules
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import Playbook


def test_every_place_that_one_can_wait_in_has_its_sentence():
    play = Playbook("qwen gemma phi")
    play("q1 wants qwen", "start qwen")
    play.at(3)
    assert play.why("q1") == "waiting 3 s: qwen has been loading for 3 s"
    play("g1 wants gemma")
    assert play.why("g1") == "waiting 0 s: qwen is being loaded; then load gemma"
    play.at(12)
    play("qwen ready", "grant q1")
    play.at(17)
    assert play.why("g1") == "waiting 14 s: qwen is answering 1 request; then load gemma"
    play("q2 wants qwen", "grant q2")
    assert play.why("g1") == "waiting 14 s: qwen is answering 2 requests; then load gemma"
    assert play.why("q1") == ""
    play.at(70)
    play("q3 wants qwen")
    assert play.why("q3") == (
        "waiting 0 s: it is the turn of gemma, which had waited too long already; then qwen goes on"
    )
    play("q1 served")
    play("q2 served", "stop qwen evicted")
    assert play.why("g1") == "waiting 67 s: qwen is stopping; then load gemma"
    assert play.why("q3") == "waiting 0 s: gemma is being loaded; then load qwen"
    play("qwen stopped", "start gemma")
    play("gemma ready", "grant g1")
    play("g1 served", "stop gemma evicted")
    play("gemma stopped", "start qwen")
    play.at(75)
    assert play.why("q3") == "waiting 5 s: qwen has been loading for 5 s, usually 12 s"


def test_model_that_is_being_unloaded():
    play = Playbook()
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("unload 1 a", "stop a unloaded")
    play("a2 wants a")
    assert play.why("a2") == "waiting 0 s: a is being unloaded; then load a"


def test_list_of_everybody_who_waits():
    play = Playbook(b=ModelRules())
    play("a1 wants a", "start a")
    play.at(2)
    play("b1 wants b")
    play("c1 wants c")
    play.at(5)
    listed = play.scheduler.waiting(play.time)
    assert [(item.model, item.waited_s, item.position) for item in listed] == [
        (ModelId("a"), 5, None),
        (ModelId("b"), 3, 1),
        (ModelId("c"), 3, 2),
    ]
    assert listed[2].sentence == "waiting 3 s: a is being loaded; then load c"


def test_list_of_loads():
    play = Playbook()
    play("a1 wants a", "start a")
    play.at(4)
    assert play.scheduler.loads(play.time) == [LoadUnderWay(ModelId("a"), (), 4, None)]
    play("a ready", "grant a1")
    assert play.scheduler.loads(play.time) == []
    play("a1 served")
    play("b1 wants b", "stop a evicted")
    play.at(6)
    assert play.scheduler.loads(play.time) == [LoadUnderWay(ModelId("b"), (ModelId("a"),), None, None)]
    play("a stopped", "start b")
    play.at(7)
    play("b ready", "grant b1")
    play("b1 served")
    play("a2 wants a", "stop b evicted")
    assert play.scheduler.loads(play.time)[0].usual_s == 4


def test_asking_why_changes_nothing():
    play = Playbook()
    play("a1 wants a", "start a")
    play("b1 wants b")
    play.why("b1")
    play("a ready", "grant a1")
    play("a1 served", "stop a evicted")
