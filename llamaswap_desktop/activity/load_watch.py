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
        self._loaded: dict[ModelId, str] = {}
        """Why each ready model has to leave, empty while nothing makes it."""

    def on_event(self, event: Event) -> None:
        """Take note of a fact."""
        match event:
            case LoadDecided(model, evicted):
                self._begun[model] = _Begun(self._clock(), evicted)
            case StopDecided(model, reason):
                if model in self._loaded:
                    self._loaded[model] = reason.value
                else:
                    self._load_ended(model, LoadKind.CANCELLED, reason.value)
            case StartFailed(model, detail):
                self._load_ended(model, LoadKind.FAILED, detail)
            case ProcessStateChanged(model, _, ProcessState.READY):
                self._loaded[model] = ""
                self._load_ended(model, LoadKind.LOADED)
            case ProcessStateChanged(model, ProcessState.STOPPING, ProcessState.STOPPED):
                self._left(model, self._loaded.get(model, ""))
            case ProcessDied(model, detail):
                self._left(model, detail)
            case _:
                pass

    def _load_ended(self, model: ModelId, kind: LoadKind, reason: str = "") -> None:
        begun = self._begun.pop(model, None)
        if begun is not None:
            took_s = self._clock() - begun.at
            self._remember(LoadEntry(self._wall(), model, kind, took_s, begun.evicted, reason))

    def _left(self, model: ModelId, reason: str) -> None:
        if model in self._loaded:
            del self._loaded[model]
            self._remember(LoadEntry(self._wall(), model, LoadKind.UNLOADED, reason=reason))
