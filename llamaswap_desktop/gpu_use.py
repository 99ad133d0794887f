"""Whether other programs want the GPU: a rule over what the monitor's samples tell of them."""

from collections.abc import Iterable
from dataclasses import dataclass

_BEGIN_S = 8.0
"""So long the GPU has to be in use: opening a window or a video takes it for a moment, and nobody should notice."""

_END_S = 25.0
"""So long it has to be free: between two scenes a game or a renderer rests."""


@dataclass(frozen=True, slots=True)
class GpuUse:
    """What programs other than our models use of one GPU; None where it cannot be told apart.

    Drivers tell the use in percent of the device as a whole only, so it is that of others while no model is at work.
    """

    percent: float | None
    memory_mib: int | None


class GpuRule:
    """Decides, look by look; pure.  ``now_s`` is any steady clock."""

    def __init__(self) -> None:
        self._is_wanted = False
        self._differs_since: float | None = None

    def is_wanted(self, uses: Iterable[GpuUse], now_s: float, *, percent: int, memory_mib: int) -> bool:
        """Return whether others use more than ``percent`` or ``memory_mib`` of any GPU; 0 is no limit.

        The word changes when the opposite has held for a while; what cannot be told changes nothing.
        """
        over = _is_over(uses, percent, memory_mib)
        if over is None or over is self._is_wanted:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now_s
        elif now_s - self._differs_since >= (_BEGIN_S if over else _END_S):
            self._is_wanted, self._differs_since = over, None
        return self._is_wanted


def _is_over(uses: Iterable[GpuUse], percent: int, memory_mib: int) -> bool | None:
    """Return whether any figure is above its limit; None if none is, but one that is limited cannot be told."""
    figures = [
        (figure, limit)
        for use in uses
        for figure, limit in ((use.percent, percent), (use.memory_mib, memory_mib))
        if limit
    ]
    if any(figure is not None and figure > limit for figure, limit in figures):
        return True
    return None if any(figure is None for figure, _ in figures) else False
