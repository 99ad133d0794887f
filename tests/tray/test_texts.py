"""What the tray says, whatever models are called."""

import pytest

from llamaswap_desktop.snapshot import ModelSnapshot, PauseSnapshot, Snapshot, WaitingSnapshot
from llamaswap_desktop.tray import texts
from llamaswap_desktop.types import ModelId, Phase, ProcessState

READY, STARTING = ProcessState.READY, ProcessState.STARTING
STOPPED, STOPPING = ProcessState.STOPPED, ProcessState.STOPPING


def model(name="m", state=STOPPED, **facts) -> ModelSnapshot:
    return ModelSnapshot(id=ModelId(name), name=name, state=state, **facts)


def serving(*models, **facts) -> Snapshot:
    return Snapshot(phase=Phase.SERVING, address="http://127.0.0.1:9292", models=models, **facts)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("qwen3_8b", "qwen3_8b"),
        ("R&D model", "R&D model"),
        ("a\tb\nc\x07d", "a b c d"),
        ("  spaced   out ", "spaced out"),
        ("🦙 llama", "🦙 llama"),
        ("x" * 200, "x" * 47 + "…"),
        ("\u2028", "\u2028"),
        ("عربي", "\u2068عربي\u2069"),
        ("model-עברית", "\u2068model-עברית\u2069"),
    ],
)
def test_name(name, shown):
    expected = shown if shown.strip() else "unnamed"
    assert texts.model_name(model(name)) == expected


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (model(), "m"),
        (model(state=STARTING, waiting=1), "m  ·  starting…"),
        (model(state=STOPPING), "m  ·  stopping…"),
        (model(state=STOPPING, waiting=2), "m  ·  stopping…"),
        (model(waiting=1), "m  ·  waiting…"),
        (model(state=READY), "m"),
        (model(state=READY, memory_bytes=642 * 1024**2), "m  ·  642 MiB"),
        (model(state=READY, memory_bytes=4_400_000_000, in_flight=2), "m  ·  4.1 GiB  ·  answering 2"),
        (model(problem="exited with code 1\nafter 0.4 s"), "m  ·  failed: exited with code 1 after 0.4 s"),
        (
            model(problem="upstream command exited prematurely: model 'm' exited with code 7 after 0.4 s"),
            "m  ·  failed: exited with code 7 after 0.4 s",
        ),
        (model(problem="failed to start command 'x'"), "m  ·  failed to start command 'x'"),
        (model(problem="old", state=STARTING), "m  ·  starting…"),
        (model(problem="p" * 300), "m  ·  failed: " + "p" * 71 + "…"),
    ],
)
def test_model_line(given, line):
    assert texts.model_line(given) == line


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        (Snapshot(), "Starting…"),
        (serving(), "No model is loaded"),
        (serving(model()), "No model is loaded"),
        (serving(model(state=READY)), "m is loaded"),
        (serving(model("a", READY), model("b", READY)), "2 models are loaded"),
        (serving(model("a", READY), model("b", STARTING)), "Loading b…"),
        (serving(model("a", STARTING), model("b", waiting=1)), "Loading 2 models…"),
        (serving(model(problem="no")), "m failed"),
        (serving(model("a", READY), model("b", problem="no")), "a is loaded"),
        (serving(paused=PauseSnapshot(None)), "Paused: no model is loaded until you resume"),
        (serving(paused=PauseSnapshot(60)), "Paused for a while"),
        (serving(paused=PauseSnapshot(None, "game.exe\n" + "x" * 90)), "Paused for game.exe " + "x" * 38 + "…"),
        (Snapshot(phase=Phase.STOPPING), "Stopping…"),
        (Snapshot(phase=Phase.STOPPED), "Stopped"),
        (Snapshot(phase=Phase.STOPPED, problems=("the port is in use",)), "Cannot serve"),
    ],
)
def test_status_line(snapshot, line):
    assert texts.status_line(snapshot) == line


def test_problems_are_wrapped_for_a_menu_and_whole():
    problem = "cannot serve on 127.0.0.1:9292: the port is in use by python3 (pid 4711); " * 2
    lines = texts.problem_lines(Snapshot(phase=Phase.STOPPED, problems=(problem,)))
    assert all(len(line) <= texts.PROBLEM_LIMIT for line in lines)
    assert " ".join(lines) == problem.strip()


def test_remarks_of_a_program_that_serves_are_in_the_menu_only():
    assert texts.problem_lines(serving(problems=("unknown key",))) == ("unknown key",)
    assert "unknown key" not in texts.tooltip(serving(problems=("unknown key",)))
    assert "something went wrong" in texts.tooltip(serving(troubles=("something went wrong inside",)))


def test_tooltip_tells_state_address_and_last_error():
    told = texts.tooltip(serving(model("a", READY), model("b", problem="no such file")))
    assert told.split("\n") == ["llama-swap Desktop: a is loaded", "http://127.0.0.1:9292", "b: no such file"]


def test_tooltip_is_bounded():
    told = texts.tooltip(serving(*(model(f"{number}" * 50, problem="p" * 100) for number in range(5))))
    assert len(told) == texts.TOOLTIP_LIMIT
    assert told.endswith("…")


def test_status_tells_pause_and_memory():
    loaded = serving(model("a", READY, memory_bytes=3 * 2**30), model("b", READY, memory_bytes=2**30))
    assert texts.status_line(loaded) == "2 models are loaded  ·  4.0 GiB"
    assert texts.status_line(serving(paused=PauseSnapshot(None))) == "Paused: no model is loaded until you resume"
    assert texts.status_line(serving(paused=PauseSnapshot(9.0))) == "Paused for a while"


def test_tooltip_says_what_is_waited_for():
    waiting = WaitingSnapshot(ModelId("m"), 14.0, 1, "waiting 14 s: qwen is answering 1 request; then load m")
    lines = texts.tooltip(serving(model(waiting=1), waiting=(waiting,))).split("\n")
    assert lines == ["llama-swap Desktop: Loading m…", waiting.sentence, "http://127.0.0.1:9292"]


def test_line_below_the_status_says_where_and_by_which_profile():
    assert texts.address_line(serving(profile="work")) == "http://127.0.0.1:9292  ·  profile work"
    assert texts.address_line(Snapshot()) == "Not serving"


def test_pins_and_processes_that_cannot_be_ended_are_told():
    assert texts.model_line(model(is_pinned=True, is_stuck=True)) == "m  ·  pinned  ·  cannot be ended"
