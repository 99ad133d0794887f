"""The activity page: parameters, errors and answers exactly as documented (HTTP specification, section 20.1)."""

import msgspec
import pytest

from llamaswap_desktop.activity.queries import PageQuery, parse_page_query, parse_stats_query
from llamaswap_desktop.activity.records import Batch, Settings
from llamaswap_desktop.activity.store import Store
from llamaswap_desktop.errors import RequestRefused
from tests.activity.requests import finished


def parse(query: str) -> PageQuery:
    return parse_page_query(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)


def test_defaults_and_blanks():
    assert parse("") == PageQuery()
    assert parse("limit=&page= &sort=&order=&model=&min_id=&start=&what=ever") == PageQuery()


def test_everything_given():
    assert parse(
        "limit=999&page=3&sort=gen_speed&order=AsC&model=a&model= &model=b&min_id=1&max_id=1"
        "&start=2026-08-22T10:00:00.9+02:00&end=2026-08-22T08:00:00Z"
    ) == PageQuery(
        limit=999,
        page=3,
        sort="gen_speed",
        is_descending=False,
        models=("a", "b"),
        min_id=1,
        max_id=1,
        start=1787385600,
        end=1787385600,
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=x", "invalid limit"),
        ("limit=1.5", "invalid limit"),
        ("limit=1_0", "invalid limit"),
        ("limit=99999999999999999999", "invalid limit"),
        ("limit=0", "limit must be between 1 and 999"),
        ("limit=1000", "limit must be between 1 and 999"),
        ("limit=-5", "limit must be between 1 and 999"),
        ("page=0", "page must be >= 1"),
        ("page=x", "page must be >= 1"),
        ("sort=ID", "invalid sort column"),
        ("sort=id;drop", "invalid sort column"),
        ("order=up", "order must be asc or desc"),
        ("min_id=0", "min_id must be >= 1"),
        ("min_id=x", "min_id must be >= 1"),
        ("max_id=-1", "max_id must be >= 1"),
        ("min_id=3&max_id=2", "min_id must be <= max_id"),
        ("start=yesterday", "invalid 'start' timestamp, use RFC3339 format"),
        ("end=2026-08-22", "invalid 'end' timestamp, use RFC3339 format"),
        ("end=2026-08-22T10:00:00", "invalid 'end' timestamp, use RFC3339 format"),
        ("end=2026-13-22T10:00:00Z", "invalid 'end' timestamp, use RFC3339 format"),
        ("start=2026-08-22T10:00:01Z&end=2026-08-22T10:00:00Z", "start must be before end"),
        ("limit=x&page=0", "invalid limit"),
    ],
)
def test_errors(query, message):
    with pytest.raises(RequestRefused) as refused:
        parse(query)
    assert (str(refused.value), refused.value.status) == (message, 400)


@pytest.fixture
def store():
    its = Store(Settings())
    its.add(
        Batch(
            [
                finished(
                    b'{"timings":{"prompt_n":%d,"predicted_n":1,"predicted_per_second":%d}}' % (number, 100 - number),
                    model="even" if number % 2 == 0 else "odd",
                    ended_at=1000.9 + number,
                    metadata={"selector": "s"} if number == 2 else {},
                    status=200 if number != 3 else 502,
                )
                for number in range(1, 6)
            ]
        )
    )
    yield its
    its.close()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("order=asc&limit=2", [1, 2]),
        ("order=asc&limit=2&page=3", [5]),
        ("page=9", []),
        ("page=9223372036854775807&limit=999", []),
        ("model=odd", [5, 3, 1]),
        ("model=odd&model=even&max_id=3&min_id=2", [3, 2]),
        ("model=od", []),
        ("sort=gen_speed", [1, 2, 4, 5, 3]),
        ("sort=model&order=asc", [2, 4, 1, 3, 5]),
        ("sort=model", [5, 3, 1, 4, 2]),
        ("start=1970-01-01T00:16:42Z&end=1970-01-01T00:16:43Z", [3, 2]),
    ],
)
def test_pages(store, query, ids):
    assert [entry.id for entry in store.page(parse(query)).data] == ids


@pytest.mark.parametrize(
    "sort",
    ["id", "time", "model", "req_path", "resp_status_code", "resp_content_type", "cached", "prompt", "generated"]
    + ["drafted", "prompt_speed", "gen_speed", "duration"],
)
def test_every_sort_key_is_a_column(store, sort):
    assert len(store.page(parse(f"sort={sort}")).data) == 5


def test_totals(store):
    page = store.page(parse("limit=2"))
    assert (page.page, page.limit, page.total, page.total_pages) == (1, 2, 5, 3)
    page = store.page(parse("model=nobody&page=4"))
    assert msgspec.to_builtins(page) == {"data": (), "page": 4, "limit": 25, "total": 0, "total_pages": 0}


def test_an_entry_as_json(store):
    entries = msgspec.json.decode(msgspec.json.encode(store.page(parse("min_id=2&max_id=3"))))["data"]
    assert entries[1] == {
        "id": 2,
        "timestamp": "1970-01-01T00:16:42Z",
        "model": "even",
        "req_path": "/v1/chat/completions",
        "resp_content_type": "application/json",
        "resp_status_code": 200,
        "tokens": {
            "cache_tokens": -1,
            "draft_tokens": -1,
            "draft_acc_tokens": -1,
            "input_tokens": 2,
            "output_tokens": 1,
            "prompt_per_second": 0.0,
            "tokens_per_second": 98.0,
        },
        "duration_ms": 250,
        "has_capture": True,
        "metadata": {"selector": "s"},
    }
    assert entries[0]["error_msg"] == "502 Bad Gateway"
    assert "metadata" not in entries[0]


def test_status_by_code_and_by_class():
    query = parse("status=404&status=5xx&status=2XX")
    assert (query.status_codes, query.status_classes) == ((404,), (5, 2))
    for wrong in ("ok", "4x", "04xx", "99", "4xx5", "0xx"):
        with pytest.raises(RequestRefused, match="status must be a code"):
            parse(f"status={wrong}")


def test_status_filters_rows():
    store = Store(Settings())
    store.add(Batch([finished(status=status) for status in (200, 404, 429, 502, 200)]))

    def statuses(query):
        return [entry.resp_status_code for entry in store.page(parse(query)).data]

    assert statuses("status=4xx") == [429, 404]
    assert statuses("status=4xx&status=502") == [502, 429, 404]
    assert statuses("status=200&order=asc") == [200, 200]
    assert statuses("status=3xx") == []


def test_totals_follow_the_filters_and_the_first_model_alone():
    store = Store(Settings())
    store.add(Batch([finished(model=model, status=status) for model, status in (("a", 200), ("a", 502), ("b", 200))]))

    def requests(query):
        return store.stats(parse_stats_query(tuple(pair.split("=", 1)) for pair in query.split("&"))).total_requests

    assert requests("model=+a".replace("+", " ")) == 2
    assert requests("model=a&model=b") == 2
    assert requests("model=a&status=5xx") == 1
    assert requests("end=2001-01-01T00:00:00Z") == 0
