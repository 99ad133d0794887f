"""A model that fails to start again and again is left alone for a while (runtime specification, section 14.10)."""

import math

from llamaswap_desktop.config import Retry
from llamaswap_desktop.errors import LlamaSwapError, StartsPaused

_LONGEST_EXPONENT = 30


class BackOff:
    """Counts one model's failed starts in a row, and says until when nobody is to try again.

    A start that succeeds, a changed definition or somebody who insists begins with a new one.

    The pause is 1 s after failure number ``retry.failures`` and doubles with each further one up to
    ``retry.maxPause``.
    """

    __slots__ = ("_failures", "_last", "_until")

    def __init__(self) -> None:
        self._failures = 0
        self._until = -math.inf
        self._last: LlamaSwapError | None = None

    def failed(self, error: LlamaSwapError, now: float, retry: Retry) -> LlamaSwapError:
        """Note one more failure; return what those who waited for the start are told."""
        self._failures += 1
        self._last = error
        if not retry.failures or self._failures < retry.failures:
            return error
        exponent = min(self._failures - retry.failures, _LONGEST_EXPONENT)
        self._until = now + min(2.0**exponent, retry.max_pause_s)
        return self.refusal(now) or error

    def refusal(self, now: float) -> StartsPaused | None:
        """Return what a request is told during a pause, None when there is none."""
        if now >= self._until or self._last is None:
            return None
        return StartsPaused(self._last, math.ceil(self._until - now))
