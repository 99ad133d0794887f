"""What a child says: standard output and error in one stream, passed on as it comes, its last line remembered."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable

_TAIL_BYTES = 4096
_MAX_LINE_CHARACTERS = 300
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")


class Output(asyncio.Protocol):
    """Reads one child's pipe until it ends; ``write`` gets every byte unaltered."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._tail = b""
        self._transport: asyncio.BaseTransport | None = None
        self._ended = asyncio.Event()
        self.last_heard_at = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.last_heard_at = time.monotonic()
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        self._write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._ended.set()

    @property
    def last_line(self) -> str:
        """The last line that says something, without colours, cut to a readable length; empty if there is none."""
        for line in reversed(_ESCAPES.sub(b"", self._tail).splitlines()):
            text = line.decode("utf-8", "replace").strip()
            if any(character.isalnum() for character in text):
                return text[:_MAX_LINE_CHARACTERS]
        return ""

    async def end(self, patience_s: float) -> None:
        """Wait until the pipe ends; close it after ``patience_s``: somebody may hold its other side for good."""
        await self.settle(patience_s)
        if not self._ended.is_set() and self._transport is not None:
            self._transport.close()

    async def settle(self, patience_s: float) -> None:
        """Wait until the pipe ends or ``patience_s`` have passed, so that the last words have been heard."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._ended.wait()
