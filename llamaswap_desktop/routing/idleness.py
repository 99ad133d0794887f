"""Idle models are unloaded after their ``ttl`` (runtime specification, sections 2.7 and 14.12)."""

from llamaswap_desktop.routing.records import Model
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ProcessState, StopReason


class Idleness:
    """Starts the idle clock, and stops whom it has run out for."""

    def __init__(self, state: State) -> None:
        self._state = state

    def fell_idle(self, model: Model) -> None:
        """Start the clock: at the later of becoming ready and the end of the last answer."""
        model.idle_since = self._state.now
        self.watch(model)

    def watch(self, model: Model) -> None:
        """See to it that somebody looks at the model when its time has come."""
        if self._may_be_unloaded(model):
            self._state.wake_by(max(self._state.now, model.idle_since + model.rules.ttl_s))

    def on_tick(self) -> None:
        """Stop those whose time has come."""
        for model in self._state.models.values():
            if self._may_be_unloaded(model):
                due = model.idle_since + model.rules.ttl_s
                if self._state.now >= due:
                    self._state.order_stop(model, StopReason.IDLE)
                else:
                    self._state.wake_by(due)

    def _may_be_unloaded(self, model: Model) -> bool:
        return (
            model.rules.ttl_s > 0
            and model.state is ProcessState.READY
            and model.in_flight == 0
            and not model.is_pinned
            and model.load is None
            and model.condemned_by is None
            and not self._state.is_barred(model)
        )
