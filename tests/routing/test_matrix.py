"""The matrix as a planner; how it chooses is tested where it is compiled, in ``tests/config``."""

from llamaswap_desktop.routing import MatrixPlanner, Picture
from llamaswap_desktop.types import ModelId
from tests.routing.playbook import Playbook
from tests.routing.settings import matrix_of


def plan(target: str, running: str):
    return MatrixPlanner(matrix_of(0)).plan(ModelId(target), Picture(tuple(map(ModelId, running))))


def test_victims_and_reason_are_the_choice_s():
    chosen = plan("c", "be")
    assert chosen.victims == {"b", "e"}
    assert chosen.reason == "set acd (a & c & d), cost 2"


def test_model_in_no_set_runs_alone():
    assert plan("x", "ab").victims == {"a", "b"}
    assert plan("x", "ab").reason == "in no set, so it runs alone"


def test_running_model_is_never_repaired():
    assert plan("a", "ae").victims == frozenset()


def test_sets_live_together_and_others_leave():
    play = Playbook("a b c d e", planner=MatrixPlanner(matrix_of(0)))
    for model in "acd":
        play(f"{model}1 wants {model}", f"start {model}")
        play(f"{model} ready", f"grant {model}1")
        play(f"{model}1 served")
    play("b1 wants b", "stop c evicted", "stop d evicted")
