"""Turns a finished request into what is remembered of it (HTTP specification, sections 20.4 and 22)."""

from msgspec import Struct

from llamaswap_desktop.activity.captures import kept_bodies, pack
from llamaswap_desktop.activity.encoding import Undecodable, decode, decode_beginning, is_decodable
from llamaswap_desktop.activity.failures import failure_message, shortened
from llamaswap_desktop.activity.headers import header, shown_headers
from llamaswap_desktop.activity.records import Capture, Figures, Finished, Tokens
from llamaswap_desktop.activity.usage import figures_of, figures_of_ends


class Digest(Struct, frozen=True):
    """What a request leaves in the log; ``capture`` is packed, None where there is none."""

    tokens: Tokens
    duration_ms: int
    content_type: str
    error: str
    capture: bytes | None


class _Answer(Struct, frozen=True):
    """The answer as far as it could be read; ``body`` is decoded, None where it is not whole."""

    body: bytes | None
    figures: Figures = Figures()
    error: str = ""
    is_worth_a_capture: bool = True


def digest(finished: Finished, *, with_capture: bool) -> Digest:
    """Read what ``finished`` has to tell.  Takes as long as the body is large: not for the event loop."""
    content_type = header(finished.response_headers, b"content-type")
    answer = _read(finished, content_type)
    wall_ms = finished.duration_s * 1000
    return Digest(
        tokens=answer.figures.tokens,
        duration_ms=int(max(wall_ms, min(answer.figures.model_ms, 2.0**53))),
        content_type=content_type,
        error=shortened(finished.error) or answer.error,
        capture=_capture(finished, answer) if with_capture and answer.is_worth_a_capture else None,
    )


def _read(finished: Finished, content_type: str) -> _Answer:
    is_failure = finished.status != 200
    encoding = header(finished.response_headers, b"content-encoding")
    received = finished.response.whole
    if received is None:
        return _read_ends(finished, content_type, encoding)
    try:
        body = decode(received, encoding)
    except Undecodable as error:
        if is_failure:
            return _Answer(None, error=shortened(f"response decode failed: {error}"))
        return _Answer(None, error=shortened(f"response decompression failed: {error}"), is_worth_a_capture=False)
    if is_failure:
        return _Answer(None, error=failure_message(finished.status, body))
    if not body:
        return _Answer(body, is_worth_a_capture=False)
    return _Answer(body, figures_of(body, content_type, finished.path))


def _read_ends(finished: Finished, content_type: str, encoding: str) -> _Answer:
    """Read an answer that was too long to be kept whole."""
    if finished.status != 200:
        return _Answer(None, error=failure_message(finished.status, b""))
    beginning, end = finished.response.ends
    if is_decodable(encoding):
        beginning, end = decode_beginning(beginning, encoding), b""
    return _Answer(None, figures_of_ends(beginning, end, content_type))


def _capture(finished: Finished, answer: _Answer) -> bytes:
    kept = kept_bodies(finished.path)
    headers = finished.response_headers
    if is_decodable(header(headers, b"content-encoding")):
        headers = [(name, value) for name, value in headers if name.lower() != b"content-encoding"]
    return pack(
        Capture(
            id=0,
            req_path=finished.path,
            req_headers=shown_headers(finished.request_headers),
            req_body=finished.request_body if kept.request else None,
            resp_headers=shown_headers(headers),
            resp_body=answer.body if kept.response else None,
        )
    )
