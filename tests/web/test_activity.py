"""The activity log, its totals, captures, and ending a request from outside (HTTP specification, sections 19 to 22)."""

import base64
import json
import time

import pytest

from tests.web.served import served

HEADERS = [(b"Host", b"x"), (b"content-type", b"application/json"), (b"Authorization", b"Bearer k")]


def begin(it, *, model="a", path="/v1/chat/completions", cancel=lambda: None, **settings):
    """A request as the proxy reports it."""
    return it.activity.begin(
        model=model, path=path, method="POST", headers=HEADERS, remote_ip="10.0.0.9",
        started_at=time.monotonic() - 0.5, cancel=cancel, **settings,
    )  # fmt: skip


def record(it, *, status=200, body=b'{"usage":{"prompt_tokens":12,"completion_tokens":7}}', **settings):
    """A whole request."""
    seen = begin(it, **settings)
    seen.prepared(b'{"model":"a"}')
    seen.begun(status, [(b"Content-Type", b"application/json")])
    seen.sent(body)
    seen.ended()


async def test_entry(tmp_path):
    async with served(tmp_path) as it:
        record(it, selector="s")
        page = await it.get_json("/api/metrics/activity")
        entry = page["data"][0]
        assert entry.pop("timestamp").endswith("Z")
        assert 500 <= entry.pop("duration_ms") < 5000
        assert page == {
            "data": [
                {
                    "id": 1,
                    "model": "a",
                    "req_path": "/v1/chat/completions",
                    "resp_content_type": "application/json",
                    "resp_status_code": 200,
                    "tokens": {
                        "cache_tokens": -1, "draft_tokens": -1, "draft_acc_tokens": -1, "input_tokens": 12,
                        "output_tokens": 7, "prompt_per_second": -1.0, "tokens_per_second": -1.0,
                    },
                    "has_capture": True,
                    "metadata": {"selector": "s"},
                }
            ],
            "page": 1, "limit": 25, "total": 1, "total_pages": 1,
        }  # fmt: skip


async def test_empty_log(tmp_path):
    async with served(tmp_path) as it:
        empty = {"data": [], "page": 1, "limit": 25, "total": 0, "total_pages": 0}
        assert await it.get_json("/api/metrics/activity") == empty
        assert await it.get_json("/api/metrics/activity?page=9&limit=3&unknown=1&sort=") == {
            **empty, "page": 9, "limit": 3,
        }  # fmt: skip
        assert await it.get_json("/api/metrics/stats") == {
            "total_requests": 0, "total_input_tokens": 0, "total_output_tokens": 0, "total_cache_tokens": 0,
            "prompt_histogram": None, "gen_histogram": None,
        }  # fmt: skip


async def test_filters_order_and_pages(tmp_path):
    async with served(tmp_path) as it:
        for model in ("a", "b", "a/b c", "a"):
            record(it, model=model)

        async def ids(query):
            return [entry["id"] for entry in (await it.get_json(f"/api/metrics/activity?{query}"))["data"]]

        assert await ids("") == [4, 3, 2, 1]
        assert await ids("order=ASC&limit=2&page=2") == [3, 4]
        assert await ids("model=a&model=a%2Fb+c&model=+&order=asc") == [1, 3, 4]
        assert await ids("min_id=2&max_id=3&sort=model&order=asc") == [3, 2]
        assert await ids("start=2020-01-01T00:00:00%2B02:00&end=2020-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=x", "invalid limit"),
        ("limit=0", "limit must be between 1 and 999"),
        ("limit=1000", "limit must be between 1 and 999"),
        ("page=0", "page must be >= 1"),
        ("page=x", "page must be >= 1"),
        ("sort=ID", "invalid sort column"),
        ("order=up", "order must be asc or desc"),
        ("min_id=0", "min_id must be >= 1"),
        ("max_id=x", "max_id must be >= 1"),
        ("min_id=3&max_id=2", "min_id must be <= max_id"),
        ("start=yesterday", "invalid 'start' timestamp, use RFC3339 format"),
        ("end=2026-01-01", "invalid 'end' timestamp, use RFC3339 format"),
        ("start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z", "start must be before end"),
    ],
)
async def test_queries_that_make_no_sense(tmp_path, query, message):
    async with served(tmp_path) as it:
        answer = await it.get_json(f"/api/metrics/activity?{query}", 400)
        assert answer["error"] == {
            "message": message, "type": "invalid_request_error", "param": None, "code": "bad_request",
        }  # fmt: skip


async def test_stats(tmp_path):
    async with served(tmp_path) as it:
        timings = {"prompt_n": 20, "predicted_n": 50, "prompt_per_second": 100.0, "predicted_per_second": 40.0}
        for model in ("a", "a", "b"):
            record(it, model=model, body=json.dumps({"timings": timings}).encode())
        histogram = {"bins": [2], "min": 40.0, "max": 40.0, "binSize": 0.0, "p50": 40.0, "p95": 40.0, "p99": 40.0}
        stats = await it.get_json("/api/metrics/stats?model=%20a%20&model=b")
        assert stats == {
            "total_requests": 2, "total_input_tokens": 40, "total_output_tokens": 100, "total_cache_tokens": 0,
            "prompt_histogram": {**histogram, **dict.fromkeys(("min", "max", "p50", "p95", "p99"), 100.0)},
            "gen_histogram": histogram,
        }  # fmt: skip
        assert (await it.get_json("/api/metrics/stats?model="))["total_requests"] == 3
        assert (await it.get_json("/api/metrics/stats?model=nope"))["total_requests"] == 0


async def test_capture(tmp_path):
    async with served(tmp_path) as it:
        record(it)
        assert await it.get_json("/api/captures/1") == {
            "id": 1,
            "req_path": "/v1/chat/completions",
            "req_headers": {"Content-Type": "application/json", "Authorization": "[REDACTED]"},
            "req_body": base64.b64encode(b'{"model":"a"}').decode(),
            "resp_headers": {"Content-Type": "application/json"},
            "resp_body": base64.b64encode(b'{"usage":{"prompt_tokens":12,"completion_tokens":7}}').decode(),
        }


async def test_capture_of_a_failure_has_no_response_body(tmp_path):
    async with served(tmp_path) as it:
        record(it, status=500, body=b'{"error":"it broke"}')
        assert (await it.get_json("/api/captures/1"))["resp_body"] is None
        assert (await it.get_json("/api/metrics/activity"))["data"][0]["error_msg"] == "it broke"


@pytest.mark.parametrize(
    ("id_", "status", "message"),
    [
        ("x", 400, "invalid capture ID"),
        ("1.5", 400, "invalid capture ID"),
        ("1/2", 400, "invalid capture ID"),
        ("", 400, "invalid capture ID"),
        ("9" * 30, 400, "invalid capture ID"),
        ("7", 404, "capture not found"),
        ("-1", 404, "capture not found"),
    ],
)
async def test_captures_that_are_not_there(tmp_path, id_, status, message):
    async with served(tmp_path) as it:
        assert (await it.get_json(f"/api/captures/{id_}", status))["error"]["message"] == message


async def test_cancel(tmp_path):
    async with served(tmp_path) as it:
        cancelled = []
        seen = begin(it, cancel=lambda: cancelled.append(True))
        assert await it.post("/api/inflight/1/cancel") == (200, {"msg": "ok"})
        assert cancelled == [True]
        seen.ended()
        for id_ in ("1", "2", "x", "1%2F"):
            status, answer = await it.post(f"/api/inflight/{id_}/cancel")
            assert (status, answer["error"]["message"]) == (404, "inflight request not found")


@pytest.mark.parametrize("path", ["/api/inflight/1", "/api/inflight/1/", "/api/inflight/1/cancel/now"])
async def test_there_is_nothing_else_below_inflight(tmp_path, path):
    async with served(tmp_path) as it:
        assert (await it.ask("POST", path))[::2] == (404, b"404 page not found")
