"""The menu as dbusmenu sees it: numbers that stay, and the smallest news that tells a change."""

import pytest

from llamaswap_desktop.commands import LoadModel, UnloadModel
from llamaswap_desktop.tray.entries import Item, Separator, Submenu, Tick
from llamaswap_desktop.tray.sni.dbusmenu import ROOT, ExportedMenu, LayoutUpdated, PropertiesUpdated, properties_of


def models(*items):
    return (Item("status", "Idle"), Submenu("models", "Models", items), Separator("line"), Item("quit", "Quit"))


OFF = Item("m", "qwen3_8b", LoadModel("m"), Tick.OFF)
ON = Item("m", "qwen3_8b  ·  4 GiB", UnloadModel("m"), Tick.ON)


def exported(menu) -> ExportedMenu:
    it = ExportedMenu()
    it.update(menu)
    return it


def number_of(menu: ExportedMenu, *labels: str) -> int:
    number, _, children = menu.layout(ROOT, -1)
    for label in labels:
        ((number, _, children),) = [
            child for _, child in children if child[1].get("label") == ("s", label.replace("_", "__"))
        ]
    return number


@pytest.mark.parametrize(
    ("entry", "properties"),
    [
        (Separator("x"), {"type": ("s", "separator")}),
        (Item("x", "a_b & c"), {"label": ("s", "a__b & c"), "enabled": ("b", False)}),
        (
            Item("x", "m", LoadModel("m"), Tick.PARTLY),
            {"label": ("s", "m"), "enabled": ("b", True), "toggle-type": ("s", "checkmark"), "toggle-state": ("i", -1)},
        ),
        (
            Item("x", "m", LoadModel("m"), Tick.ON, is_radio=True),
            {"label": ("s", "m"), "enabled": ("b", True), "toggle-type": ("s", "radio"), "toggle-state": ("i", 1)},
        ),
        (
            Submenu("x", "Models", ()),
            {"label": ("s", "Models"), "enabled": ("b", False), "children-display": ("s", "submenu")},
        ),
    ],
)
def test_properties(entry, properties):
    assert properties_of(entry) == properties


def test_layout_holds_the_tree_down_to_the_depth_asked_for():
    menu = exported(models(OFF))
    _, properties, children = menu.layout(ROOT, -1)
    assert properties == {"children-display": ("s", "submenu")}
    assert [child[1].get("label", ("s", "-"))[1] for _, child in children] == ["Idle", "Models", "-", "Quit"]
    assert [child[1]["label"][1] for _, child in children[1][1][2]] == ["qwen3__8b"]
    assert [child[2] for _, child in menu.layout(ROOT, 1)[2]] == [[], [], [], []]
    assert menu.layout(ROOT, 0)[2] == []
    assert menu.layout(ROOT, 1, ["enabled"])[2][0][1][1] == {"enabled": ("b", False)}


def test_change_of_state_changes_properties_only():
    menu = exported(models(OFF))
    number = number_of(menu, "Models", "qwen3_8b")
    news = menu.update(models(ON))
    words = {"label": ("s", "qwen3__8b  ·  4 GiB"), "accessible-desc": ("s", "qwen3_8b, 4 GiB")}
    assert news == PropertiesUpdated([(number, {**words, "toggle-state": ("i", 1)})], [])
    assert menu.action_of(number) == UnloadModel("m")


def test_property_that_goes_away_is_named():
    menu = exported((ON,))
    assert menu.update((Item("m", ON.label, ON.action),)) == PropertiesUpdated(
        [], [(1, ["toggle-type", "toggle-state"])]
    )


def test_nothing_new_is_no_news():
    menu = exported(models(OFF))
    assert menu.update(models(OFF)) is None


def test_new_entry_changes_the_layout_and_leaves_the_others_their_numbers():
    menu = exported(models(OFF))
    before = {label: number_of(menu, *label) for label in [("Models",), ("Models", "qwen3_8b"), ("Quit",)]}
    revision = menu.revision
    assert menu.update(models(Item("new", "new", LoadModel("new"), Tick.OFF), OFF)) == LayoutUpdated(revision + 1)
    assert {label: number_of(menu, *label) for label in before} == before


def test_number_of_an_entry_that_has_gone_is_never_given_away():
    menu = exported(models(OFF))
    gone = number_of(menu, "Models", "qwen3_8b")
    menu.update(models(Item("other", "other", LoadModel("other"))))
    assert not menu.knows(gone)
    assert menu.action_of(gone) is None
    assert number_of(menu, "Models", "other") > gone
    menu.update(models(OFF))
    assert number_of(menu, "Models", "qwen3_8b") == gone


def test_equal_keys_under_different_parents_are_different_entries():
    menu = exported((Submenu("a", "A", (Item("x", "X"),)), Submenu("b", "B", (Item("x", "X"),))))
    assert number_of(menu, "A", "X") != number_of(menu, "B", "X")


def test_unknown_numbers_raise_or_are_left_out():
    menu = exported(models(OFF))
    with pytest.raises(KeyError):
        menu.layout(99, -1)
    with pytest.raises(KeyError):
        menu.property(1, "colour")
    assert menu.group_properties([99], []) == []
    assert len(menu.group_properties([], [])) == 6


def test_hundred_models_are_laid_out_in_no_time(benchmark_s=0.1):
    import time

    menu = ExportedMenu()
    many = models(*(Item(f"m{number}", f"model {number}", LoadModel("m"), Tick.OFF) for number in range(100)))
    began = time.perf_counter()
    menu.update(many)
    menu.layout(ROOT, -1)
    assert time.perf_counter() - began < benchmark_s
