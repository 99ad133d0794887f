"""Where the loop leaves bytes for something that may block: a terminal that stands still, a disk that has died.

One thread per outbox carries them on.  The loop's side is an append to a deque; the thread collects what has come for
a moment and passes it on in one piece, because waking a thread for every line costs the loop more than the line
(they share one interpreter lock).  Each side writes its own counter and only reads the other's, so there is no lock.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from llamaswap_desktop.logs.log import dropped_line

_log = logging.getLogger("llamaswap_desktop.logs")

Deliver = Callable[[str, bytes], None]
"""Passes on bytes that belong to a log of that name; may block and may raise ``OSError``."""

_BOUND_BYTES: Final = 4 * 1024 * 1024
_COLLECT_S: Final = 0.02
_RETRY_S: Final = 30.0


class Outbox:
    """A bounded queue with a thread behind it.  What does not fit is dropped and marked, and nobody waits."""

    def __init__(
        self, name: str, deliver: Deliver, *, bound_bytes: int = _BOUND_BYTES, retry_s: float = _RETRY_S
    ) -> None:
        self._name = name
        self._deliver = deliver
        self._bound_bytes = bound_bytes
        self._retry_s = retry_s
        self._queue: deque[tuple[str, bytes]] = deque()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._dropped: dict[str, int] = {}  # by put
        self._lost: dict[str, int] = {}  # by the thread
        self._is_failing = False
        self._has_work = threading.Event()
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, log_name: str, data: bytes) -> None:
        """Leave ``data`` to be delivered soon; called on one thread only, and never blocks."""
        if self._is_closing.is_set():
            return
        if self._put_bytes - self._taken_bytes + len(data) > self._bound_bytes:
            self._dropped[log_name] = self._dropped.get(log_name, 0) + len(data)
            return
        if self._dropped and (dropped := self._dropped.pop(log_name, 0)):
            data = dropped_line(dropped) + data
        self._put_bytes += len(data)
        self._queue.append((log_name, data))
        if not self._has_work.is_set():
            self._has_work.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Deliver what is left, for ``timeout_s`` at most; return whether all of it went out."""
        self._is_closing.set()
        self._has_work.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._has_work.wait()
            self._is_closing.wait(_COLLECT_S)
            self._has_work.clear()
            for log_name, pieces in self._collect().items():
                self._pass_on(log_name, pieces)
            if self._is_closing.is_set() and not self._queue:
                return

    def _collect(self) -> dict[str, list[bytes]]:
        batch: dict[str, list[bytes]] = {}
        while self._queue:
            log_name, data = self._queue.popleft()
            batch.setdefault(log_name, []).append(data)
        return batch

    def _pass_on(self, log_name: str, pieces: Sequence[bytes]) -> None:
        data = b"".join(pieces)
        lost = self._lost.pop(log_name, 0)
        try:
            self._deliver(log_name, dropped_line(lost) + data if lost else data)
            self._is_failing = False
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            self._lost[log_name] = lost + len(data)
            self._rest_after(error)
        finally:
            self._taken_bytes += len(data)

    def _rest_after(self, error: Exception) -> None:
        """Say it once, then let the queue fill and drop until it is worth trying again."""
        if not self._is_failing:
            _log.warning("%s: %s; until it works again its lines are dropped", self._name, error)
        self._is_failing = True
        self._is_closing.wait(self._retry_s)
