"""No tray: the program runs where there is no desktop, and says how to reach it."""

import sys
import threading

from llamaswap_desktop.snapshot import Snapshot

_WINDOWS_LOOK_S = 1.0


class NullTray:
    """Shows nothing and waits for the end."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def show(self, snapshot: Snapshot) -> None:
        pass

    def run(self) -> None:
        # Signal handlers run on this thread only; on Windows nothing but a timeout wakes it up for them.
        while not self._stopped.wait(_WINDOWS_LOOK_S if sys.platform == "win32" else None):
            pass

    def stop(self) -> None:
        self._stopped.set()
