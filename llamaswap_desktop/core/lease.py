"""What a connection holds while it uses a model: a place in the waiting line, then the right to forward."""

import asyncio
from collections.abc import Callable

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.types import ModelId


class Lease:
    """The right to forward one request; while it is held the model is neither evicted nor unloaded for idleness.

    ``upstream`` is None if the model's process has gone since the grant.  ``waited_s`` and ``reason`` say how long the
    request had to wait and what for; ``priority`` is its place in the order of the queue, for the activity record.
    """

    __slots__ = ("_give_back", "model", "priority", "reason", "upstream", "waited_s")

    def __init__(
        self,
        model: ModelId,
        upstream: Upstream | None,
        give_back: Callable[[], None],
        waited_s: float = 0.0,
        reason: str = "",
        priority: int = 0,
    ) -> None:
        self.model = model
        self.upstream = upstream
        self.waited_s = waited_s
        self.reason = reason
        self.priority = priority
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Give the right back; safe to repeat."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


Settled = Callable[[Lease | LlamaSwapError], None]
"""Told once how the wait ended; never called after ``Waiting.release``."""


class Waiting:
    """A place among those who wait for a model; ``release`` leaves it, also when the grant is on its way already.

    ``position`` asks for the place in the queue, from 1, None while the model is being loaded.
    """

    __slots__ = ("_cancel", "_outcome", "_settled", "_waited", "model", "position")

    def __init__(
        self,
        model: ModelId,
        settled: Settled,
        *,
        cancel: Callable[[], None],
        position: Callable[[], int | None],
        waited: Callable[[], tuple[float, str]],
    ) -> None:
        self.model = model
        self.position = position
        self._settled: Settled | None = settled
        self._cancel = cancel
        self._waited = waited
        self._outcome: Lease | LlamaSwapError | None = None

    def waited(self) -> tuple[float, str]:
        """Return for how many seconds the request has waited, until it was settled or so far, and what for."""
        return self._waited()

    def settle(self, outcome: Lease | LlamaSwapError, waited_s: float, reason: str) -> None:
        """Note how the wait ended and say so on the next turn of the loop: a grant is posted, never awaited."""
        self._outcome = outcome
        self._waited = lambda: (waited_s, reason)
        asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        settled, self._settled = self._settled, None
        if settled is not None:
            assert self._outcome is not None
            settled(self._outcome)

    def release(self) -> None:
        """Leave the line; safe to repeat, and without effect once the outcome has been delivered."""
        if self._settled is None:
            return
        self._settled = None
        if self._outcome is None:
            self._cancel()
        elif isinstance(self._outcome, Lease):
            self._outcome.release()
