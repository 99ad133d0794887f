"""The history of loads and unloads: what came, what had to go for it, and what that cost.

It lies where the log of requests lies, in a table of its own; ``source`` below is that table, or the union of two.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from llamaswap_desktop.activity.queries import Filter, PageQuery, filter_of
from llamaswap_desktop.types import ModelId

_COLUMNS = "at_ms, model, kind, took_ms, evicted, reason"
_COST = "count(*), total(took_ms), total(evicted <> '[]')"

_decode_ids = msgspec.json.Decoder(tuple[ModelId, ...]).decode


class LoadKind(StrEnum):
    """What has become of a model."""

    LOADED = "loaded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Somebody wished it gone before it was ready."""

    UNLOADED = "unloaded"


class LoadEntry(Struct, frozen=True):
    """One load or unload, as it is handed to the writer; ``ended_at`` is wall time.

    ``took_s`` counts from the decision, so that it holds the time in which others left; None for an unload.
    ``evicted`` are those others.  ``reason`` is why a load failed or a model left.
    """

    ended_at: float
    model: ModelId
    kind: LoadKind
    took_s: float | None = None
    evicted: tuple[ModelId, ...] = ()
    reason: str = ""


class ShownLoad(Struct, frozen=True):
    """An entry as it is shown."""

    timestamp: str
    model: ModelId
    kind: str
    took_s: float | None
    evicted: Sequence[ModelId]
    reason: str


class LoadsPage(Struct, frozen=True):
    """A stretch of the history, the newest first; ``total`` counts everything that the filters let through.

    ``loads`` of these were loads, done or not, and took ``loading_s`` together; ``swaps`` of those made others leave.
    """

    data: Sequence[ShownLoad]
    page: int
    limit: int
    total: int
    total_pages: int
    loads: int
    loading_s: float
    swaps: int


def write_loads(db: sqlite3.Connection, table: str, entries: Iterable[LoadEntry]) -> None:
    """Remember these in ``table``."""
    db.executemany(
        f"INSERT INTO {table} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our names
        [
            (
                int(entry.ended_at * 1000),
                entry.model,
                entry.kind.value,
                None if entry.took_s is None else round(entry.took_s * 1000),
                msgspec.json.encode(entry.evicted).decode(),
                entry.reason,
            )
            for entry in entries
        ],
    )


def move_loads(db: sqlite3.Connection, *, out_of: str, into: str) -> None:
    """Move every entry of one table behind those of another."""
    db.execute(f"INSERT INTO {into} ({_COLUMNS}) SELECT {_COLUMNS} FROM {out_of} ORDER BY id")  # noqa: S608 - our names
    db.execute(f"DELETE FROM {out_of}")  # noqa: S608 - our name


def keep_newest_loads(db: sqlite3.Connection, table: str, count: int) -> None:
    """Forget all but the newest ``count``."""
    db.execute(
        f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?",  # noqa: S608 - our names
        (count,),
    )


def read_loads(db: sqlite3.Connection, source: str, query: PageQuery) -> LoadsPage:
    """Return the asked-for page; of the filters, those by model and by time count."""
    where, values = filter_of(Filter(models=query.models, start=query.start, end=query.end))
    meant = f"(SELECT *, at_ms / 1000 AS time FROM {source}{where})"  # noqa: S608 - no value of theirs
    (total,) = db.execute(f"SELECT count(*) FROM {meant}", values).fetchone()  # noqa: S608 - our names
    loads, loading_ms, swaps = db.execute(
        f"SELECT {_COST} FROM {meant} WHERE kind <> ?",  # noqa: S608 - our names
        (*values, LoadKind.UNLOADED.value),
    ).fetchone()
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM {meant} ORDER BY at_ms DESC, id DESC LIMIT ? OFFSET ?",  # noqa: S608 - our names
        (*values, query.limit, query.offset),
    )
    return LoadsPage(
        data=tuple(_shown(*row) for row in rows),
        page=query.page,
        limit=query.limit,
        total=total,
        total_pages=-(-total // query.limit),
        loads=loads,
        loading_s=loading_ms / 1000,
        swaps=int(swaps),
    )


def _shown(at_ms: int, model: str, kind: str, took_ms: int | None, evicted: str, reason: str) -> ShownLoad:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return ShownLoad(
        timestamp=f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        model=ModelId(model),
        kind=kind,
        took_s=None if took_ms is None else took_ms / 1000,
        evicted=_decode_ids(evicted),
        reason=reason,
    )
