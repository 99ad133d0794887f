"""Unloading on demand: one model, several, all, for a pause or for good (runtime specification, section 3.8)."""

from collections.abc import Callable, Iterable

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.routing.alphabet import Ticket, Unloaded
from llamaswap_desktop.routing.loading import Loading
from llamaswap_desktop.routing.records import Closed, Model, Unloading
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ModelId, ProcessState, StopReason


class Unloads:
    """Stops the models named, busy or not, those with the shortest grace first, and tells when they are gone."""

    def __init__(self, state: State, loading: Loading) -> None:
        self._state = state
        self._loading = loading

    def unload(
        self, ticket: Ticket, named: Iterable[ModelId], reason: StopReason, error: Callable[[], LlamaSwapError]
    ) -> None:
        """Answer whoever waits for these models with ``error``, bar them, and stop them."""
        names = frozenset(named)
        for model in self._known(names):
            if model.load is not None:
                self._loading.cancel(model.load, error)
        for request in self._state.queue:
            if request.model.id in names:
                self._state.dequeue(request)
                self._state.reject(request, error())
        self.clear(ticket, names, reason)

    def clear(self, ticket: Ticket, named: frozenset[ModelId], reason: StopReason) -> None:
        """Bar these models, of which none is being loaded, and stop them."""
        models = self._known(named)
        for model in models:
            model.wants_restart = False
        unloading = Unloading(ticket, reason, named, _batches(models, at_once=reason is StopReason.SHUTDOWN))
        self._state.unloadings.append(unloading)
        self._go_on(unloading)

    def has_left(self, model: Model) -> None:
        """Take every unloading further that waited for the model to be gone."""
        for unloading in list(self._state.unloadings):
            if model.id in unloading.leaving:
                unloading.leaving.discard(model.id)
                self._go_on(unloading)

    def _known(self, named: Iterable[ModelId]) -> list[Model]:
        return [self._state.models[model] for model in sorted(named) if model in self._state.models]

    def _go_on(self, unloading: Unloading) -> None:
        while not unloading.leaving:
            if not unloading.batches:
                self._state.unloadings.remove(unloading)
                self._state.effects.append(Unloaded(unloading.ticket))
                self._state.is_look_due = True
                return
            for model in unloading.batches.pop(0):
                if self._is_sent_away(model, unloading.reason):
                    unloading.leaving.add(model.id)

    def _is_sent_away(self, model: Model, reason: StopReason) -> bool:
        """Have the model stopped if it runs; tell whether there is anything to wait for."""
        match model.state:
            case ProcessState.READY:
                self._state.order_stop(model, reason)
            case ProcessState.STARTING:
                self._state.order_abort(model, reason)
            case ProcessState.STOPPING:
                return model.closed is not Closed.STUCK
            case _:
                return False
        return True


def _batches(models: Iterable[Model], *, at_once: bool) -> list[list[Model]]:
    """Put models of equal grace together, the shortest first, so that a slow giant never delays the quick ones."""
    by_grace: dict[float, list[Model]] = {}
    for model in models:
        by_grace.setdefault(0.0 if at_once else model.rules.unload_timeout_s, []).append(model)
    return [by_grace[grace] for grace in sorted(by_grace)]
