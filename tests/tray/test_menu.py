"""The menu as a function of the snapshot."""

import pytest

from llamaswap_desktop.commands import LoadModel, Quit, UnloadAll, UnloadModel
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray.menu import Item, Local, Separator, Submenu, Tick, menu_for
from llamaswap_desktop.types import ModelId, Phase, ProcessState

ADDRESS = "http://127.0.0.1:9292"
READY, STARTING = ProcessState.READY, ProcessState.STARTING
STOPPED, STOPPING = ProcessState.STOPPED, ProcessState.STOPPING


def model(name="m", state=STOPPED, **facts) -> ModelSnapshot:
    return ModelSnapshot(id=ModelId(name), name=name, state=state, **facts)


def serving(*models) -> Snapshot:
    return Snapshot(phase=Phase.SERVING, address=ADDRESS, models=models)


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
        "status", "models", "free", "dashboard", "copy", "quit",
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
    assert [item.key for item in entry(menu, "models").entries] == ["b"]


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


def test_address_can_be_copied():
    item = entry(menu_for(serving()), "copy")
    assert item.action is Local.COPY_ADDRESS
    assert ADDRESS in item.label


def test_without_a_clipboard_the_menu_says_where_to_copy():
    item = entry(menu_for(serving(), can_copy=False), "copy")
    assert item.action is Local.OPEN_DASHBOARD
    assert item.label == f"Copy {ADDRESS} in the dashboard"


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING, Phase.STOPPED])
def test_nothing_that_needs_the_server_is_offered_without_it(phase):
    menu = menu_for(Snapshot(phase=phase, address=ADDRESS, models=(model(state=READY),)))
    assert [entry(menu, key).action for key in ("free", "dashboard", "copy")] == [None, None, None]


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
