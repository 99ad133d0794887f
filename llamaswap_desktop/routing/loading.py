"""Carrying out a load: the victims leave, then the target starts (runtime specification, section 3.4)."""

from collections.abc import Callable

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.routing.alphabet import LoadBegun, Start
from llamaswap_desktop.routing.idleness import Idleness
from llamaswap_desktop.routing.records import Load, Model, Request
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ModelId, ProcessState, StopReason


class Loading:
    """Begins loads, takes them further as processes leave, and ends them in one of four ways."""

    def __init__(self, state: State, idleness: Idleness) -> None:
        self._state = state
        self._idleness = idleness

    def begin(self, model: Model, victims: frozenset[ModelId], reason: str) -> Load:
        """Decide on a load; its first waiter may be added before anything can come of it but a start."""
        state = self._state
        state.effects.append(LoadBegun(model.id, victims, state.running, reason))
        load = Load(model, victims, leaving=set(victims))
        model.load = load
        model.wants_restart = False
        state.loads.append(load)
        for victim in (state.models[victim] for victim in sorted(victims)):
            if victim.state is ProcessState.READY:
                state.order_stop(victim, StopReason.EVICTED)
        if model.state is ProcessState.STOPPING:
            load.leaving.add(model.id)
        state.running_changed()
        self._start_if_clear(load)
        return load

    def wait(self, request: Request, load: Load) -> None:
        """Make the request one of those who are granted together when the load is done."""
        request.load = load
        load.waiters.append(request)

    def has_left(self, model: Model) -> None:
        """Take every load further that waited for the model to be gone."""
        for load in list(self._state.loads):
            if model.id in load.leaving:
                load.leaving.discard(model.id)
                self._start_if_clear(load)

    def _start_if_clear(self, load: Load) -> None:
        if load.leaving:
            return
        model = load.target
        if model.state is ProcessState.READY:
            self.succeed(load)  # it ran all along, only its victims had to go
            return
        model.state = ProcessState.STARTING
        load.started_at = self._state.now
        self._state.effects.append(Start(self._state.new_order(model), model.id))

    def succeed(self, load: Load) -> None:
        """Grant all who wait."""
        self._end(load)
        for request in load.waiters:
            self._state.grant(request)
        if load.target.in_flight == 0:
            self._idleness.fell_idle(load.target)

    def cancel(self, load: Load, error: Callable[[], LlamaSwapError]) -> None:
        """Tell all who wait that it has come to nothing; what has been ordered already is the caller's to mend."""
        self._end(load)
        for request in load.waiters:
            self._state.reject(request, error())

    def dissolve(self, load: Load) -> None:
        """Put all who wait back into the queue, at their old places, to be decided on again."""
        self._end(load)
        for request in load.waiters:
            request.load = None
            self._state.enqueue(request)

    def acquit(self, load: Load) -> None:
        """Let the load's victims be loaded again before it is done: they have left under rules that hold no more."""
        load.victims = frozenset()

    def _end(self, load: Load) -> None:
        state = self._state
        state.loads.remove(load)
        load.target.load = None
        state.running_changed()
        state.is_look_due = True
