"""One log: bytes go in, history and live readers come out, and no reader can slow the writer down.

A reader is nothing but a number, the offset of the byte it wants next.  It takes its bytes from the ring when it finds
the time.  So its history joins its live part without loss or repeat, a stuck reader costs the writer nothing, and one
that has fallen too far behind sees from the offsets alone how much it has missed (runtime specification, sections 7.2,
14.17 and 14.18; invariants 9 and 30).
"""

import asyncio
from collections.abc import Callable
from typing import Self

from llamaswap_desktop.logs.ring import HISTORY_BYTES, Ring

Sink = Callable[[bytes], None]
"""Takes a copy of what is written; must neither block nor raise."""


class Log:
    """The output of one source.  Lives on the event loop's thread, like everything that changes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ring = Ring()
        self._sinks: list[Sink] = []
        self._followers: set[Follower] = set()
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<Log {self.name!r}: {self._ring.end} bytes, {len(self._followers)} readers>"

    @property
    def end(self) -> int:
        """How many bytes were ever written."""
        return self._ring.end

    @property
    def start(self) -> int:
        """Offset of the oldest byte of the history."""
        return max(0, self._ring.end - HISTORY_BYTES)

    def write(self, data: bytes) -> None:
        """Append ``data`` as it is; returns at once whoever reads, and keeps no reference to it."""
        if not data:
            return
        self._ring.write(data)
        for sink in self._sinks:
            sink(data)
        for follower in self._followers:
            follower.wake()

    def history(self) -> bytes:
        """Return the newest 102 400 bytes, cut anywhere."""
        return self._ring.read(self.start)

    def copy_to(self, sink: Sink) -> None:
        """Give ``sink`` a copy of everything written from now on."""
        self._sinks.append(sink)

    def follow(self, offset: int | None = None, *, on_data: Callable[[], None] | None = None) -> "Follower":
        """Return a reader that starts at ``offset``: by default with the history, with ``log.end`` at what comes next.

        ``on_data`` is called, on the loop and never from within ``write``, once there is something to read: for those
        who merge several sources into one stream.  The follower is to be closed.
        """
        follower = Follower(self, self._ring, self.start if offset is None else offset, on_data)
        if self._is_closed:
            follower.end()
        else:
            self._followers.add(follower)
        return follower

    def forget(self, follower: "Follower") -> None:
        """Stop waking ``follower``."""
        self._followers.discard(follower)

    def close(self) -> None:
        """End every reader once it has read what is there: the program ends, or the model is gone."""
        self._is_closed = True
        for follower in tuple(self._followers):
            follower.end()


class Follower:
    """One reader of one log.

    Either iterate over it (``async for chunk in follower``), or call ``read`` whenever ``on_data`` says so.  As a
    context manager it closes itself.
    """

    def __init__(self, log: Log, ring: Ring, offset: int, on_data: Callable[[], None] | None) -> None:
        self._log = log
        self._ring = ring
        self._offset = min(offset, ring.end)
        self._on_data = on_data
        self._notice: asyncio.Handle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_at_line_start = True
        self._is_ended = False
        if self._offset < ring.end:
            self.wake()

    def __repr__(self) -> str:
        return f"<Follower of {self._log.name!r} at {self._offset} of {self._ring.end}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not (data := self.read()):
            if self._is_ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return data

    @property
    def is_ended(self) -> bool:
        """Nothing will come any more; what is there may still be read."""
        return self._is_ended

    def read(self) -> bytes:
        """Return all that has come since the last call, perhaps nothing.

        Where bytes were lost, the line ``— <n> bytes dropped —`` stands in their place.
        """
        dropped = self._ring.start - self._offset
        data = self._ring.read(self._offset)
        self._offset = self._ring.end
        if not data:
            return data
        if dropped > 0:
            data = dropped_line(dropped, is_at_line_start=self._is_at_line_start) + data
        self._is_at_line_start = data.endswith(b"\n")
        return data

    def wake(self) -> None:
        """Say that there is something to read; called by the log at each write."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._on_data is not None and self._notice is None:
            self._notice = asyncio.get_running_loop().call_soon(self._notify)

    def _notify(self) -> None:
        self._notice = None
        if self._on_data is not None:
            self._on_data()

    def end(self) -> None:
        """Let the reader finish: it gets what is there, and then the end."""
        self._is_ended = True
        self._log.forget(self)
        self.wake()

    def close(self) -> None:
        """Leave; safe to repeat."""
        self._on_data = None
        if self._notice is not None:
            self._notice.cancel()
            self._notice = None
        self.end()


def dropped_line(count: int, *, is_at_line_start: bool = True) -> bytes:
    """Return the line that stands for ``count`` lost bytes."""
    line = f"— {count} bytes dropped —\n".encode()
    return line if is_at_line_start else b"\n" + line
