"""Loads and unloads out of the core's facts."""

import pytest

from llamaswap_desktop.activity.load_watch import LoadWatch
from llamaswap_desktop.activity.loads import LoadEntry, LoadKind
from llamaswap_desktop.events import LoadDecided, ProcessDied, ProcessStateChanged, StartFailed, StopDecided
from llamaswap_desktop.types import ModelId, ProcessState, StopReason

A, B = ModelId("a"), ModelId("b")
STOPPED, STARTING, READY, STOPPING = (
    ProcessState.STOPPED, ProcessState.STARTING, ProcessState.READY, ProcessState.STOPPING,
)  # fmt: skip


class Seen:
    def __init__(self) -> None:
        self.now = 0.0
        self.entries = []
        self.watch = LoadWatch(self.entries.append, clock=lambda: self.now, wall=lambda: 1000 + self.now)

    def __call__(self, *events, at):
        self.now = at
        for event in events:
            self.watch.on_event(event)


@pytest.fixture
def seen():
    return Seen()


def test_load_counts_from_the_decision_and_names_who_left(seen):
    seen(LoadDecided(A, (B,)), at=1)
    seen(ProcessStateChanged(A, STOPPED, STARTING), at=4)
    seen(ProcessStateChanged(A, STARTING, READY), at=9)
    assert seen.entries == [LoadEntry(1009, A, LoadKind.LOADED, 8, (B,))]


def test_unload_knows_why(seen):
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STARTING, READY), at=1)
    seen(StopDecided(A, StopReason.IDLE), ProcessStateChanged(A, READY, STOPPING), at=5)
    seen(ProcessStateChanged(A, STOPPING, STOPPED), at=6)
    assert seen.entries[1:] == [LoadEntry(1006, A, LoadKind.UNLOADED, reason="idle")]


def test_death_is_an_unload_with_its_obituary(seen):
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STARTING, READY), at=1)
    seen(ProcessStateChanged(A, READY, STOPPED), ProcessDied(A, "exited with code 1"), at=2)
    assert seen.entries[1].reason == "exited with code 1"
    assert seen.entries[1].kind is LoadKind.UNLOADED


def test_failure_is_told_once(seen):
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STOPPED, STARTING), at=1)
    seen(ProcessStateChanged(A, STARTING, STOPPED), StartFailed(A, "no such file"), at=3)
    assert seen.entries == [LoadEntry(1003, A, LoadKind.FAILED, 2, reason="no such file")]


def test_start_that_was_called_off(seen):
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STOPPED, STARTING), at=1)
    seen(StopDecided(A, StopReason.UNLOADED), ProcessStateChanged(A, STOPPING, STOPPED), at=3)
    assert seen.entries == [LoadEntry(1003, A, LoadKind.CANCELLED, 2, reason="unloaded")]


@pytest.mark.parametrize(("first", "ended"), [(READY, LoadKind.UNLOADED), (STARTING, LoadKind.CANCELLED)])
def test_load_decided_while_the_model_still_leaves_is_another(seen, first, ended):
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STOPPED, STARTING), at=1)
    if first is READY:
        seen(ProcessStateChanged(A, STARTING, READY), at=2)
    seen(StopDecided(A, StopReason.EVICTED), ProcessStateChanged(A, first, STOPPING), at=3)
    seen(LoadDecided(A, (B,)), at=4)
    seen(ProcessStateChanged(A, STOPPING, STOPPED), ProcessStateChanged(A, STOPPED, STARTING), at=5)
    seen(ProcessStateChanged(A, STARTING, READY), at=9)
    assert [(entry.kind, entry.reason) for entry in seen.entries[-2:]] == [(ended, "evicted"), (LoadKind.LOADED, "")]
    assert seen.entries[-1].took_s == 5


def test_what_was_called_off_does_not_colour_the_next_end(seen):
    seen(StopDecided(A, StopReason.UNLOADED), at=1)
    seen(LoadDecided(A, ()), ProcessStateChanged(A, STARTING, READY), at=2)
    seen(ProcessStateChanged(A, READY, STOPPING), ProcessStateChanged(A, STOPPING, STOPPED), at=3)
    assert seen.entries[-1] == LoadEntry(1003, A, LoadKind.UNLOADED)
