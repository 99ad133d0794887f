"""The one error body: an exception becomes status, headers and text (HTTP specification, section 5)."""

import html

import msgspec

from llamaswap_desktop.errors import ConcurrencyLimit, LlamaSwapError, Unauthorized
from llamaswap_desktop.http1.messages import Headers

_KINDS = {
    400: ("invalid_request_error", "bad_request"),
    401: ("authentication_error", "unauthorized"),
    403: ("authentication_error", "forbidden"),
    404: ("invalid_request_error", "not_found"),
    409: ("invalid_request_error", "conflict"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    499: ("invalid_request_error", "request_cancelled"),
    502: ("server_error", "bad_gateway"),
    503: ("server_error", "service_unavailable"),
    504: ("server_error", "gateway_timeout"),
}


class ErrorObject(msgspec.Struct, frozen=True):
    """The ``error`` member of the envelope."""

    message: str
    type: str
    param: None
    code: str


class _Envelope(msgspec.Struct, frozen=True):
    src: str
    error: ErrorObject


def error_object(error: LlamaSwapError) -> ErrorObject:
    """Describe ``error`` as clients of the OpenAI API expect it."""
    kind, code = _KINDS.get(error.status) or (
        ("invalid_request_error", "invalid_request") if error.status < 500 else ("server_error", "internal_error")
    )
    return ErrorObject(message=str(error), type=kind, param=None, code=error.code or code)


def error_answer(error: LlamaSwapError, accept: str) -> tuple[Headers, bytes]:
    """Return headers and body for ``error`` in the form that the ``Accept`` header asks for.

    The concurrency limit is always JSON: automation clients retry on it whatever they accept.
    """
    if "text/plain" in accept and not isinstance(error, ConcurrencyLimit):
        content_type, body = b"text/plain", f"llama-swap: {error}".encode()
    elif "text/html" in accept and not isinstance(error, ConcurrencyLimit):
        content_type = b"text/html"
        body = f"<html><body><h1>llama-swap</h1><p>{html.escape(str(error))}</p></body></html>".encode()
    else:
        content_type = b"application/json"
        body = msgspec.json.encode(_Envelope(src="llama-swap", error=error_object(error)))
    headers = [(b"Content-Type", content_type)]
    if error.retry_after_s is not None:
        headers.append((b"Retry-After", b"%d" % error.retry_after_s))
    if isinstance(error, Unauthorized):
        headers.append((b"WWW-Authenticate", b'Basic realm="llama-swap"'))
    return headers, body
