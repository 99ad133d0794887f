"""Notices that the sources of a configuration have changed (specification, section 14).

By looking every two seconds, so that container mounts and swapped symbolic links are noticed too.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from llamaswap_desktop.config.sources import Sources, is_config_name

_log = logging.getLogger(__name__)

INTERVAL_S = 2.0


class _Look(NamedTuple):
    """What a file shows from outside."""

    modified_ns: int
    size: int


class _Watch:
    """One source: how it looks, None while it is gone, and how it looked before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: object = None
        self._has_looked = False
        self._error = ""

    def has_changed(self) -> bool:
        """Look, and tell whether something is to be read anew: not the first time, and not for being gone."""
        try:
            now = self._look()
        except OSError as error:
            self._note(f"cannot look at {self._path}: {error.strerror or error}")
            return False
        self._error = ""
        is_change = self._has_looked and now is not None and now != self._before
        self._has_looked = True
        self._before = now
        return is_change

    def _note(self, error: str) -> None:
        """Log an error, but not again at every look."""
        if error != self._error:
            _log.warning("%s", error)
        self._error = error

    def _look(self) -> object:
        return _look_at(self._path)


class _DirectoryWatch(_Watch):
    def _look(self) -> object:
        """Return every configuration file with its look; None for a directory that is gone or has none."""
        try:
            names = os.listdir(self._path)  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return None
        looks = {name: _look_at(self._path / name) for name in names if is_config_name(name)}
        return {name: look for name, look in looks.items() if look} or None


def _look_at(path: Path) -> _Look | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _Look(found.st_mtime_ns, found.st_size)


class Watcher:
    """Watches the file and the directory of ``sources``, each for itself."""

    def __init__(self, sources: Sources) -> None:
        self._watches = [_Watch(sources.file)] if sources.file is not None else []
        if sources.directory is not None:
            self._watches.append(_DirectoryWatch(sources.directory))

    def look(self) -> bool:
        """Look once; return whether the sources are to be read anew.  The first look is the baseline."""
        changes = [watch.has_changed() for watch in self._watches]
        return any(changes)

    async def run(self, changed: Callable[[], None], pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Call ``changed`` after each look that found a change, until cancelled; ``pause`` waits between two looks.

        Look once before the configuration is read: then no change after that is missed.
        """
        while True:
            if self.look():
                changed()
            await pause(INTERVAL_S)
