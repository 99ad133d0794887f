"""The model list over HTTP (HTTP specification, section 13)."""

import time

from aiohttp import web

from llamaswap_desktop.core import Core
from llamaswap_desktop.web.answers import json_answer
from llamaswap_desktop.web.listing import list_models


class Models:
    """Answers ``/v1/models`` and ``/models``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, request: web.Request) -> web.Response:
        """Return the list; it alone may be read by any page, as chat clients in a browser ask for it."""
        core = self._core
        response = json_answer(list_models(core.config, core.profile, core.process_states(), int(time.time())))
        if origin := request.headers.get("Origin"):
            response.headers["Access-Control-Allow-Origin"] = origin
        return response
