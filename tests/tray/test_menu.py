"""The menu as a function of the snapshot."""

import dataclasses
import json
import shlex

import pytest

from llamaswap_desktop.commands import (
    LoadModel,
    PauseModels,
    Quit,
    ResumeModels,
    SetProfile,
    UnloadAll,
    UnloadModel,
)
from llamaswap_desktop.snapshot import ModelSnapshot, PauseSnapshot, Snapshot, WaitingSnapshot
from llamaswap_desktop.tray.entries import Item, Local, OpenFolder, Separator, Submenu, Switch, Tick, Turn
from llamaswap_desktop.tray.menu import menu_for as menu_of_view
from llamaswap_desktop.tray.view import Surroundings, View
from llamaswap_desktop.types import ModelId, Phase, ProcessState

ADDRESS = "http://127.0.0.1:9292"
READY, STARTING = ProcessState.READY, ProcessState.STARTING
STOPPED, STOPPING = ProcessState.STOPPED, ProcessState.STOPPING


def model(name="m", state=STOPPED, **facts) -> ModelSnapshot:
    return ModelSnapshot(id=ModelId(name), name=name, state=state, **facts)


def serving(*models) -> Snapshot:
    return Snapshot(phase=Phase.SERVING, address=ADDRESS, models=models)


def menu_for(snapshot: Snapshot, **around):
    return menu_of_view(View(snapshot, Surroundings(**around)))


def entry(menu, *keys):
    *above, key = keys
    for parent in above:
        menu = entry(menu, parent).entries
    (found,) = [entry for entry in menu if entry.key == key]
    return found


def shape(menu):
    return [(one.key, shape(one.entries) if isinstance(one, Submenu) else None) for one in menu]


def test_it_reads_from_status_to_quit():
    assert [one.key for one in menu_for(serving()) if not isinstance(one, Separator)] == [
        "status", "address", "models", "free", "pause", "pause for", "dashboard", "copy", "logs", "config", "login",
        "settings", "about", "quit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "tick", "action"),
    [
        (model(), Tick.OFF, LoadModel("m")),
        (model(waiting=1), Tick.OFF, UnloadModel("m")),
        (model(state=STARTING), Tick.OFF, UnloadModel("m")),
        (model(state=READY), Tick.ON, UnloadModel("m")),
        (model(state=READY, in_flight=3), Tick.ON, UnloadModel("m")),
        (model(state=STOPPING), Tick.OFF, LoadModel("m")),
        (model(state=STOPPING, waiting=1), Tick.OFF, UnloadModel("m")),
        (model(problem="it exited"), Tick.OFF, LoadModel("m")),
    ],
)
def test_model_is_ticked_when_loaded_and_a_click_does_the_opposite(given, tick, action):
    item = entry(menu_for(serving(given)), "models", "m")
    assert (item.tick, item.action) == (tick, action)


def test_what_a_model_does_changes_no_shape():
    states = [model(), model(waiting=1), model(state=STARTING), model(state=READY, memory_bytes=5), model(problem="x")]
    shapes = [shape(menu_for(serving(model("other"), state))) for state in states]
    assert all(one == shapes[0] for one in shapes)


def test_unlisted_models_are_not_shown():
    menu = menu_for(serving(model("a", unlisted=True), model("b")))
    assert [item.key for item in entry(menu, "models").entries] == ["b", "before details", "details"]


@pytest.mark.parametrize(
    ("models", "label", "action"),
    [
        ((model(),), "Free memory now", None),
        ((model(state=STOPPING),), "Free memory now", None),
        ((model(state=READY),), "Free memory now", UnloadAll()),
        ((model(state=STARTING),), "Free memory now", UnloadAll()),
        ((model("a", READY, memory_bytes=2**30), model("b", READY, memory_bytes=2**30)), "Free memory now (2.0 GiB)",
         UnloadAll()),
    ],
)  # fmt: skip
def test_free_memory(models, label, action):
    assert entry(menu_for(serving(*models)), "free") == Item("free", label, action)


def test_address_can_be_copied_in_three_ways():
    copy = entry(menu_for(serving(model("q'w"))), "copy")
    openai, anthropic, curl = (item.action.text for item in copy.entries)
    assert (openai, anthropic) == (f"{ADDRESS}/v1", ADDRESS)
    assert shlex.split(curl)[:2] == ["curl", f"{ADDRESS}/v1/chat/completions"]
    assert json.loads(shlex.split(curl)[-1])["model"] == "q'w"


def test_without_a_clipboard_the_menu_says_where_to_copy():
    [item] = entry(menu_for(serving(), can_copy=False), "copy").entries
    assert item.action is Local.OPEN_DASHBOARD
    assert item.label == f"{ADDRESS}, in the dashboard"
    assert (
        entry(menu_for(serving(model()), can_copy=False), "models", "details", "details m", "copy name").action is None
    )


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING, Phase.STOPPED])
def test_nothing_that_needs_the_server_is_offered_without_it(phase):
    menu = menu_for(Snapshot(phase=phase, address=ADDRESS, models=(model(state=READY),)))
    assert [entry(menu, key).action for key in ("free", "dashboard", "pause")] == [None, None, None]
    assert entry(menu, "copy").entries == ()
    assert {item.action for item in entry(menu, "pause for").entries} == {None}
    assert entry(menu, "config", "reload").action is None


def test_quit_is_always_there_until_it_has_been_asked_for():
    for phase in Phase:
        expected = None if phase is Phase.STOPPING else Quit()
        assert entry(menu_for(Snapshot(phase=phase)), "quit").action == expected


def test_start_that_failed_is_explained_and_can_be_tried_again():
    problem = "config.yaml:5:8: models.m.ttl: 'soon' is not a number of seconds, such as 600"
    menu = menu_for(Snapshot(phase=Phase.STOPPED, problems=(problem,)))
    told = [one.label for one in menu if isinstance(one, Item) and one.key.startswith("problem")]
    assert " ".join(told) == problem
    assert entry(menu, "try again").action is Local.TRY_AGAIN
    assert entry(menu, "models").entries == ()


def test_somebody_who_waits_is_explained_in_place_of_the_address():
    snapshot = serving(model())
    assert entry(menu_for(snapshot), "address").label == ADDRESS
    waits = [WaitingSnapshot(ModelId("m"), waited_s, None, f"waiting {waited_s} s: why") for waited_s in (3, 14, 5)]
    waiting = dataclasses.replace(snapshot, waiting=tuple(waits))
    assert entry(menu_for(waiting), "address").label == "waiting 14 s: why (and 2 more)"
    assert shape(menu_for(waiting)) == shape(menu_for(snapshot))


def test_profiles_are_radio_items_and_none_is_one_of_them():
    snapshot = dataclasses.replace(serving(), profiles=("work", "play"), profile="play")
    items = entry(menu_for(snapshot), "profiles").entries
    assert [(item.label, item.action, item.tick) for item in items] == [
        ("No profile", SetProfile(None), Tick.OFF),
        ("work", SetProfile("work"), Tick.OFF),
        ("play", SetProfile("play"), Tick.ON),
    ]
    assert all(item.is_radio for item in items)


def test_pause_is_one_click_and_so_is_its_end():
    snapshot = serving(model(state=READY))
    assert entry(menu_for(snapshot, pause_holds=True), "pause").action == PauseModels(None, holds=True)
    assert [item.action for item in entry(menu_for(snapshot), "pause for").entries] == [
        PauseModels(900), PauseModels(3600),
    ]  # fmt: skip
    for left_s, reason, end, label in (
        (None, "", "", "Paused: resume"),
        (60.0, "", "15:30", "Paused until 15:30: resume now"),
        (None, "game.exe", "", "Paused: resume"),
    ):
        paused = dataclasses.replace(snapshot, paused=PauseSnapshot(left_s, reason))
        item = entry(menu_for(paused, pause_end=end), "pause")
        assert (item.label, item.action, item.tick) == (label, ResumeModels(), Tick.ON)
        assert shape(menu_for(paused)) == shape(menu_for(snapshot))


@pytest.mark.parametrize(
    ("truth", "tick", "action"),
    [
        (False, Tick.OFF, Turn(Switch.START_AT_LOGIN, True)),
        (True, Tick.ON, Turn(Switch.START_AT_LOGIN, False)),
        (None, Tick.OFF, None),
    ],
)
def test_start_at_login_shows_what_the_system_says(truth, tick, action):
    item = entry(menu_for(serving(), starts_at_login=truth), "login")
    assert (item.tick, item.action) == (tick, action)


def test_switches_of_this_desktop():
    menu = menu_for(serving(), notifies=True, shares_on_lan=False)
    assert entry(menu, "settings", "notifications").action == Turn(Switch.NOTIFICATIONS, False)
    assert entry(menu, "settings", "share on the network").action == Turn(Switch.SHARE_ON_LAN, True)


def test_about_names_the_version():
    assert entry(menu_for(serving(), version="1.2"), "about", "version").label == "llama-swap Desktop 1.2"


def test_problems_of_a_program_that_serves_have_a_place_of_their_own():
    problem = "the changed configuration cannot be used: config.yaml:5:8: models.m.ttl: 'soon' is no number of seconds"
    menu = menu_for(dataclasses.replace(serving(), problems=(problem,)))
    problems = entry(menu, "problems")
    assert problems.label == "Remarks (1)"
    assert " ".join(one.label for one in problems.entries if one.key.startswith("problem")) == problem
    assert entry(menu, "problems", "edit").action is Local.EDIT_CONFIG
    assert not [one for one in menu if one.key == "try again"]


def test_every_entry_has_its_own_key_and_a_label():
    def check(menu):
        keys = [one.key for one in menu]
        assert len(keys) == len(set(keys))
        for one in menu:
            assert isinstance(one, Separator) or one.label.strip()
            if isinstance(one, Submenu):
                check(one.entries)

    check(menu_for(serving(*(model(f"m{number}") for number in range(60)))))


def test_model_folders_are_opened_from_the_menu():
    assert "before model folders" not in [each.key for each in entry(menu_for(serving()), "config").entries]
    line, *opened = entry(menu_for(serving(), model_folders=("~/models", "/mnt/" + "x" * 60)), "config").entries[-3:]
    assert isinstance(line, Separator)
    assert [(item.label, item.action) for item in opened] == [
        ("Open ~/models", OpenFolder("~/models")),
        ("Open /mnt/" + "x" * 42 + "…", OpenFolder("/mnt/" + "x" * 60)),
    ]


def test_about_says_what_it_is_and_shows_licences_where_they_are():
    from_source = entry(menu_for(serving(), version="1.2", build="from source, Python 3.11"), "about").entries
    assert [one.label for one in from_source] == [
        "llama-swap Desktop 1.2", "from source, Python 3.11", "MIT licence; on Windows with pystray (LGPL)",
        "Collect diagnostics",
    ]  # fmt: skip
    built = entry(menu_for(serving(), has_licences=True), "about", "licences")
    assert (built.label, built.action) == ("Licences of its parts", Local.SHOW_LICENCES)
