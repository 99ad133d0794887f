"""Error bodies in every form (HTTP specification, section 5)."""

import json

import pytest

from llamaswap_desktop.errors import (
    BodyTooLarge,
    ConcurrencyLimit,
    Forbidden,
    LlamaSwapError,
    Malformed,
    ModelNotFound,
    ModelNotLoaded,
    NotReady,
    RequestCancelled,
    StartFailed,
    Unauthorized,
    UpstreamFailed,
)
from llamaswap_desktop.http1 import error_answer


class OutOfTime(LlamaSwapError):
    """Of a status that none of ours has yet."""

    status = 504


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (ModelNotFound("no router for requested model"), 404, "invalid_request_error", "not_found"),
        (Unauthorized(), 401, "authentication_error", "unauthorized"),
        (ConcurrencyLimit(), 429, "rate_limit_error", "concurrency_limit"),
        (StartFailed("x"), 500, "server_error", "internal_error"),
        (UpstreamFailed("x"), 502, "server_error", "bad_gateway"),
        (NotReady("m"), 503, "server_error", "service_unavailable"),
        (Malformed("x"), 400, "invalid_request_error", "bad_request"),
        (Forbidden("x"), 403, "authentication_error", "forbidden"),
        (ModelNotLoaded("x"), 409, "invalid_request_error", "conflict"),
        (BodyTooLarge("x"), 413, "invalid_request_error", "invalid_request"),
        (RequestCancelled(), 499, "invalid_request_error", "request_cancelled"),
        (OutOfTime("x"), 504, "server_error", "gateway_timeout"),
    ],
)
def test_the_envelope(error: LlamaSwapError, status, kind, code):
    headers, body = error_answer(error, "")
    assert (b"Content-Type", b"application/json") in headers
    assert error.status == status
    assert json.loads(body) == {
        "src": "llama-swap",
        "error": {"message": str(error), "type": kind, "param": None, "code": code},
    }


def test_plain_text_wins_over_html():
    headers, body = error_answer(ModelNotFound("a < b"), "text/html, text/plain")
    assert headers == [(b"Content-Type", b"text/plain")]
    assert body == b"llama-swap: a < b"


def test_html_is_escaped():
    _, body = error_answer(ModelNotFound("a < b"), "text/html")
    assert body == b"<html><body><h1>llama-swap</h1><p>a &lt; b</p></body></html>"


def test_concurrency_limit_is_always_json_and_says_when_to_retry():
    headers, body = error_answer(ConcurrencyLimit(), "text/plain")
    assert (b"Retry-After", b"1") in headers
    assert json.loads(body)["error"]["message"] == "Too many requests"


def test_unauthorized_asks_for_credentials():
    assert (b"WWW-Authenticate", b'Basic realm="llama-swap"') in error_answer(Unauthorized(), "")[0]
