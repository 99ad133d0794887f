"""Event streams: where an event ends, and how a failure is told inside a stream that has begun (section 10.4)."""

import msgspec

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.http1 import Headers, error_object

STREAM_HEADERS: Headers = [
    (b"Content-Type", b"text/event-stream"),
    (b"Cache-Control", b"no-cache"),
]
"""The head of an event stream that begins before its model answers (section 12)."""

_BOUNDARIES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class EventBoundary:
    """Knows whether the stream so far ends between two events."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> None:
        """Take what was sent to the client."""
        self._tail = (self._tail + data)[-4:] if len(data) < 4 else data[-4:]

    @property
    def is_between_events(self) -> bool:
        return not self._tail or self._tail.endswith(_BOUNDARIES)


class _Told(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None


class _ToldBody(msgspec.Struct):
    error: _Told | str | None = None


def error_event(path: str, error: LlamaSwapError, *, upstream_body: bytes = b"") -> bytes:
    """Return the event that tells clients of the route ``path`` (as forwarded) about ``error``.

    Where ``upstream_body``, an upstream's own error, has a message and a code, they take the place of ours.
    """
    about = error_object(error)
    try:
        told = msgspec.json.decode(upstream_body, type=_ToldBody).error if upstream_body else None
    except msgspec.MsgspecError:
        told = None
    if isinstance(told, _Told):
        about = msgspec.structs.replace(about, message=told.message or about.message, code=str(told.code or about.code))
    elif told:
        about = msgspec.structs.replace(about, message=told)
    bare = path.removeprefix("/v1")
    if bare.startswith("/messages"):
        return _named_event({"type": "error", "error": {"type": "api_error", "message": about.message}})
    if bare.startswith("/responses"):
        return _named_event({"type": "error", "code": about.code, "message": about.message, "param": None})
    return b"data: %s\n\n" % msgspec.json.encode({"error": about})


def _named_event(data: object) -> bytes:
    return b"event: error\ndata: %s\n\n" % msgspec.json.encode(data)
