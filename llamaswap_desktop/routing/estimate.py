"""How long things will take, judged by how long they took."""

import math
from collections import deque
from collections.abc import Iterable

_REMEMBERED = 5
UNKNOWN_LOAD_S = 10.0
"""Assumed for a model that has never been loaded."""


class LoadTimes:
    """The seconds that the last few loads of one model took, from its start to ready."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """Remember one more load."""
        self._seconds.append(seconds)

    def usual_s(self) -> float | None:
        """Return the median, or None before the first load."""
        return sorted(self._seconds)[len(self._seconds) // 2] if self._seconds else None


def retry_after_s(loads: Iterable[LoadTimes]) -> int:
    """Return in how many whole seconds, at least 1, these loads can be over if they come one after the other."""
    known = (times.usual_s() for times in loads)
    return max(1, math.ceil(sum(UNKNOWN_LOAD_S if seconds is None else seconds for seconds in known)))
