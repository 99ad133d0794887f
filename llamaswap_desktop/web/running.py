"""What runs, and how to end it (HTTP specification, sections 14 and 15)."""

from aiohttp import web
from msgspec import Struct

from llamaswap_desktop.config import Model
from llamaswap_desktop.core import Core
from llamaswap_desktop.types import ProcessState
from llamaswap_desktop.web.answers import json_answer, ok_answer, rest_of

_GONE = {ProcessState.STOPPED, ProcessState.SHUTDOWN}


class RunningModel(Struct, frozen=True):
    """One entry of ``/running``; native clients decode strictly, so every key is always there."""

    model: str
    state: str
    cmd: str
    proxy: str
    ttl: int
    name: str
    description: str


class Running:
    """Answers ``/running`` and the routes that unload."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, _request: web.Request) -> web.Response:
        """Return every model whose process is there."""
        models = self._core.config.models
        states = sorted(self._core.process_states().items())
        return json_answer({"running": [_entry(models[id_], state) for id_, state in states if state not in _GONE]})

    async def unload_all(self, _request: web.Request) -> web.Response:
        """Unload everything, and answer when it is gone."""
        await self._core.unload()
        return ok_answer()

    async def unload_all_for_json(self, _request: web.Request) -> web.Response:
        """Do the same, with an answer in JSON."""
        await self._core.unload()
        return json_answer({"msg": "ok"})

    async def unload_one(self, request: web.Request) -> web.Response:
        """Unload one model, named by id or alias, and answer when it is gone."""
        model = self._core.resolve_local(rest_of(request, "/api/models/unload/"))
        await self._core.unload((model,))
        return ok_answer()


def _entry(model: Model, state: ProcessState) -> RunningModel:
    return RunningModel(
        model=model.id,
        state=state,
        cmd=model.cmd,
        proxy=model.proxy,
        ttl=model.ttl_s,
        name=model.name,
        description=model.description,
    )
