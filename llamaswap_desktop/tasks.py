"""The one way to start a background task: it has a name, it is kept alive, and its failure is logged.

Beside it, what is set off later.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Protocol

_log = logging.getLogger("llamaswap_desktop")
_running: set[asyncio.Task[object]] = set()
# asyncio holds tasks weakly: one that nobody else refers to can vanish in mid-flight.


class Timer(Protocol):
    """What ``call_later`` returns."""

    def cancel(self) -> None:
        """Have it not happen."""


def spawn(name: str, coroutine: Coroutine[object, object, object]) -> asyncio.Task[object]:
    """Run ``coroutine`` as a task called ``name``; an exception nobody awaits is logged with its traceback."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    _running.add(task)
    task.add_done_callback(_finished)
    return task


def running() -> list[str]:
    """Return the names of this loop's tasks that have not ended; when it ends there should be none."""
    loop = asyncio.get_running_loop()
    return sorted(task.get_name() for task in tuple(_running) if task.get_loop() is loop)


def _finished(task: asyncio.Task[object]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %r failed", task.get_name(), exc_info=error)
