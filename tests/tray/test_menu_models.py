"""The models in the menu: few or hundreds, in groups or not, always laid out alike."""

import pytest

from llamaswap_desktop.commands import LoadModel, PinModel, UnloadModel, UnpinModel
from llamaswap_desktop.snapshot import GroupSnapshot, ModelSnapshot, Snapshot
from llamaswap_desktop.tray.entries import CopyText, Item, Separator, ShowLog, Submenu, Tick
from llamaswap_desktop.tray.menu_models import ONE_LIST, models_menu
from llamaswap_desktop.types import ModelId, Phase, ProcessState

READY = ProcessState.READY


def model(name, state=ProcessState.STOPPED, **facts) -> ModelSnapshot:
    return ModelSnapshot(id=ModelId(name), name=name, state=state, **facts)


def group(name, *members) -> GroupSnapshot:
    return GroupSnapshot(name, tuple(map(ModelId, members)), swap=True, exclusive=True, persistent=False)


def menu_of(*models, groups=()):
    return models_menu(Snapshot(phase=Phase.SERVING, models=models, groups=groups), can_copy=True)


def labels(menu):
    return [one.label for one in menu if not isinstance(one, Separator)]


def leaves(menu):
    """Every model's own line, however deep."""
    for one in menu:
        if isinstance(one, Submenu) and one.key != "details":
            yield from leaves(one.entries)
        elif isinstance(one, Item) and one.tick is not None:
            yield one


def test_few_models_in_groups_are_one_list_with_headings():
    menu = menu_of(model("a"), model("b"), model("c"), groups=(group("coding", "c", "a"), group("(default)", "b")))
    assert labels(menu) == ["coding", "c", "a", "Models in no group", "b", "Pin, log, name"]
    assert [one.action for one in menu if one.key.startswith("group")] == [None, None]


def test_models_without_groups_have_no_heading():
    assert labels(menu_of(model("a"), model("b"))) == ["a", "b", "Pin, log, name"]
    assert labels(menu_of(model("a"), groups=(group("(default)", "a"),))) == ["a", "Pin, log, name"]


def test_no_models_no_lines():
    assert menu_of() == ()


def test_details_of_a_model():
    details = menu_of(model("org/q:8b", is_pinned=True), model("b", READY))[-1]
    pinned, loaded = (one.entries for one in details.entries)
    assert [item.action for item in pinned] == [
        LoadModel("org/q:8b"), None, UnpinModel("org/q:8b"), ShowLog("org/q:8b"), CopyText("org/q:8b"),
    ]  # fmt: skip
    assert pinned[2].tick is Tick.ON
    assert [item.action for item in loaded][:3] == [None, UnloadModel("b"), PinModel("b")]


@pytest.mark.parametrize("count", [1, ONE_LIST, ONE_LIST + 1, 200, 1000])
def test_every_model_is_there_once_and_no_list_is_long(count):
    names = [
        f"{['qwen', 'gemma', 'llama', 'phi', 'mistral', '7b', 'é'][number % 7]}-{number}" for number in range(count)
    ]
    groups = (group("coding", *names[: count // 2]), group("(default)", *names[count // 2 :]))
    for menu in (menu_of(*map(model, names)), menu_of(*map(model, names), groups=groups)):
        assert sorted(item.key for item in leaves(menu)) == sorted(names)
        if count <= 200:
            assert len(menu) <= ONE_LIST + 5


def test_many_models_are_cut_by_group_and_then_by_letter():
    many = [model(f"{letter}{number}") for letter in "abcdz" for number in range(10)]
    few = [model("x1", READY), model("x2")]
    groups = (group("big", *(one.id for one in many)), group("small", "x1", "x2"))
    big, small = menu_of(*many, *few, groups=groups)
    assert (big.label, small.label) == ("big  ·  0 of 50 loaded", "small  ·  1 of 2 loaded")
    assert labels(big.entries) == ["A-B  ·  0 of 20 loaded", "C-D  ·  0 of 20 loaded", "Z  ·  0 of 10 loaded"]
    assert labels(small.entries) == ["x1", "x2", "Pin, log, name"]


def test_layout_does_not_depend_on_what_models_do():
    def keys(menu):
        return [(one.key, keys(one.entries) if isinstance(one, Submenu) else None) for one in menu]

    names = [f"m{number}" for number in range(60)]
    assert keys(menu_of(*map(model, names))) == keys(menu_of(*(model(name, READY, is_pinned=True) for name in names)))


def test_long_lists_count_as_people_do():
    names = [f"gemma-{number}b" for number in (14, 8, 120)] + [f"a{number}" for number in range(22)]
    *_, letters = [one.entries for one in menu_of(*map(model, names))]
    assert labels(letters)[:3] == ["gemma-8b", "gemma-14b", "gemma-120b"]


def test_letter_with_too_many_models_is_cut_by_name():
    names = [f"qwen-{number}b" for number in range(50)]
    menu = menu_of(*map(model, names), model("alpha"), model("zeta"))
    assert labels(menu) == [
        "A  ·  0 of 1 loaded", "qwen-0b … qwen-16b  ·  0 of 17 loaded", "qwen-17b … qwen-33b  ·  0 of 17 loaded",
        "qwen-34b … qwen-49b  ·  0 of 16 loaded", "Z  ·  0 of 1 loaded",
    ]  # fmt: skip
    assert sorted(item.key for item in leaves(menu)) == sorted([*names, "alpha", "zeta"])
    assert all(len(one.entries) <= ONE_LIST + 2 for one in menu)
    assert len({one.key for one in menu}) == 5


def test_details_stand_in_the_order_of_the_lines():
    menu = menu_of(model("a"), model("b"), model("c"), groups=(group("coding", "c", "a"), group("(default)", "b")))
    assert labels(menu[-1].entries) == ["c", "a", "b"]
