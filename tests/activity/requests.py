"""Finished requests to order."""

import time

from llamaswap_desktop.activity.records import Finished
from llamaswap_desktop.activity.tap import Tap

CHAT = "/v1/chat/completions"
JSON = [(b"Content-Type", b"application/json")]
USAGE = b'{"usage":{"prompt_tokens":12,"completion_tokens":7}}'


def tapped(body: bytes, bound: int = 0) -> Tap:
    tap = Tap(bound)
    if body:
        tap.feed(body)
    return tap


def finished(body: bytes = USAGE, **changes) -> Finished:
    values = {
        "model": "m",
        "path": CHAT,
        "request_headers": [(b"User-Agent", b"test")],
        "request_body": b'{"model":"m"}',
        "status": 200,
        "response_headers": JSON,
        "response": tapped(body),
        "ended_at": time.time(),
        "duration_s": 0.25,
        "metadata": {},
        "error": "",
    }
    return Finished(**(values | changes))
