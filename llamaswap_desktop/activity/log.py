"""The activity room's front door: the proxy reports here, and the web UI asks here.

Everything is called on the event loop.  A finished request is put aside; what has gathered goes to the writer's thread
after a while, or at once when somebody asks something, so that waking the thread costs a busy program nothing.

The while is 50 ms if there is a file to be written or a listener to be told.  Else nobody can know before he asks, and
a log in memory keeps the newest entries only: what has been pushed out by then need not be read, packed and inserted,
which takes 30 µs a request of the one interpreter lock.  It has had its id, as if it had been.  For the same reason
listeners to a log in memory wait longer in a flood: they are told of what is still there then.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from llamaswap_desktop.activity.captures import kept_bodies
from llamaswap_desktop.activity.gathered import Gathered
from llamaswap_desktop.activity.inflight import InflightList, Row
from llamaswap_desktop.activity.loads import LoadEntry, LoadsPage
from llamaswap_desktop.activity.observation import Observation
from llamaswap_desktop.activity.queries import EVERYTHING, Filter, PageQuery
from llamaswap_desktop.activity.records import Batch, Capture, Finished, Headers, Page, Settings, Stats
from llamaswap_desktop.activity.store import Store
from llamaswap_desktop.activity.tap import Tap
from llamaswap_desktop.activity.writer import WriterThread
from llamaswap_desktop.errors import ShuttingDown

_log = logging.getLogger("llamaswap_desktop.activity")

_HAND_OVER_AFTER_S = 0.05
_HAND_OVER_IN_A_FLOOD_S = 0.5
_FLOOD = 100
"""This many at one handing over, and the next one of a log in memory may wait."""

_MAX_GATHERED = 10_000
_MAX_GATHERED_BYTES = 4 * 1024 * 1024
_MAX_UNWRITTEN = 50_000
_MAX_UNWRITTEN_BYTES = 256 * 1024 * 1024

_MAX_CAPTURED_BYTES = 64 * 1024 * 1024
"""A body beyond this is not captured whole, whatever the budget: it would be held in memory while it passes."""

_LOSING = "activity log: requests end faster than they can be written, some are not recorded"

_Answer = TypeVar("_Answer")


class ActivityLog:
    """Remembers requests and answers questions about them.

    ``report`` is told, once, of what the user should know (the file cannot be written, entries were lost), and with an
    empty text when that is over.
    """

    def __init__(self, settings: Settings, *, report: Callable[[str], None]) -> None:
        self._report = report
        self._writer = WriterThread(Store(settings), on_stored=self._stored, on_problem=self._on_problem)
        self._gathered = Gathered()
        self._hand_over: asyncio.TimerHandle | None = None
        self._is_flooded = False
        self._posted = 0
        self._posted_bytes = 0
        self._is_losing = False
        self._problem = ""
        self._listeners: list[Callable[[int], None]] = []
        self._is_closed = False
        self._know_settings(settings)
        self.inflight = InflightList(
            call_later=lambda delay_s, act: asyncio.get_running_loop().call_later(delay_s, act)
        )

    def __repr__(self) -> str:
        return f"<ActivityLog: {self._posted + len(self._gathered)} on their way, {len(self.inflight)} in flight>"

    def start(self) -> None:
        """Begin; the file is opened meanwhile, and a failure is reported."""
        self._writer.start()

    # -- what the proxy tells

    def begin(
        self,
        *,
        model: str,
        path: str,
        method: str,
        headers: Headers,
        remote_ip: str,
        started_at: float,
        cancel: Callable[[], None],
        is_recorded: bool = True,
        selector: str = "",
    ) -> Observation:
        """Take note of a request, from now on in the in-flight list.

        ``path`` is the one forwarded (section 2.1), ``headers`` the client's, ``started_at`` monotonic time.
        ``cancel`` ends the request as if its client had left.  Without ``is_recorded`` (GET routes) it leaves
        nothing in the log.
        """
        row = Row(model, path, method, headers, remote_ip, started_at, cancel)
        if selector:
            row.metadata["selector"] = selector
        kept = kept_bodies(path)
        return Observation(
            row,
            self.inflight,
            self._record if is_recorded else None,
            Tap(self._tapped_bytes if kept.response else 0),
            keeps_request=self._captures and kept.request and is_recorded,
        )

    def remember_load(self, entry: LoadEntry) -> None:
        """Remember a load or an unload."""
        if not self._is_closed:
            self._writer.post(entry)

    def _record(self, finished: Finished) -> None:
        if self._is_closed:
            return
        size_bytes = _size_bytes(finished)
        gathered = self._gathered
        if (
            self._posted + len(gathered) >= _MAX_UNWRITTEN
            or self._posted_bytes + gathered.size_bytes + size_bytes > _MAX_UNWRITTEN_BYTES
        ):
            self._set_losing(True)
            return
        gathered.add(finished, size_bytes)
        if self._is_awaited and self._hand_over is None:
            patience_s = _HAND_OVER_IN_A_FLOOD_S if self._is_flooded and not self._has_file else _HAND_OVER_AFTER_S
            self._hand_over = asyncio.get_running_loop().call_later(patience_s, self._post)
        if not self._has_file and len(gathered) > self._most_gathered:
            gathered.keep_newest(self._settings.kept_in_memory)
        if gathered.size_bytes > _MAX_GATHERED_BYTES or len(gathered) > _MAX_GATHERED:
            self._post()

    @property
    def _is_awaited(self) -> bool:
        """Whether somebody learns of an entry without asking for it: a listener, or whoever reads the file."""
        return self._has_file or bool(self._listeners)

    def _know_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._has_file = bool(settings.store_path.strip())
        self._most_gathered = 2 * settings.kept_in_memory
        self._captures = settings.capture_budget_bytes > 0
        self._tapped_bytes = min(settings.capture_budget_bytes, _MAX_CAPTURED_BYTES)

    def _post(self) -> None:
        if self._hand_over is not None:
            self._hand_over.cancel()
            self._hand_over = None
        if not self._has_file:
            self._gathered.keep_newest(self._settings.kept_in_memory)
        if self._gathered:
            batch = self._gathered.take()
            self._is_flooded = batch.passed_over + len(batch.finished) > _FLOOD
            self._posted += len(batch.finished)
            self._posted_bytes += batch.size_bytes
            self._writer.post(batch)

    def _stored(self, batch: Batch, ids: Sequence[int]) -> None:
        self._posted -= len(batch.finished)
        self._posted_bytes -= batch.size_bytes
        if not self._posted:
            self._set_losing(False)
        for listener in tuple(self._listeners):
            for id_ in ids:
                listener(id_)

    # -- what the web UI asks

    async def page(self, query: PageQuery) -> Page:
        """Return a page of the log; it holds every request that ended before this call."""
        return await self._ask(lambda store: store.page(query))

    async def stats(self, wished: Filter = EVERYTHING) -> Stats:
        """Return the totals; they hold every request that ended before this call."""
        return await self._ask(lambda store: store.stats(wished))

    async def loads(self, query: PageQuery) -> LoadsPage:
        """Return a page of the history of loads."""
        return await self._ask(lambda store: store.loads(query))

    async def capture(self, activity_id: int) -> Capture | None:
        """Return the capture of an entry, if it can be had now."""
        return await self._ask(lambda store: store.capture(activity_id))

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have ``listener`` given the id of each entry once it is stored with its capture; the result unsubscribes.

        Without a file, what is pushed out before anybody could ask for it is not told.
        """
        self._post()
        self._listeners.append(listener)
        return lambda: self._unsubscribe(listener)

    def _unsubscribe(self, listener: Callable[[int], None]) -> None:
        self._listeners.remove(listener)

    async def _ask(self, question: Callable[[Store], _Answer]) -> _Answer:
        if self._is_closed:
            raise ShuttingDown
        self._post()
        return await self._writer.ask(question)

    # -- life

    async def configure(self, settings: Settings) -> None:
        """Work by other settings from now on; only another path begins another log."""
        self._post()
        self._know_settings(settings)
        await self._ask(lambda store: store.configure(settings))

    async def close(self, budget_s: float = 5.0) -> None:
        """Write what is left and end; safe to repeat.  A disk that takes longer than ``budget_s`` is given up."""
        if self._is_closed:
            return
        self._post()
        self._is_closed = True
        try:
            await self._writer.stop(budget_s)
        except TimeoutError:
            _log.warning("activity log: writing the last entries took longer than %g s; they may be lost", budget_s)

    # -- problems

    def _on_problem(self, problem: str) -> None:
        self._problem = problem
        self._tell_problem()

    def _set_losing(self, is_losing: bool) -> None:
        if is_losing is not self._is_losing:
            self._is_losing = is_losing
            self._tell_problem()

    def _tell_problem(self) -> None:
        self._report("; ".join(text for text in (self._problem, _LOSING if self._is_losing else "") if text))


def _size_bytes(finished: Finished) -> int:
    return finished.response.held_bytes + len(finished.request_body or b"")
