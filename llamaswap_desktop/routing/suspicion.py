"""After a sleep of the computer no ready model is believed before it has passed its check again."""

from llamaswap_desktop.routing.alphabet import Check, Checked
from llamaswap_desktop.routing.idleness import Idleness
from llamaswap_desktop.routing.loading import Loading
from llamaswap_desktop.routing.records import Closed, Model
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ProcessState, StopReason


class Suspicion:
    """Closes ready models until they are checked; what they are answering goes on."""

    def __init__(self, state: State, loading: Loading, idleness: Idleness) -> None:
        self._state = state
        self._loading = loading
        self._idleness = idleness

    def woke(self) -> None:
        """Have every ready model checked."""
        for model in self._state.models.values():
            if model.state is ProcessState.READY and model.closed is not Closed.OUTDATED:
                if model.load is not None:
                    self._loading.dissolve(model.load)
                model.closed = Closed.UNCHECKED
                self._state.effects.append(Check(self._state.new_order(model), model.id))

    def checked(self, model: Model, report: Checked) -> None:
        """Open the model again, or stop it: the next request starts it anew."""
        if model.closed is not Closed.UNCHECKED:
            return
        model.closed = None
        self._state.is_look_due = True
        if report.is_healthy:
            self._idleness.watch(model)
        else:
            self._state.order_stop(model, StopReason.UNHEALTHY)
