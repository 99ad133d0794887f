"""Failures inside an event stream (HTTP specification, section 10.4)."""

import json

import pytest

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.proxy.sse import EventBoundary, error_event


@pytest.mark.parametrize(
    ("chunks", "between"),
    [
        ([], True),
        ([b"data: x\n\n"], True),
        ([b"data: x\n", b"\n"], True),
        ([b"data: x\r\n\r\n"], True),
        ([b"data: x\r\n", b"\r", b"\n"], True),
        ([b"data: x\n"], False),
        ([b"data: x\n\nda"], False),
        ([b"d"], False),
    ],
)
def test_boundary_between_events(chunks, between):
    boundary = EventBoundary()
    for chunk in chunks:
        boundary.feed(chunk)
    assert boundary.is_between_events is between


def data_of(event: bytes) -> dict:
    return json.loads(event.partition(b"data: ")[2])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/completion", "/v1/completions"])
def test_openai_routes_get_an_error_object(path):
    event = error_event(path, UpstreamFailed("gone"))
    assert event.startswith(b"data: ")
    assert event.endswith(b"\n\n")
    assert data_of(event) == {
        "error": {"message": "upstream error: gone", "type": "server_error", "param": None, "code": "bad_gateway"}
    }


@pytest.mark.parametrize("path", ["/v1/messages", "/messages"])
def test_anthropic_routes_get_an_error_event(path):
    event = error_event(path, UpstreamFailed("gone"))
    assert event.startswith(b"event: error\ndata: ")
    assert data_of(event) == {"type": "error", "error": {"type": "api_error", "message": "upstream error: gone"}}


@pytest.mark.parametrize("path", ["/v1/responses", "/responses"])
def test_responses_routes_get_a_flat_error(path):
    event = error_event(path, UpstreamFailed("gone"))
    assert event.startswith(b"event: error\ndata: ")
    assert data_of(event) == {
        "type": "error",
        "code": "bad_gateway",
        "message": "upstream error: gone",
        "param": None,
    }
