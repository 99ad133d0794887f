"""Says in one line what went wrong with an answer (HTTP specification, section 20.4)."""

import http.client
import json

import msgspec

_MAX_BYTES = 500
_PHRASES = {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}
"""Where the standard library's phrase changes from one version to the next."""


def failure_message(status: int, body: bytes) -> str:
    """Return what the decoded ``body`` of an answer that is no 200 says about the failure, or the status in words."""
    return shortened(_told(body)) or status_in_words(status)


def status_in_words(status: int) -> str:
    """Return ``502 Bad Gateway``, or ``HTTP 499`` for a code without a phrase."""
    phrase = _PHRASES.get(status) or http.client.responses.get(status)
    return f"{status} {phrase}" if phrase else f"HTTP {status}"


def shortened(message: str) -> str:
    """Return ``message`` trimmed, and cut to 500 bytes with three dots behind them."""
    trimmed = message.strip()
    encoded = trimmed.encode("utf-8", "replace")
    if len(encoded) <= _MAX_BYTES:
        return encoded.decode()
    return encoded[:_MAX_BYTES].decode("utf-8", "ignore") + "..."


def _told(body: bytes) -> str:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return ""
    if not isinstance(answer, dict):
        return ""
    error = answer.get("error")
    inner = error.get("message") if isinstance(error, dict) else None
    candidates = (inner, error, answer.get("message"), answer.get("detail"))
    return next((text for text in candidates if isinstance(text, str) and text.strip()), "")
