"""A thread for probes that may block: a driver that hangs must stop neither the loop nor the end of the program.

Not an executor: the interpreter waits for an executor's threads when it ends.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")

_Job = Callable[[], None]


class Worker:
    """Runs one blocking call after the other on its own thread, which starts with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[[], Result]) -> Result:
        """Return what ``function`` returns, or raise what it raises.

        Cancelling this leaves a call that has begun to itself, and drops one that has not.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def job() -> None:
            if answer.cancelled():
                return
            try:
                result = function()
            except Exception as error:  # noqa: BLE001 - it is raised again where it was asked for
                _tell(loop, _fail, answer, error)
            else:
                _tell(loop, _succeed, answer, result)

        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        return await answer

    def close(self) -> None:
        """Let the thread end after the calls that it has; waits for nothing."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _tell(loop: asyncio.AbstractEventLoop, say: Callable[..., None], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(say, *arguments)
    except RuntimeError:  # the loop has ended meanwhile, and nobody wants to know
        return


def _succeed(answer: asyncio.Future[Result], result: Result) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Result], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
