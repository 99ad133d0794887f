"""Answers questions about the activity log: what a client may ask, and what the table says (section 20.1).

``source`` below is the table, or the union of tables, that a question is put to.
"""

import re
import sqlite3
from collections.abc import Container, Iterable, Mapping, Sequence, Sized
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from llamaswap_desktop.activity.records import Entry, Page, Tokens
from llamaswap_desktop.errors import RequestRefused

_COLUMNS = (
    "id, time, model, req_path, resp_content_type, resp_status_code, cached, drafted, draft_accepted, prompt, "
    "generated, prompt_speed, gen_speed, duration, error_msg, metadata"
)
_SORT_KEYS = frozenset(
    {
        "id",
        "time",
        "model",
        "req_path",
        "resp_status_code",
        "resp_content_type",
        "cached",
        "prompt",
        "generated",
        "drafted",
        "prompt_speed",
        "gen_speed",
        "duration",
    }
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_STATUS = re.compile(r"[1-9]([0-9]{2}|[xX]{2})")
_MAX_INT64 = 2**63 - 1

Row = tuple[int, int, str, str, str, int, int, int, int, int, int, float, float, int, str, str]
"""One row of the table, its columns in order."""

_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode


class Filter(Struct, frozen=True, kw_only=True):
    """Which entries are meant.

    ``start`` and ``end`` are whole seconds since the epoch; like the ids they are inclusive, and None is no bound.  Of
    statuses those are meant that are one of ``status_codes`` or begin with one of ``status_classes``; without either,
    all.
    """

    models: tuple[str, ...] = ()
    min_id: int | None = None
    max_id: int | None = None
    start: int | None = None
    end: int | None = None
    status_codes: tuple[int, ...] = ()
    status_classes: tuple[int, ...] = ()


EVERYTHING = Filter()


class PageQuery(Filter, frozen=True, kw_only=True):
    """Which entries are asked for, in which order, and which stretch of them."""

    limit: int = 25
    page: int = 1
    sort: str = "id"
    is_descending: bool = True

    @property
    def offset(self) -> int:
        """How many entries stand before the page."""
        return min((self.page - 1) * self.limit, _MAX_INT64)


def parse_page_query(parameters: Iterable[tuple[str, str]]) -> PageQuery:
    """Read the decoded query of ``GET /api/metrics/activity``; raises ``RequestRefused`` as documented there."""
    given = _given(parameters)
    first = {name: values[0] for name, values in given.items()}
    limit = _whole_number(first.get("limit", "25"))
    if limit is None:
        raise RequestRefused("invalid limit")
    if not 1 <= limit <= 999:
        raise RequestRefused("limit must be between 1 and 999")
    page = _at_least_one("page", first.get("page", "1"))
    sort = first.get("sort", "id")
    if sort not in _SORT_KEYS:
        raise RequestRefused("invalid sort column")
    order = first.get("order", "desc").lower()
    if order not in {"asc", "desc"}:
        raise RequestRefused("order must be asc or desc")
    its = _filter(given)
    return PageQuery(**msgspec.structs.asdict(its), limit=limit, page=page, sort=sort, is_descending=order == "desc")


def parse_stats_query(parameters: Iterable[tuple[str, str]]) -> Filter:
    """Read the decoded query of ``GET /api/metrics/stats``, where the first model alone counts."""
    given = _given(parameters)
    its = _filter(given)
    return msgspec.structs.replace(its, models=its.models[:1])


def _given(parameters: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return what was given for each parameter, trimmed; blank values count as absent."""
    given: dict[str, list[str]] = {}
    for name, text in parameters:
        if value := text.strip():
            given.setdefault(name, []).append(value)
    return given


def _filter(given: Mapping[str, Sequence[str]]) -> Filter:
    min_id, max_id = (_at_least_one(name, given[name][0]) if name in given else None for name in ("min_id", "max_id"))
    if min_id is not None and max_id is not None and min_id > max_id:
        raise RequestRefused("min_id must be <= max_id")
    start, end = (_seconds(name, given[name][0]) if name in given else None for name in ("start", "end"))
    if start is not None and end is not None and start > end:
        raise RequestRefused("start must be before end")
    statuses = given.get("status", ())
    if not all(_STATUS.fullmatch(status) for status in statuses):
        raise RequestRefused("status must be a code such as 404, or a class such as 4xx")
    return Filter(
        models=tuple(given.get("model", ())),
        min_id=min_id,
        max_id=max_id,
        start=start,
        end=end,
        status_codes=tuple(int(status) for status in statuses if status.isdigit()),
        status_classes=tuple(int(status[0]) for status in statuses if not status.isdigit()),
    )


def _whole_number(text: str) -> int | None:
    if not _INTEGER.fullmatch(text) or len(text) > 20:
        return None
    value = int(text)
    return value if abs(value) <= _MAX_INT64 else None


def _at_least_one(name: str, text: str) -> int:
    value = _whole_number(text)
    if value is None or value < 1:
        raise RequestRefused(f"{name} must be >= 1")
    return value


def parse_rfc3339(name: str, text: str) -> datetime:
    """Read the parameter ``name``.  Raises ``RequestRefused`` for whatever is no timestamp."""
    if _RFC3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise RequestRefused(f"invalid '{name}' timestamp, use RFC3339 format")


def _seconds(name: str, text: str) -> int:
    return int(parse_rfc3339(name, text).replace(microsecond=0).timestamp())


def read_page(db: sqlite3.Connection, source: str, query: PageQuery, captured: Container[int]) -> Page:
    """Return the asked-for page; ``captured`` holds the ids of which there is a capture."""
    where, values = filter_of(query)
    (total,) = db.execute(f"SELECT count(*) FROM {source}{where}", values).fetchone()  # noqa: S608 - no value of theirs
    direction = "DESC" if query.is_descending else "ASC"
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM {source}{where} "  # noqa: S608 - the sort key is one of _SORT_KEYS
        f"ORDER BY {query.sort} {direction}, id {direction} LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    )
    return Page(
        data=tuple(_entry(row, captured) for row in rows),
        page=query.page,
        limit=query.limit,
        total=total,
        total_pages=-(-total // query.limit),
    )


def filter_of(wished: Filter) -> tuple[str, list[int | str]]:
    """Return the condition that lets through what is meant, and its values."""
    conditions: list[str] = []
    values: list[int | str] = []
    if wished.models:
        conditions.append(f"model IN ({_marks(wished.models)})")
        values.extend(wished.models)
    for condition, bound in (
        ("id >= ?", wished.min_id),
        ("id <= ?", wished.max_id),
        ("time >= ?", wished.start),
        ("time <= ?", wished.end),
    ):
        if bound is not None:
            conditions.append(condition)
            values.append(bound)
    if wished.status_codes or wished.status_classes:
        codes, classes = _marks(wished.status_codes), _marks(wished.status_classes)
        conditions.append(f"(resp_status_code IN ({codes}) OR resp_status_code / 100 IN ({classes}))")
        values.extend((*wished.status_codes, *wished.status_classes))
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", values


def _marks(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _entry(row: Row, captured: Container[int]) -> Entry:
    id_, time, model, path, content_type, status, cached, drafted, accepted, prompt, generated = row[:11]
    prompt_speed, gen_speed, duration_ms, error, metadata = row[11:]
    return Entry(
        id=id_,
        timestamp=f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}",
        model=model,
        req_path=path,
        resp_content_type=content_type,
        resp_status_code=status,
        tokens=Tokens(
            cache_tokens=cached,
            draft_tokens=drafted,
            draft_acc_tokens=accepted,
            input_tokens=prompt,
            output_tokens=generated,
            prompt_per_second=prompt_speed,
            tokens_per_second=gen_speed,
        ),
        duration_ms=duration_ms,
        has_capture=id_ in captured,
        error_msg=error,
        metadata=_decode_metadata(metadata) if metadata else {},
    )
