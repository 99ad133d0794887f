"""The machine and the program: figures, hardware, version (HTTP specification, sections 23 and 24)."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from msgspec import Struct

from llamaswap_desktop.activity import parse_rfc3339
from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.monitor import CONTENT_TYPE, Hardware, Sampler, performance, prometheus_text
from llamaswap_desktop.web.answers import json_answer, ok_answer


class Version(Struct, frozen=True):
    """Which build this is; ``commit`` and ``build_date`` are empty when running from source."""

    version: str
    commit: str = ""
    build_date: str = ""


class NoHardware(LlamaSwapError):
    """What this machine is made of could not be found out."""

    status = 503

    def __init__(self) -> None:
        super().__init__("hardware detection unavailable")


class Machine:
    """Answers ``/api/version``, ``/api/performance``, ``/api/hardware``, ``/metrics`` and the health checks.

    ``sampler`` returns None while the monitor is switched off.
    """

    def __init__(
        self,
        version: Version,
        sampler: Callable[[], Sampler | None],
        hardware: Callable[[], Awaitable[Hardware | None]],
    ) -> None:
        self._version = version
        self._sampler = sampler
        self._hardware = hardware

    async def health(self, _request: web.Request) -> web.Response:
        """Say that the program is there."""
        return ok_answer()

    async def version(self, _request: web.Request) -> web.Response:
        """Return which build this is."""
        return json_answer(self._version)

    async def performance(self, request: web.Request) -> web.Response:
        """Return the samples of the last hour, or those after a moment."""
        text = request.rel_url.query.get("after", "").strip()
        after = parse_rfc3339("after", text) if text else None
        sampler = self._sampler()
        if sampler is None:
            return json_answer({"enabled": False}, status=503)
        return json_answer(performance(sampler.history, after))

    async def hardware(self, _request: web.Request) -> web.Response:
        """Return the snapshot that was taken at the start."""
        found = await self._hardware()
        if found is None:
            raise NoHardware
        return json_answer(found)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Return the newest sample for Prometheus."""
        sampler = self._sampler()
        if sampler is None:
            text, status = "# performance monitor not available\n", 503
        else:
            text, status = prometheus_text(sampler.newest), 200
        return web.Response(body=text.encode(), status=status, headers={"Content-Type": CONTENT_TYPE})
