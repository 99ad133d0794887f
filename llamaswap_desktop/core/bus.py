"""Facts travel by events: whoever cares subscribes, and nobody is asked."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

_Event = TypeVar("_Event")

_log = logging.getLogger("llamaswap_desktop.core")


class Bus(Generic[_Event]):
    """Tells every subscriber of every event, in order, at once; what one of them does wrong harms no other.

    A subscriber that passes events on to somebody slow keeps its own bounded queue (runtime, section 14.17).
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[_Event], None]] = []

    def subscribe(self, listener: Callable[[_Event], None]) -> Callable[[], None]:
        """Have ``listener`` told from now on; the result unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: _Event) -> None:
        """Tell everybody."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a mistake of a listener must not stop a model
                _log.exception("a subscriber failed at %r", event)
