"""The groups in the menu."""

import dataclasses

import pytest

from llamaswap_desktop.commands import LoadModel, SetGroup, UnloadModel
from llamaswap_desktop.snapshot import GroupSnapshot, ModelSnapshot, Snapshot
from llamaswap_desktop.tray.entries import Tick, Together
from llamaswap_desktop.tray.menu_groups import groups_menu
from llamaswap_desktop.types import ModelId, Phase, ProcessState

READY, STOPPED, STARTING = ProcessState.READY, ProcessState.STOPPED, ProcessState.STARTING
TOGETHER = GroupSnapshot("g", (ModelId("a"), ModelId("b")), swap=False, exclusive=True, persistent=False)
SWAPPING = dataclasses.replace(TOGETHER, swap=True)


def items_of(group, a, b):
    models = tuple(ModelSnapshot(id=ModelId(name), name=name, state=state) for name, state in (("a", a), ("b", b)))
    (submenu,) = groups_menu(Snapshot(phase=Phase.SERVING, models=models, groups=(group,)))
    return submenu, {item.key: item for item in submenu.entries}


LOAD_B = Together((LoadModel("b"),))
LOAD_BOTH = Together((LoadModel("a"), LoadModel("b")))
UNLOAD_A, UNLOAD_BOTH = Together((UnloadModel("a"),)), Together((UnloadModel("a"), UnloadModel("b")))


@pytest.mark.parametrize(
    ("group", "a", "b", "tick", "click", "load", "unload"),
    [
        (TOGETHER, STOPPED, STOPPED, Tick.OFF, LOAD_BOTH, LOAD_BOTH, None),
        (TOGETHER, READY, STOPPED, Tick.PARTLY, LOAD_B, LOAD_B, UNLOAD_A),
        (TOGETHER, STARTING, STOPPED, Tick.OFF, LOAD_B, LOAD_B, UNLOAD_A),
        (TOGETHER, READY, READY, Tick.ON, UNLOAD_BOTH, None, UNLOAD_BOTH),
        (SWAPPING, STOPPED, STOPPED, Tick.OFF, None, None, None),
        (SWAPPING, READY, STOPPED, Tick.PARTLY, UNLOAD_A, None, UNLOAD_A),
    ],
)
def test_group_is_ticked_when_all_are_loaded(group, a, b, tick, click, load, unload):
    _, items = items_of(group, a, b)
    assert (items["all"].tick, items["all"].action) == (tick, click)
    assert (items["load all"].action, items["unload all"].action) == (load, unload)


def test_a_partly_loaded_group_says_how_far():
    submenu, items = items_of(TOGETHER, READY, STOPPED)
    assert submenu.label == "g  ·  1 of 2 loaded"
    assert items["all"].label == "1 of 2 loaded"


def test_models_in_no_group_are_no_group():
    assert groups_menu(Snapshot(groups=(dataclasses.replace(TOGETHER, id="(default)"),))) == ()


def test_switches_are_live_and_can_be_given_back():
    _, items = items_of(TOGETHER, STOPPED, STOPPED)
    assert [items[name].tick for name in ("swap", "exclusive", "persistent")] == [Tick.OFF, Tick.ON, Tick.OFF]
    assert items["swap"].action == SetGroup("g", swap=True, exclusive=True, persistent=False)
    assert items["configured"].action is None
    _, items = items_of(dataclasses.replace(SWAPPING, is_overridden=True), STOPPED, STOPPED)
    assert items["swap"].action == SetGroup("g", swap=False, exclusive=True, persistent=False)
    assert items["configured"].action == SetGroup("g")
