"""The one thread that touches the store: work goes in by a queue, results come home to the event loop.

Batches and questions stand in one queue, so a question sees everything that was posted before it, and nobody needs a
lock.  ``stop`` is work too: what was posted before it is done first.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from llamaswap_desktop.activity.loads import LoadEntry
from llamaswap_desktop.activity.records import Batch
from llamaswap_desktop.activity.store import Store

_log = logging.getLogger("llamaswap_desktop.activity")

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class _Question:
    ask: Callable[[Store], Any]
    answer: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class _Stop:
    done: "asyncio.Future[None]"


_Work = Batch | LoadEntry | _Question | _Stop


class WriterThread:
    """Runs a store.

    ``on_stored`` gets each batch with the ids it was given (none if it could not be remembered), ``on_problem`` the
    store's problem whenever that changes; both are called on the event loop.
    """

    def __init__(
        self,
        store: Store,
        *,
        on_stored: Callable[[Batch, Sequence[int]], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._store = store
        self._on_stored = on_stored
        self._on_problem = on_problem
        self._inbox: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="activity writer", daemon=True)
        self._known_problem = ""
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Open the store and begin to work; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def post(self, work: Batch | LoadEntry) -> None:
        """Have it remembered."""
        self._inbox.put(work)

    def ask(self, question: Callable[[Store], _Answer]) -> "asyncio.Future[_Answer]":
        """Have ``question`` asked after everything that was posted so far."""
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._inbox.put(_Question(question, answer))
        return answer

    async def stop(self, budget_s: float) -> None:
        """Finish what was posted, close the store and end the thread; raises ``TimeoutError`` if that takes longer.

        A thread that hangs in a dead disk is left to itself, and ends with the process.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.put(_Stop(done))
        async with asyncio.timeout(budget_s):
            await done
        self._thread.join()

    # -- on the thread

    def _run(self) -> None:
        self._guarded(self._store.open)
        while True:
            self._tell_problem()
            try:
                work = self._inbox.get(timeout=self._store.retry_in_s)
            except queue.Empty:
                self._guarded(self._store.retry)
                continue
            match work:
                case _Question(ask, answer):
                    self._answer(ask, answer)
                case LoadEntry():
                    self._guarded(partial(self._store.add_load, work))
                case _Stop(done):
                    self._guarded(self._store.close)
                    self._send_home(_settle, done, None, None)
                    return
                case _:
                    ids = self._guarded(partial(self._store.add, work))
                    self._send_home(self._on_stored, work, ids or ())

    def _answer(self, ask: Callable[[Store], Any], answer: "asyncio.Future[Any]") -> None:
        try:
            self._send_home(_settle, answer, ask(self._store), None)
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
            self._send_home(_settle, answer, None, error)

    def _guarded(self, act: Callable[[], _Answer]) -> _Answer | None:
        try:
            return act()
        except Exception:  # noqa: BLE001 - the thread outlives whatever happens to one piece of work
            _log.exception("the activity log stumbled")
            return None

    def _tell_problem(self) -> None:
        if self._store.problem != self._known_problem:
            self._known_problem = self._store.problem
            self._send_home(self._on_problem, self._known_problem)

    def _send_home(self, act: Callable[..., None], *arguments: object) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who would listen
            self._loop.call_soon_threadsafe(act, *arguments)


def _settle(future: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if future.done():  # whoever asked has left
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
