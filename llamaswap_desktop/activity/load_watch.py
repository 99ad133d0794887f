"""Learns from the core's facts which loads and unloads there were, and what each of them cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from llamaswap_desktop.activity.loads import LoadEntry, LoadKind
from llamaswap_desktop.events import Event, LoadDecided, ProcessDied, ProcessStateChanged, StartFailed, StopDecided
from llamaswap_desktop.types import ModelId, ProcessState


@dataclass(frozen=True, slots=True)
class _Begun:
    at: float
    evicted: tuple[ModelId, ...]


class LoadWatch:
    """Tells ``remember`` of every load and unload when it is over; ``on_event`` is to be given every fact.

    ``clock`` measures, ``wall`` says when it was.
    """

    def __init__(
        self,
        remember: Callable[[LoadEntry], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._remember = remember
        self._clock = clock
        self._wall = wall
        self._begun: dict[ModelId, _Begun] = {}
        self._loaded: set[ModelId] = set()
        self._why: dict[ModelId, str] = {}

    def on_event(self, event: Event) -> None:
        """Take note of a fact."""
        match event:
            case LoadDecided(model, evicted):
                self._begun[model] = _Begun(self._clock(), evicted)
                self._why.pop(model, None)
            case StopDecided(model, reason):
                self._why[model] = reason.value
            case ProcessDied(model, detail):
                self._why[model] = detail
            case StartFailed(model, detail):
                self._load_ended(model, LoadKind.FAILED, detail)
            case ProcessStateChanged(model, _, ProcessState.READY):
                self._loaded.add(model)
                self._load_ended(model, LoadKind.LOADED)
            case ProcessStateChanged(model, _, ProcessState.STOPPED | ProcessState.SHUTDOWN):
                self._stopped(model)
            case _:
                pass

    def _load_ended(self, model: ModelId, kind: LoadKind, reason: str = "") -> None:
        begun = self._begun.pop(model, None)
        if begun is not None:
            took_s = self._clock() - begun.at
            self._remember(LoadEntry(self._wall(), model, kind, took_s, begun.evicted, reason))

    def _stopped(self, model: ModelId) -> None:
        """Tell the end of a ready model from that of a start that was called off; a failed one says so itself."""
        why = self._why.pop(model, "")
        if model in self._loaded:
            self._loaded.discard(model)
            self._remember(LoadEntry(self._wall(), model, LoadKind.UNLOADED, reason=why))
        elif why:
            self._load_ended(model, LoadKind.CANCELLED, why)
