"""The activity log, its totals and its captures (HTTP specification, sections 20 to 22)."""

import re

from aiohttp import web

from llamaswap_desktop.activity import ActivityLog, parse_page_query, parse_stats_query
from llamaswap_desktop.errors import RequestRefused
from llamaswap_desktop.web.answers import json_answer, rest_of

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


class NoSuchCapture(RequestRefused):
    """There is no such entry, or it has no capture any more."""

    status = 404

    def __init__(self) -> None:
        super().__init__("capture not found")


class Activity:
    """Answers ``/api/metrics/activity``, ``/api/metrics/stats``, ``/api/captures/<id>`` and ``/api/desktop/loads``."""

    def __init__(self, activity: ActivityLog) -> None:
        self._activity = activity

    async def page(self, request: web.Request) -> web.Response:
        """Return a page of the log."""
        return json_answer(await self._activity.page(parse_page_query(request.rel_url.query.items())))

    async def stats(self, request: web.Request) -> web.Response:
        """Return the totals."""
        return json_answer(await self._activity.stats(parse_stats_query(request.rel_url.query.items())))

    async def loads(self, request: web.Request) -> web.Response:
        """Return a page of the history of loads, and what they cost."""
        return json_answer(await self._activity.loads(parse_page_query(request.rel_url.query.items())))

    async def capture(self, request: web.Request) -> web.Response:
        """Return one request and its answer in full."""
        wished = rest_of(request, "/api/captures/")
        if not _INTEGER.fullmatch(wished):
            raise RequestRefused("invalid capture ID")
        capture = await self._activity.capture(int(wished))
        if capture is None:
            raise NoSuchCapture
        return json_answer(capture)
