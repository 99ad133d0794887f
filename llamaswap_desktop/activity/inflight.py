"""The requests that are being answered right now, and a feed of how they change (HTTP specification, section 19).

Theory of operation.  The list itself costs a request next to nothing: a row in a dictionary, with everything that is
only for show (headers, time stamps) made when somebody looks.  With a listener, changes go into an outbox, which is
emptied a moment later; bytes that grow are collected and told at most every 250 ms.  If more changes pile up than the
outbox holds, they are dropped, and one snapshot of everything takes their place: so a flood of short requests costs
the same as a trickle.
"""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum, auto

from llamaswap_desktop.activity.headers import shown_headers
from llamaswap_desktop.activity.inflight_messages import (
    InflightEntry,
    InflightMessage,
    InflightRemove,
    InflightSnapshot,
    InflightUpsert,
)
from llamaswap_desktop.activity.records import Headers
from llamaswap_desktop.tasks import Timer

_OUTBOX = 128
_FLUSH_AFTER_S = 0.05
_GROWTH_AFTER_S = 0.25


class Row:
    """One request in the list, changed by its owner as it gets on; see ``InflightList``."""

    __slots__ = (
        "_shown_request_headers",
        "cancel",
        "has_news_queued",
        "headers",
        "id",
        "is_growing",
        "metadata",
        "method",
        "model",
        "path",
        "remote_ip",
        "response_bytes",
        "response_headers",
        "started_at",
        "timestamp",
    )

    def __init__(
        self,
        model: str,
        path: str,
        method: str,
        headers: Headers,
        remote_ip: str,
        started_at: float,
        cancel: Callable[[], None],
    ) -> None:
        self.id = 0
        self.model = model
        self.path = path
        self.method = method
        self.headers = headers
        self.remote_ip = remote_ip
        self.started_at = started_at
        self.timestamp = 0.0
        self.cancel = cancel
        self.metadata: dict[str, str] = {}
        self.response_headers: Headers = ()
        self.response_bytes = 0
        self.is_growing = False
        self.has_news_queued = False
        self._shown_request_headers: dict[str, str] | None = None

    def shown(self, now: float, *, as_begun: bool = False) -> InflightEntry:
        """Return the row as clients see it at the monotonic time ``now``, or as it was when it had just begun."""
        if self._shown_request_headers is None:
            self._shown_request_headers = shown_headers(self.headers)
        stamp = datetime.fromtimestamp(self.timestamp, UTC)
        return InflightEntry(
            id=str(self.id),
            timestamp=f"{stamp:%Y-%m-%dT%H:%M:%S.%fZ}",
            model=self.model,
            req_path=self.path,
            method=self.method,
            req_headers=self._shown_request_headers,
            remote_ip=self.remote_ip,
            resp_headers={} if as_begun else shown_headers(self.response_headers),
            resp_bytes=0 if as_begun else self.response_bytes,
            elapsed_ms=0 if as_begun else max(0, int((now - self.started_at) * 1000)),
            metadata=dict(self.metadata),
        )


class _Change(Enum):
    BEGUN = auto()
    GOT_ON = auto()
    OVER = auto()


Listener = Callable[[InflightMessage], None]


class InflightList:
    """All rows, by id; ``call_later`` is the event loop's."""

    def __init__(
        self,
        *,
        call_later: Callable[[float, Callable[[], None]], Timer],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._call_later = call_later
        self._clock = clock
        self._wall_clock = wall_clock
        self._ids = itertools.count(1)
        self._rows: dict[int, Row] = {}
        self._listeners: list[Listener] = []
        self._outbox: list[tuple[Row, _Change]] = []
        self._is_overflown = False
        self._growing: list[Row] = []
        self._flush_timer: Timer | None = None
        self._growth_timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<InflightList: {len(self._rows)} requests, {len(self._listeners)} listeners>"

    # -- what happens to rows

    def add(self, row: Row) -> None:
        """Take note that a request has begun; it gets its id here."""
        row.id = next(self._ids)
        row.timestamp = self._wall_clock() - (self._clock() - row.started_at)
        self._rows[row.id] = row
        if self._listeners:
            self._queue(row, _Change.BEGUN)

    def got_on(self, row: Row) -> None:
        """Take note that something about the row is new."""
        if self._listeners and not row.has_news_queued:
            self._queue(row, _Change.GOT_ON)

    def grew(self, row: Row) -> None:
        """Take note that the row has more bytes; not to be called again while ``row.is_growing``."""
        if self._listeners:
            row.is_growing = True
            self._growing.append(row)
            if self._growth_timer is None:
                self._growth_timer = self._call_later(_GROWTH_AFTER_S, self._tell_growth)

    def remove(self, row: Row) -> None:
        """Take note that the request is over."""
        del self._rows[row.id]
        row.cancel = _over  # the request holds the row: else each would be a cycle, and garbage to be searched for
        if self._listeners:
            if row.is_growing and not row.has_news_queued:
                self._queue(row, _Change.GOT_ON)
            self._queue(row, _Change.OVER)

    def cancel(self, request_id: str) -> bool:
        """End a request as if its client had left; False if there is no such request."""
        row = self._rows.get(int(request_id)) if request_id.isdecimal() and len(request_id) < 20 else None
        if row is None or str(row.id) != request_id:
            return False
        row.cancel()
        return True

    # -- the feed

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Give ``listener`` a snapshot now and every change from then on; the result unsubscribes it."""
        self._flush()
        self._listeners.append(listener)
        listener(self.snapshot())
        return lambda: self._unsubscribe(listener)

    def _unsubscribe(self, listener: Listener) -> None:
        self._listeners.remove(listener)
        if not self._listeners:
            for timer in (self._flush_timer, self._growth_timer):
                if timer is not None:
                    timer.cancel()
            self._flush_timer = self._growth_timer = None
            self._take_outbox()
            self._take_growing()

    def snapshot(self) -> InflightSnapshot:
        """Return everything that is being answered."""
        now = self._clock()
        return InflightSnapshot(tuple(row.shown(now) for row in self._rows.values()))

    def _queue(self, row: Row, change: _Change) -> None:
        if self._is_overflown:
            return
        if len(self._outbox) == _OUTBOX:
            self._take_outbox()
            self._is_overflown = True
        else:
            row.has_news_queued = row.has_news_queued or change is _Change.GOT_ON
            self._outbox.append((row, change))
        if self._flush_timer is None:
            patience_s = _FLUSH_AFTER_S if len(self._rows) <= _OUTBOX else _GROWTH_AFTER_S
            self._flush_timer = self._call_later(patience_s, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        is_overflown, self._is_overflown = self._is_overflown, False
        changes = self._take_outbox()
        if is_overflown:
            self._tell(self.snapshot())
        now = self._clock()
        for row, change in changes:
            self._tell(_message(row, change, now))

    def _take_outbox(self) -> list[tuple[Row, _Change]]:
        changes, self._outbox = self._outbox, []
        for row, _ in changes:
            row.has_news_queued = False
        return changes

    def _tell_growth(self) -> None:
        self._growth_timer = None
        for row in self._take_growing():
            if row.id in self._rows:
                self.got_on(row)

    def _take_growing(self) -> list[Row]:
        rows, self._growing = self._growing, []
        for row in rows:
            row.is_growing = False
        return rows

    def _tell(self, message: InflightMessage) -> None:
        for listener in tuple(self._listeners):
            listener(message)


def _over() -> None:
    """Cancel a request that is over."""


def _message(row: Row, change: _Change, now: float) -> InflightMessage:
    if change is _Change.OVER:
        return InflightRemove(str(row.id))
    return InflightUpsert(row.shown(now, as_begun=change is _Change.BEGUN))
