"""Totals and speeds over the activity log (HTTP specification, section 20.2).

The database does the arithmetic: it gives the interpreter free while it sorts, and a log of years has many rows.
"""

import math
import sqlite3
from collections.abc import Sequence

from llamaswap_desktop.activity.queries import Filter, filter_of
from llamaswap_desktop.activity.records import Histogram, Stats

_FEWEST_BINS, _MOST_BINS = 5, 20


def read_stats(db: sqlite3.Connection, source: str, wished: Filter) -> Stats:
    """Return the totals of what is meant."""
    where, values = filter_of(wished)
    requests, tokens_in, tokens_out, cached = db.execute(
        f"SELECT count(*), total(prompt), total(generated), total(max(cached, 0)) FROM {source}{where}",  # noqa: S608
        values,
    ).fetchone()
    rows = f"(SELECT * FROM {source}{where})"  # noqa: S608 - no value of theirs
    return Stats(
        total_requests=requests,
        total_input_tokens=int(tokens_in),  # total(), unlike sum(), cannot overflow
        total_output_tokens=int(tokens_out),
        total_cache_tokens=int(cached),
        prompt_histogram=_histogram(db, rows, "prompt_speed", values),
        gen_histogram=_histogram(db, rows, "gen_speed", values),
    )


def _histogram(db: sqlite3.Connection, rows: str, column: str, values: Sequence[int | str]) -> Histogram | None:
    speeds = f"(SELECT {column} AS speed FROM {rows} WHERE {column} > 0)"  # noqa: S608 - our names
    count, lowest, highest = db.execute(
        f"SELECT count(*), min(speed), max(speed) FROM {speeds}",  # noqa: S608 - our names
        values,
    ).fetchone()
    if not count:
        return None
    p50, p95, p99 = _percentiles(db, speeds, values, count)
    bins: tuple[int, ...] = (count,)
    size = 0.0
    if highest > lowest:
        number = min(max(math.ceil(math.log2(count)) + 1, _FEWEST_BINS), _MOST_BINS)
        size = (highest - lowest) / number
        filled: dict[int, int] = dict(
            db.execute(
                f"SELECT min(CAST((speed - ?) / ? AS INTEGER), ?) AS bin, count(*) FROM {speeds} GROUP BY bin",  # noqa: S608
                (lowest, size, number - 1, *values),
            ).fetchall()
        )
        bins = tuple(filled.get(place, 0) for place in range(number))
    return Histogram(bins=bins, min=lowest, max=highest, bin_size=size, p50=p50, p95=p95, p99=p99)


def _percentiles(
    db: sqlite3.Connection, speeds: str, values: Sequence[int | str], count: int
) -> tuple[float, float, float]:
    """Interpolate between the two values nearest to rank p·(n-1)."""
    ranks = [share * (count - 1) for share in (0.5, 0.95, 0.99)]
    places = {place for rank in ranks for place in (math.floor(rank), math.ceil(rank))}
    at: dict[int, float] = dict(
        db.execute(
            "SELECT place, speed FROM (SELECT speed, row_number() OVER (ORDER BY speed) - 1 AS place "  # noqa: S608
            f"FROM {speeds}) WHERE place IN ({', '.join(map(str, places))})",
            values,
        ).fetchall()
    )
    p50, p95, p99 = (at[math.floor(rank)] + (at[math.ceil(rank)] - at[math.floor(rank)]) * (rank % 1) for rank in ranks)
    return p50, p95, p99
