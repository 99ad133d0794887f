"""Idle models are unloaded after their ``ttl`` (runtime specification, sections 2.7 and 14.12)."""

from llamaswap_desktop.routing.records import Model
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ProcessState, StopReason

_LOOK_AGAIN_S = 1.0
"""How often it is looked whether those who wait for a model that should go have given up."""


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
        if self._is_idle(model):
            self._state.wake_by(max(self._state.now, model.idle_since + model.rules.ttl_s))

    def on_tick(self) -> None:
        """Stop those whose time has come, unless somebody waits to use them."""
        now = self._state.now
        for model in self._state.running_models():
            if not self._is_idle(model):
                continue
            due = model.idle_since + model.rules.ttl_s
            if now < due:
                self._state.wake_by(due)
            elif model.reserved:
                self._state.wake_by(now + _LOOK_AGAIN_S)
            else:
                self._state.order_stop(model, StopReason.IDLE)

    def due(self, model: Model) -> float | None:
        """Return when the model will be stopped if nobody asks for it, None while its clock does not run."""
        return model.idle_since + model.rules.ttl_s if self._is_idle(model) else None

    def _is_idle(self, model: Model) -> bool:
        """Tell whether the clock runs for the model; what ends that otherwise starts it again."""
        return (
            model.rules.ttl_s > 0
            and model.state is ProcessState.READY
            and model.in_flight == 0
            and not model.is_pinned
            and model.load is None
            and not self._state.is_barred(model)
        )
