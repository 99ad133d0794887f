"""Whoever is to be shown the picture of now: soon after each change, and not more often than anybody can look."""

import asyncio
from collections.abc import Callable

from llamaswap_desktop.snapshot import Snapshot

_INTERVAL_S = 0.1


class Watchers:
    """Calls each watcher with a fresh snapshot, at most ten times a second; ``take`` takes one."""

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self._take = take
        self._watchers: list[Callable[[Snapshot], None]] = []
        self._due: asyncio.TimerHandle | None = None

    def watch(self, watcher: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Show ``watcher`` the picture of now and each later one; the result ends that."""
        self._watchers.append(watcher)
        watcher(self._take())
        return lambda: self._watchers.remove(watcher)

    def changed(self) -> None:
        """Know that something is different now."""
        if self._watchers and self._due is None:
            self._due = asyncio.get_running_loop().call_later(_INTERVAL_S, self._show)

    def close(self) -> None:
        """Show what is due at once."""
        if self._due is not None:
            self._due.cancel()
            self._show()

    def _show(self) -> None:
        self._due = None
        snapshot = self._take()
        for watcher in tuple(self._watchers):
            watcher(snapshot)
