"""Pause: everything is unloaded, and nothing is loaded until it is over (HTTP specification, section 31)."""

from llamaswap_desktop.errors import ModelsPaused
from llamaswap_desktop.routing.alphabet import Pause
from llamaswap_desktop.routing.loading import Loading
from llamaswap_desktop.routing.state import Pausing, State
from llamaswap_desktop.routing.unloading import Unloads
from llamaswap_desktop.types import StopReason


class Pauses:
    """Begins and ends pauses; what they do to requests in between is for ``decide``."""

    def __init__(self, state: State, loading: Loading, unloads: Unloads) -> None:
        self._state = state
        self._loading = loading
        self._unloads = unloads

    def pause(self, event: Pause) -> None:
        """Unload all models at once, busy or not; a second pause replaces the first."""
        state = self._state
        state.pausing = Pausing(event.until, event.holds)
        everybody = frozenset(state.models)
        if event.holds:
            for load in list(state.loads):
                self._loading.dissolve(load)
            self._unloads.clear(event.ticket, everybody, StopReason.UNLOADED)
        else:
            self._unloads.unload(
                event.ticket, everybody, StopReason.UNLOADED, lambda: ModelsPaused(state.rest_of_pause_s())
            )
        if event.until is not None:
            state.wake_by(event.until)

    def resume(self) -> None:
        """End the pause; safe to repeat."""
        self._state.pausing = None
        self._state.is_look_due = True

    def on_tick(self) -> None:
        """End a pause whose time is over."""
        pausing = self._state.pausing
        if pausing is not None and pausing.until is not None:
            if self._state.now >= pausing.until:
                self.resume()
            else:
                self._state.wake_by(pausing.until)
