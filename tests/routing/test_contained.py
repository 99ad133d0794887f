"""A planner of the user's own, contained (runtime specification, section 14.14)."""

import importlib.util
import re
from pathlib import Path

import pytest

from llamaswap_desktop.config import Group
from llamaswap_desktop.routing import Answer, ContainedPlanner, Facts, GroupPlanner, Picture, dry_run
from llamaswap_desktop.routing.planner import Device
from llamaswap_desktop.types import ModelId, ProcessState
from tests.routing.playbook import OneAtATime, Playbook

DOCS = Path(__file__).parents[2] / "docs" / "planners.md"


def contained(victims, *, took_s: float = 0.0, hard_rules=()) -> ContainedPlanner:
    return ContainedPlanner(
        "mine:Own",
        lambda target, picture: Answer(victims(target, picture), took_s),
        hard_rules=hard_rules,
        instead=OneAtATime(),
    )


def loaded(planner) -> Playbook:
    play = Playbook(planner=planner)
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")
    return play


def broken(_target, _picture):
    raise ValueError("oops")


def leaving(_target, _picture):
    raise SystemExit(1)


def only_b(target, problem):
    """Return a planner that goes wrong for b alone."""
    return lambda wanted, picture: problem(wanted, picture) if wanted == target else []


REPLACED = "replaced: planner mine:Own has been replaced by 'one' until the next reload: "


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (broken, "it raised ValueError('oops')"),
        (leaving, "it raised SystemExit(1)"),
        (lambda target, _: 7, "it raised TypeError(\"'int' object is not iterable\")"),
        (lambda target, _: [target], "it named the target itself, 'b'"),
        (lambda target, _: ["c"], "it named 'c' for 'b', which does not run"),
        (lambda target, _: [3], "it named 3 for 'b', which does not run"),
    ],
)
def test_one_mistake_and_it_is_replaced(problem, said):
    play = loaded(contained(only_b("b", problem)))
    play("b1 wants b", "stop a evicted", REPLACED + said)
    play("a stopped", "start b")
    play("b ready", "grant b1")
    play("b1 served")
    play("c1 wants c", "stop b evicted")


def test_persistent_member_of_another_group_may_not_be_named():
    kept = Group(id="kept", persistent=True, members=(ModelId("a"),))
    play = loaded(contained(only_b("b", lambda *_: ["a"]), hard_rules=[kept]))
    play("b1 wants b", "stop a evicted", REPLACED + "it named 'a' for 'b', which is in a persistent group")


def test_hard_rules_hold_beside_what_it_names():
    swapping = Group(id="swapping", members=(ModelId("a"), ModelId("b")))
    play = loaded(contained(lambda *_: [], hard_rules=[swapping]))
    play("b1 wants b", "stop a evicted")


def test_third_answer_that_took_too_long_is_its_last():
    planner = contained(lambda *_: [], took_s=0.06)
    picture = Picture((ModelId("a"),))
    plans = [planner.plan(ModelId("b"), picture) for _ in range(4)]
    assert [bool(plan.problem) for plan in plans] == [False, False, True, False]
    assert plans[2].problem.endswith("it took longer than 50 ms 3 times")
    assert [sorted(plan.victims) for plan in plans] == [[], [], ["a"], ["a"]]


def test_reload_gives_it_another_chance():
    play = loaded(contained(only_b("b", broken)))
    play("b1 wants b", "stop a evicted", REPLACED + "it raised ValueError('oops')")
    play.planner = contained(lambda *_: [])
    play("a stopped", "start b")
    play("reload")
    play("a2 wants a", "start a")


# -- the documented example


def example():
    """Return the class that the documentation shows, imported from a file as a user would have it."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[:1]
    spec = importlib.util.spec_from_loader("my_planners", loader=None)
    module = importlib.util.module_from_spec(spec)
    exec(compile(code, str(DOCS), "exec"), module.__dict__)
    return module.SmallOnesStay


def test_the_documented_example_does_what_it_says():
    planner = example()()
    ready = ProcessState.READY
    facts = {
        ModelId("small"): Facts(ready, {Device("gpu0"): 1_500}),
        ModelId("big"): Facts(ready, {Device("gpu0"): 9_000}),
        ModelId("new"): Facts(),
        ModelId("t"): Facts(),
    }
    picture = Picture((ModelId("big"), ModelId("new"), ModelId("small")), facts)
    assert sorted(planner.victims(ModelId("t"), picture)) == ["big", "new"]
    assert planner.victims(ModelId("big"), picture) == []


def test_the_documented_example_works_contained():
    users = example()()
    planner = ContainedPlanner(
        "my_planners:SmallOnesStay",
        lambda target, picture: Answer(users.victims(target, picture), 0.0),
        hard_rules=(),
        instead=OneAtATime(),
    )
    play = loaded(planner)
    play("a holds gpu0=1000 ram=0")
    play("b1 wants b", "start b")
    play("b ready", "grant b1")
    play("b holds gpu0=9000 ram=0")
    play("b1 served")
    play("c1 wants c", "stop b evicted")


# -- dry run


def rehearsed(play, target, **planners):
    return dry_run(ModelId(target), play.scheduler.picture(ModelId(target), play.time), planners)


def test_dry_run_shows_what_each_policy_would_do():
    play = loaded(OneAtATime())
    plans = rehearsed(play, "b", one=OneAtATime(), group=GroupPlanner([]), mine=contained(lambda *_: ["a"]))
    assert {name: sorted(plan.victims) for name, plan in plans.items()} == {"one": ["a"], "group": [], "mine": ["a"]}
    assert not plans["mine"].problem
    assert play.scheduler.picture(ModelId("b"), play.time).facts[ModelId("a")].state is ProcessState.READY


def test_dry_run_has_no_consequences_for_a_planner_that_goes_wrong_in_it():
    planner = contained(only_b("b", broken))
    play = loaded(planner)
    plan = rehearsed(play, "b", mine=planner)["mine"]
    assert (plan.victims, plan.problem) == (
        frozenset({"a"}),
        "planner mine:Own would be replaced by 'one': it raised ValueError('oops')",
    )
    play("c1 wants c", "start c")  # it is still in use: 'one' would have stopped a
    play("c ready", "grant c1")


def test_dry_run_says_that_a_planner_is_out_of_use_and_asks_it_no_more():
    asked = []
    planner = contained(lambda target, picture: asked.append(target) or broken(target, picture))
    play = Playbook(planner=planner)
    play("b1 wants b", "start b", REPLACED + "it raised ValueError('oops')")
    del asked[:]
    plan = rehearsed(play, "a", mine=planner)["mine"]
    assert (sorted(plan.victims), asked) == (["b"], [])
    assert plan.problem == REPLACED.removeprefix("replaced: ") + "it raised ValueError('oops')"


@pytest.mark.parametrize(("events", "leaving"), [((), ["a"]), (("b1 wants b", "stop a evicted"), ["a"])])
def test_dry_run_is_about_loading_the_target_whatever_it_is_doing(events, leaving):
    play = loaded(OneAtATime())
    if events:
        play(*events)
    assert sorted(rehearsed(play, "b", one=OneAtATime())["one"].victims) == leaving


def test_dry_run_says_how_slow_a_planner_is_and_does_not_count_it():
    planner = contained(lambda *_: [], took_s=0.06)
    play = loaded(planner)
    for _ in range(5):
        plan = rehearsed(play, "b", mine=planner)["mine"]
        assert (plan.problem, plan.reason) == ("", "mine:Own says so, after 60 ms where 50 ms are allowed")


def test_dry_run_for_who_is_ready_already_unloads_nobody():
    assert not rehearsed(loaded(OneAtATime()), "a", one=OneAtATime())["one"].victims
