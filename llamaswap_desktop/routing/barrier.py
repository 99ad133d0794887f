"""The bound on waiting: whoever has waited too long gets a barrier (runtime specification, section 14.1).

Without it, steady traffic for a ready model could keep it busy for ever, and with it everybody who needs it gone.
While a barrier stands, nobody takes the fast path who has to leave for the one behind it, and nobody is loaded who
would have to.  It falls by itself when that one is loaded or gives up.
"""

from llamaswap_desktop.routing.advice import Advice
from llamaswap_desktop.routing.records import Model
from llamaswap_desktop.routing.state import State


class Barrier:
    """Tells who is held back, from the queue and the time alone."""

    def __init__(self, state: State, advice: Advice) -> None:
        self._state = state
        self._advice = advice
        self._overdue: list[Model] = []
        self._overdue_at = (0, 0.0)
        """The queue's revision and the time for which that holds: a look asks once for each model in the queue."""

    def is_raised(self) -> bool:
        """Tell whether anybody has waited too long."""
        max_wait_s = self._state.fifo.max_wait_s
        oldest = self._state.queue.oldest() if max_wait_s else None
        return oldest is not None and self._state.now - oldest.arrived >= max_wait_s

    def first_before(self, model: Model) -> Model | None:
        """Return a model that has waited too long, and longer than ``model``, and to which ``model`` must yield."""
        for other in self._longest_first():
            if other is model:
                return None
            if self._must_yield(model, other):
                return other
        return None

    def _longest_first(self) -> list[Model]:
        """Return the models that have waited too long, the longest first."""
        state = self._state
        if self._overdue_at != (state.queue.revision, state.now):
            latest = state.now - state.fifo.max_wait_s
            late = [request for request in state.queue if request.arrived <= latest]
            late.sort(key=lambda request: request.number)
            self._overdue = list(dict.fromkeys(request.model for request in late))
            self._overdue_at = (state.queue.revision, state.now)
        return self._overdue

    def _must_yield(self, model: Model, overdue: Model) -> bool:
        if model.id in self._state.running:
            return model.id in self._advice.plan_for(overdue).victims
        return model.id in self._advice.victims_among(overdue, {*self._state.running, model.id})
