"""How long the computer has slept: what no process could notice by itself."""

import sys
import time

if sys.platform == "linux":
    from time import CLOCK_BOOTTIME, CLOCK_MONOTONIC, clock_gettime

    def slept_s() -> float:
        """Return the seconds that this computer has been suspended since it was started."""
        return clock_gettime(CLOCK_BOOTTIME) - clock_gettime(CLOCK_MONOTONIC)

elif sys.platform == "win32":
    import ctypes

    def slept_s() -> float:
        """Return the seconds that this computer has been suspended since it was started."""
        awake = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(awake))
        return time.monotonic() - awake.value / 1e7

else:

    def slept_s() -> float:
        """Return 0: this system does not tell."""
        return 0.0


NOTICED_S = 2.0
"""Less than this is the clocks' own drift."""


class SleepWatch:
    """Tells once after each sleep; asking costs under a microsecond."""

    def __init__(self) -> None:
        self._slept_s = slept_s()

    def has_slept(self) -> bool:
        """Tell whether the computer has slept since the last time somebody asked."""
        before, self._slept_s = self._slept_s, slept_s()
        return self._slept_s - before > NOTICED_S
