"""The groups' truth table (runtime specification, section 4.2)."""

import itertools

import pytest

from llamaswap_desktop.config import Group, default_group
from llamaswap_desktop.routing import GroupPlanner, Picture
from llamaswap_desktop.types import ModelId

BOTH = (False, True)


def group(name, members, *, swap=True, exclusive=True, persistent=False):
    return Group(
        id=name,
        swap=swap,
        exclusive=exclusive,
        persistent=persistent,
        members=tuple(ModelId(member) for member in members.split()),
    )


def victims(planner, target, running):
    return planner.plan(ModelId(target), Picture(tuple(map(ModelId, running.split())))).victims


@pytest.mark.parametrize(("swap", "exclusive", "persistent"), list(itertools.product(BOTH, repeat=3)))
def test_within_a_group_only_its_swap_decides(swap, exclusive, persistent):
    planner = GroupPlanner([group("g", "t r", swap=swap, exclusive=exclusive, persistent=persistent)])
    assert victims(planner, "t", "r t") == (frozenset({"r"}) if swap else frozenset())


@pytest.mark.parametrize(
    ("g_swap", "g_exclusive", "g_persistent", "h_swap", "h_exclusive", "h_persistent"),
    list(itertools.product(BOTH, repeat=6)),
)
def test_between_groups_the_target_is_exclusive_and_the_other_not_persistent(
    g_swap, g_exclusive, g_persistent, h_swap, h_exclusive, h_persistent
):
    planner = GroupPlanner(
        [
            group("g", "t", swap=g_swap, exclusive=g_exclusive, persistent=g_persistent),
            group("h", "r", swap=h_swap, exclusive=h_exclusive, persistent=h_persistent),
        ]
    )
    leaves = g_exclusive and not h_persistent
    assert victims(planner, "t", "r") == (frozenset({"r"}) if leaves else frozenset())


def test_the_specification_s_worked_example():
    planner = GroupPlanner(
        [
            group("desk", "oak elm"),
            group("tools", "ocr tts", swap=False, exclusive=False),
            group("always", "embed", swap=False, exclusive=False, persistent=True),
            group("(default)", "maple"),
        ]
    )
    running: set[str] = set()
    for target, stopped in [
        ("embed", ""),
        ("ocr", ""),
        ("oak", "ocr"),
        ("tts", ""),
        ("ocr", ""),
        ("oak", "ocr tts"),
        ("elm", "oak"),
        ("maple", "elm"),
    ]:
        leaving = victims(planner, target, " ".join(sorted(running)))
        assert leaving == frozenset(stopped.split()), target
        running = (running - leaving) | {target}
    assert running == {"embed", "maple"}


def test_models_in_no_group_form_the_default_group_which_swaps():
    own = group("g", "a", exclusive=False)
    planner = GroupPlanner([own, default_group([own], map(ModelId, "abc"))])
    assert victims(planner, "b", "a c") == {"a", "c"}
    assert victims(planner, "a", "b c") == frozenset()


def test_model_that_is_in_no_group_at_all_is_bound_by_no_rule():
    planner = GroupPlanner([group("g", "a")])
    assert victims(planner, "a", "x") == frozenset()
    assert victims(planner, "x", "a") == frozenset()
