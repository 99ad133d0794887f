"""The routes that llama-swap has not got, below ``/api/desktop/`` (HTTP specification, section 31).

So far: the picture of now, and the verbs that the plain page needs.  ``docs/api.md`` names every key.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from aiohttp import web

from llamaswap_desktop.commands import Command, LoadModel, UnloadAll, UnloadModel
from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import LlamaSwapError, RequestRefused
from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.types import ModelId

_PREFIX = "/api/desktop/commands/"
_BODY_LIMIT_BYTES = 64 * 1024

_Body = TypeVar("_Body")


class NoSuchVerb(LlamaSwapError):
    """There is no command of that name."""

    status = 404


class _Nothing(msgspec.Struct, frozen=True):
    """A command that needs no word more."""


class _NamesModel(msgspec.Struct, frozen=True):
    """A command for one model, named by id or alias."""

    model: str


class DesktopApi:
    """Answers from the core's snapshot, and passes commands to it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._verbs: Mapping[str, Callable[[bytes], Command]] = {
            "load": lambda body: LoadModel(self._model_in(body)),
            "unload": lambda body: UnloadModel(self._model_in(body)),
            "unload_all": _unload_all,
        }

    async def state(self, _request: web.Request) -> web.Response:
        """Return the snapshot; its models are listed whether ``/v1/models`` lists them or not."""
        return _json(_state_of(self._core.snapshot()))

    async def command(self, request: web.Request) -> web.Response:
        """Carry out a verb; the answer does not wait for what it sets off."""
        name = request.path.removeprefix(_PREFIX)
        verb = self._verbs.get(name)
        if verb is None:
            raise NoSuchVerb(f"no command {name!r}; there are {', '.join(self._verbs)}")
        self._core.execute(verb(await _body_of(request)))
        return _json({"ok": True, "rev": self._core.snapshot().rev})

    def _model_in(self, body: bytes) -> ModelId:
        return self._core.resolve_local(_decoded(body, _NamesModel).model)


def _unload_all(body: bytes) -> UnloadAll:
    _decoded(body, _Nothing)
    return UnloadAll()


def _state_of(snapshot: Snapshot) -> dict[str, object]:
    return {
        "rev": snapshot.rev,
        "models": snapshot.models,
        "problems": snapshot.problems,
    }


async def _body_of(request: web.Request) -> bytes:
    body = await request.content.read(_BODY_LIMIT_BYTES + 1)
    while len(body) <= _BODY_LIMIT_BYTES and (more := await request.content.read(_BODY_LIMIT_BYTES)):
        body += more
    if len(body) > _BODY_LIMIT_BYTES:
        raise RequestRefused(f"a command may have {_BODY_LIMIT_BYTES} bytes at most")
    return body


def _decoded(body: bytes, kind: type[_Body]) -> _Body:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise RequestRefused(f"the body is no such command: {error}") from error


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
