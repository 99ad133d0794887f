"""Event streams: each client has a bounded queue, and whoever publishes never waits for any of them.

Theory of operation.  A publisher puts bytes into a queue and goes on.  The client's own task takes them out, all that
there are by then with one write, and waits as long as the client needs.  A client that is too slow loses all that was
queued and gets a *resync* instead: the picture of the moment when it can take something again, which stands for
everything that was dropped (runtime specification, section 14.17).  Logs are not queued at all: they wait in their own
ring until they are *pulled*.

A stream ends when its client leaves (aiohttp cancels the handler), or at shutdown, before anything else ends.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from aiohttp import web

MOST_QUEUED: Final = 1024
MOST_QUEUED_BYTES: Final = 8 * 1024 * 1024
"""With hundreds of models one message may have 100 KB."""


class Source(Protocol):
    """What a client is told."""

    def begin(self, stream: "Stream") -> Callable[[], None]:
        """Say to ``stream`` how things are, and from then on what changes; the result ends that."""

    def resync(self) -> Iterable[bytes]:
        """Return what stands for everything that a slow client has missed."""


class Stream:
    """What one client is still to be told, oldest first."""

    def __init__(
        self,
        resync: Callable[[], Iterable[bytes]],
        *,
        most_queued: int = MOST_QUEUED,
        most_queued_bytes: int = MOST_QUEUED_BYTES,
    ) -> None:
        self._resync = resync
        self._most_queued = most_queued
        self._most_queued_bytes = most_queued_bytes
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._pulls: list[Callable[[], bytes]] = []
        self._is_overflown = False
        self._is_ended = False
        self._news = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Stream: {len(self._queue)} messages{', overflown' * self._is_overflown}>"

    def say(self, message: bytes) -> None:
        """Have ``message`` sent, or stand in for it by a resync; returns at once."""
        if self._is_overflown or self._is_ended:
            return
        if len(self._queue) >= self._most_queued or self._queued_bytes >= self._most_queued_bytes:
            self._queue.clear()
            self._queued_bytes = 0
            self._is_overflown = True
        else:
            self._put(message)
        self.wake()

    def _put(self, message: bytes) -> None:
        self._queue.append(message)
        self._queued_bytes += len(message)

    def pull_from(self, pull: Callable[[], bytes]) -> None:
        """Call ``pull`` for more whenever the client can take it; ``wake`` says that there is something."""
        self._pulls.append(pull)

    def wake(self) -> None:
        """Look for something to send."""
        self._news.set()

    def end(self) -> None:
        """Let the client have what is queued, and then the end."""
        self._is_ended = True
        self.wake()

    async def next(self) -> bytes:
        """Wait for something to send and return all there is of it, in order; nothing once the stream has ended."""
        while True:
            if self._is_overflown:
                self._is_overflown = False
                for message in self._resync():
                    self._put(message)
            if self._queue:
                messages = b"".join(self._queue)
                self._queue.clear()
                self._queued_bytes = 0
                return messages
            for pull in self._pulls:
                if data := pull():
                    return data
            if self._is_ended:
                return b""
            await self._news.wait()
            self._news.clear()


class Streams:
    """All open streams; they end together."""

    def __init__(self) -> None:
        self._open: set[Stream] = set()
        self._is_ended = False

    def __repr__(self) -> str:
        return f"<Streams: {len(self._open)} open>"

    def end(self) -> None:
        """End every stream, and each later one as soon as it has begun: the program is about to end."""
        self._is_ended = True
        for stream in tuple(self._open):
            stream.end()

    async def serve(self, request: web.Request, headers: Mapping[str, str], source: Source) -> web.StreamResponse:
        """Answer ``request`` with what ``source`` says, the head at once, until the client leaves or streams end."""
        response = web.StreamResponse(headers=headers)
        if request.keep_alive and request.version >= (1, 1):
            response.headers["Connection"] = "keep-alive"
        await response.prepare(request)
        if request.method != "HEAD":
            await self._send(response, source)
        return response

    async def _send(self, response: web.StreamResponse, source: Source) -> None:
        stream = Stream(source.resync)
        leave = source.begin(stream)
        self._open.add(stream)
        try:
            if self._is_ended:
                stream.end()
            while data := await stream.next():
                await response.write(data)
        finally:
            self._open.discard(stream)
            leave()
