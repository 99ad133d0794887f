"""What every handler needs: JSON out, bounded bodies in, errors in the one form (HTTP specification, section 5)."""

import logging
from typing import Final, TypeVar
from urllib.parse import unquote

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from llamaswap_desktop.errors import BodyTooLarge, LlamaSwapError, RequestRefused
from llamaswap_desktop.http1 import error_answer
from llamaswap_desktop.snapshot import Deadline

_log = logging.getLogger("llamaswap_desktop.web")


class InternalError(LlamaSwapError):
    """A mistake of ours; the log has the traceback."""


NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not what it should be."""

_MOST_BYTES: Final = 64 * 1024
"""More than what almost any route takes could mean."""

_Body = TypeVar("_Body")


def encoded(value: object) -> bytes:
    """Return ``value`` as JSON; a ``Deadline`` is the seconds that are left until then."""
    return msgspec.json.encode(value, enc_hook=_seconds_left)


def _seconds_left(value: object) -> float:
    assert isinstance(value, Deadline)
    return round(value.left_s, 3)


def json_answer(value: object, status: int = 200) -> web.Response:
    """Answer with ``value`` as JSON."""
    return web.Response(body=encoded(value), content_type="application/json", status=status)


def ok_answer() -> web.Response:
    """Answer with the two letters that say that all is well."""
    return web.Response(text="OK")


def no_such_page() -> web.Response:
    """Answer as for a path that no route has (section 1)."""
    return web.Response(status=404, text="404 page not found")


def rest_of(request: web.Request, prefix: str) -> str:
    """Return what follows ``prefix`` in the path, decoded once; an encoded slash was kept so far."""
    return unquote(request.rel_url.raw_path.removeprefix(prefix))


async def body_of(request: web.Request, most_bytes: int = _MOST_BYTES) -> bytes:
    """Read the whole body.  Raises ``BodyTooLarge``, before there is more in memory than is allowed."""
    pieces: list[bytes] = []
    size = 0
    while piece := await request.content.readany():
        size += len(piece)
        if size > most_bytes:
            raise BodyTooLarge(f"the body of this request may have {most_bytes} bytes at most")
        pieces.append(piece)
    return b"".join(pieces)


def decoded(body: bytes, kind: type[_Body]) -> _Body:
    """Return the body as what it has to be; raises ``RequestRefused`` naming what does not fit."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except NOT_JSON as error:
        raise RequestRefused(f"the body is not what this route takes: {error}") from error


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into the error body; what nobody expected is logged and is a 500."""
    try:
        return await handler(request)
    except LlamaSwapError as error:
        return _explained(request, error)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        if request.writer.output_size:
            raise  # the answer has begun: all that is left is to break it off
        _log.exception("answering %s %s failed", request.method, request.path)
        return _explained(request, InternalError("internal error: the log has the details"))


def _explained(request: web.Request, error: LlamaSwapError) -> web.Response:
    headers, body = error_answer(error, request.headers.get("Accept", ""))
    decoded = {name.decode("ascii"): value.decode("ascii") for name, value in headers}
    return web.Response(status=error.status, headers=decoded, body=body)


async def drop_server_header(_request: web.Request, response: web.StreamResponse) -> None:
    """Say nothing about what we are made of; llama-swap sends no such header either."""
    response.headers.pop("Server", None)
