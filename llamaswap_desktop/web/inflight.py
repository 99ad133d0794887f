"""Ending a request from outside (HTTP specification, section 19); the list itself comes with ``/api/events``."""

from aiohttp import web

from llamaswap_desktop.activity import ActivityLog
from llamaswap_desktop.errors import RequestRefused
from llamaswap_desktop.web.answers import json_answer, no_such_page, rest_of

_CANCEL = "/cancel"


class NoSuchRequest(RequestRefused):
    """There is no request of that id, or it has ended."""

    status = 404

    def __init__(self) -> None:
        super().__init__("inflight request not found")


class Inflight:
    """Answers ``/api/inflight/<id>/cancel``."""

    def __init__(self, activity: ActivityLog) -> None:
        self._activity = activity

    async def cancel(self, request: web.Request) -> web.Response:
        """End the request as if its client had left."""
        rest = rest_of(request, "/api/inflight/")
        if not rest.endswith(_CANCEL):
            return no_such_page()
        if not self._activity.inflight.cancel(rest.removesuffix(_CANCEL)):
            raise NoSuchRequest
        return json_answer({"msg": "ok"})
