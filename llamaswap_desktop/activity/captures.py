"""Keeps whole requests and answers for a while, the newest within a budget (HTTP specification, section 22).

A capture is one compressed bytes object, and it is the compressed bytes that the budget counts.
"""

import zlib
from dataclasses import dataclass

import msgspec

from llamaswap_desktop.activity.records import Capture

_FAST = 1
"""zlib's level: 6 µs for a short chat, and a prompt of JSON shrinks to a fifth."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Which bodies of a route are worth keeping."""

    request: bool
    response: bool


_BOTH = Kept(request=True, response=True)
_REQUEST = Kept(request=True, response=False)
_RESPONSE = Kept(request=False, response=True)
_NEITHER = Kept(request=False, response=False)
_BY_PATH = {
    "/v1/audio/speech": _REQUEST,
    "/v1/images/generations": _REQUEST,
    "/sdapi/v1/txt2img": _REQUEST,
    "/v1/audio/voices": _RESPONSE,
    "/v1/audio/transcriptions": _RESPONSE,
    "/v1/images/edits": _NEITHER,
    "/sdapi/v1/img2img": _NEITHER,
}


def kept_bodies(path: str) -> Kept:
    """Return which bodies are kept of requests to the forwarded ``path``; pictures and sound are not."""
    return _BY_PATH.get(path, _BOTH)


class _Packed(msgspec.Struct, array_like=True):
    req_path: str
    req_headers: dict[str, str]
    req_body: bytes | None
    resp_headers: dict[str, str]
    resp_body: bytes | None


_unpack = msgspec.msgpack.Decoder(_Packed).decode


def pack(capture: Capture) -> bytes:
    """Return ``capture`` as one bytes object, without its id."""
    packed = _Packed(
        req_path=capture.req_path,
        req_headers=dict(capture.req_headers),
        req_body=capture.req_body,
        resp_headers=dict(capture.resp_headers),
        resp_body=capture.resp_body,
    )
    return zlib.compress(msgspec.msgpack.encode(packed), _FAST)


class CaptureBuffer:
    """The newest captures by activity id, as many as the budget holds."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._used_bytes = 0
        self._packed: dict[int, bytes] = {}  # oldest first

    def __contains__(self, activity_id: object) -> bool:
        return activity_id in self._packed

    def add(self, activity_id: int, packed: bytes) -> None:
        """Keep a capture, at the cost of the oldest; one larger than the whole budget is not kept."""
        if len(packed) <= self._budget_bytes:
            self._packed[activity_id] = packed
            self._used_bytes += len(packed)
            self._make_room()

    def resize(self, budget_bytes: int) -> None:
        """Work with another budget from now on."""
        self._budget_bytes = budget_bytes
        self._make_room()

    def renumber(self, first: int, delta: int) -> None:
        """Follow a change of the ids from ``first`` on."""
        self._packed = {key + delta if key >= first else key: packed for key, packed in self._packed.items()}

    def get(self, activity_id: int) -> Capture | None:
        """Return a capture, if it is still there."""
        packed = self._packed.get(activity_id)
        if packed is None:
            return None
        inside = _unpack(zlib.decompress(packed))
        return Capture(
            id=activity_id,
            req_path=inside.req_path,
            req_headers=inside.req_headers,
            req_body=inside.req_body,
            resp_headers=inside.resp_headers,
            resp_body=inside.resp_body,
        )

    def _make_room(self) -> None:
        while self._used_bytes > self._budget_bytes:
            self._used_bytes -= len(self._packed.pop(next(iter(self._packed))))
