"""The control routes, as aiohttp handlers (HTTP specification, sections 13 to 15 and 23).

Which paths exist is ``http1.ROUTES``'s business; here stands what each of them answers.
"""

import time
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from llamaswap_desktop import __version__
from llamaswap_desktop.config import Model
from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound
from llamaswap_desktop.http1 import ROUTES, Group, error_answer
from llamaswap_desktop.types import ProcessState
from llamaswap_desktop.web.desktop_api import DesktopApi
from llamaswap_desktop.web.pages import Pages


class ModelStatus(msgspec.Struct, frozen=True):
    """Whether a listed model is in memory."""

    value: str


class ListedModel(msgspec.Struct, frozen=True):
    """One record of ``/v1/models``."""

    id: str
    created: int
    status: ModelStatus
    meta: Mapping[str, object]
    object: str
    owned_by: str
    name: str | msgspec.UnsetType
    description: str | msgspec.UnsetType


class RunningModel(msgspec.Struct, frozen=True):
    """One entry of ``/running``; native clients decode strictly, so every key is always there."""

    model: str
    state: str
    cmd: str
    proxy: str
    ttl: int
    name: str
    description: str


class Api:
    """Answers the control routes from the core's facade."""

    def __init__(self, core: Core) -> None:
        self._core = core
        desktop, pages = DesktopApi(core), Pages()
        self._answers: Mapping[str, Handler] = {
            "/health": self.health,
            "/wol-health": self.health,
            "/v1/models": self.models,
            "/models": self.models,
            "/running": self.running,
            "/unload": self.unload_all,
            "/api/models/unload": self.unload_all_json,
            "/api/models/unload/{rest}": self.unload_one,
            "/api/version": self.version,
            "/api/desktop/state": desktop.state,
            "/api/desktop/commands/{rest}": desktop.command,
            "/ui/{rest}": pages.page,
            "/favicon.ico": pages.favicon,
        }

    def build_app(self) -> web.Application:
        """Return the aiohttp application, with every route of the table that is not a model's."""
        app = web.Application(middlewares=[_explain_errors], client_max_size=0)
        app.on_response_prepare.append(_drop_server_header)
        for route in ROUTES:
            answer = self._answers.get(route.path)
            if answer is not None and route.group is not Group.MODEL:
                path = route.path.replace("{rest}", "{rest:.*}")
                app.router.add_route(route.method, path, answer)
                if route.method == "GET":
                    app.router.add_route("HEAD", path, answer)
        return app

    async def health(self, _request: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def version(self, _request: web.Request) -> web.Response:
        return _json({"version": __version__, "commit": "", "build_date": ""})

    async def models(self, request: web.Request) -> web.Response:
        created = int(time.time())
        states = self._core.process_states()
        listed = [
            _listed(model, states[model.id], created)
            for model in self._core.config.models.values()
            if not model.unlisted
        ]
        response = _json({"object": "list", "data": listed})
        if origin := request.headers.get("Origin"):
            response.headers["Access-Control-Allow-Origin"] = origin
        return response

    async def running(self, _request: web.Request) -> web.Response:
        entries = []
        for model_id, state in self._core.process_states().items():
            if state not in {ProcessState.STOPPED, ProcessState.SHUTDOWN}:
                model = self._core.config.models[model_id]
                entries.append(
                    RunningModel(
                        model=model.id,
                        state=state,
                        cmd=model.cmd,
                        proxy=model.proxy,
                        ttl=model.ttl_s,
                        name=model.name,
                        description=model.description,
                    )
                )
        return _json({"running": entries})

    async def unload_all(self, _request: web.Request) -> web.Response:
        await self._core.unload()
        return web.Response(text="OK")

    async def unload_all_json(self, _request: web.Request) -> web.Response:
        await self._core.unload()
        return _json({"msg": "ok"})

    async def unload_one(self, request: web.Request) -> web.Response:
        name = unquote(request.rel_url.raw_path.removeprefix("/api/models/unload/"))
        model = self._core.config.resolve_local(name)
        if model is None:
            raise ModelNotFound("model not found")
        await self._core.unload((model,))
        return web.Response(text="OK")


def _listed(model: Model, state: ProcessState, created: int) -> ListedModel:
    is_loaded = state in {ProcessState.STARTING, ProcessState.READY, ProcessState.STOPPING}
    about: dict[str, object] = {**model.metadata, "type": "model"}
    if model.aliases:
        about["aliases"] = model.aliases
    return ListedModel(
        id=model.id,
        created=created,
        status=ModelStatus("loaded" if is_loaded else "unloaded"),
        meta={"llamaswap": about},
        object="model",
        owned_by="llama-swap",
        name=model.name.strip() or msgspec.UNSET,
        description=model.description.strip() or msgspec.UNSET,
    )


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


@web.middleware
async def _explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LlamaSwapError as error:
        headers, body = error_answer(error, request.headers.get("Accept", ""))
        decoded = {name.decode("ascii"): value.decode("ascii") for name, value in headers}
        return web.Response(status=error.status, headers=decoded, body=body)


async def _drop_server_header(_request: web.Request, response: web.StreamResponse) -> None:
    """Say nothing about what we are made of; llama-swap sends no such header either."""
    response.headers.pop("Server", None)
