"""Logs, at once and as they grow (HTTP specification, section 25)."""

from collections.abc import Callable, Iterable

from aiohttp import web

from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import ModelNotFound, RequestRefused
from llamaswap_desktop.logs import Log, Logs
from llamaswap_desktop.web.answers import rest_of
from llamaswap_desktop.web.stream import Stream, Streams

_STREAM_HEADERS = {
    "Content-Type": "text/plain",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",
}


class LogPages:
    """Answers ``/logs`` and the streams below it."""

    def __init__(self, core: Core, logs: Logs, streams: Streams) -> None:
        self._core = core
        self._logs = logs
        self._streams = streams

    async def history(self, request: web.Request) -> web.Response:
        """Return what is kept of the combined log; send a browser to its page instead."""
        if "text/html" in request.headers.get("Accept", ""):
            return web.Response(status=302, headers={"Location": "/ui/"})
        return web.Response(body=self._logs.combined.history(), content_type="text/plain")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send a log as it grows, its history first unless the query has ``no-history``.

        With ``no-follow``, which is ours, it is the history alone, and ends.
        """
        log = self._log_called(rest_of(request, "/logs/stream").removeprefix("/"))
        if "no-follow" in request.rel_url.query:
            return web.Response(body=log.history(), headers=_STREAM_HEADERS)
        source = _OneLog(log, with_history="no-history" not in request.rel_url.query)
        return await self._streams.serve(request, _STREAM_HEADERS, source)

    def _log_called(self, name: str) -> Log:
        if (log := self._logs.named(name)) is not None:
            return log
        try:
            return self._logs.model(self._core.resolve_local(name))
        except ModelNotFound as error:
            raise RequestRefused("invalid logger. Use 'proxy', 'upstream' or a model's ID") from error


class _OneLog:
    """A stream of one log; it ends with the log."""

    def __init__(self, log: Log, *, with_history: bool) -> None:
        self._log = log
        self._with_history = with_history

    def begin(self, stream: Stream) -> Callable[[], None]:
        follower = self._log.follow(
            None if self._with_history else self._log.end,
            on_data=lambda: stream.end() if follower.is_ended else stream.wake(),
        )
        stream.pull_from(follower.read)
        return follower.close

    def resync(self) -> Iterable[bytes]:
        return ()  # nothing is ever queued: what was missed is marked by the log itself
