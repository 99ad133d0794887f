"""Where bodies wait that are too large for memory, or whose model is not ready yet.

``Spool`` is a file without a name: it takes what arrives and gives back any stretch of it.  ``Upload`` is a body that
passes by, in at one end and out at the other; only what is between the two takes room, and beyond a bound that room is
on disk.  Both touch the file on the event loop, in pieces that the page cache takes in less than 100 µs.
"""

import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from llamaswap_desktop.http1 import chunk, last_chunk

MEMORY_BYTES = 8 * 1024 * 1024
"""A body of this size is still held in memory."""

PIECE_BYTES = 256 * 1024


class Spool:
    """An unnamed file in ``folder`` (None: the system's folder for such files), gone with ``close`` or the program."""

    def __init__(self, folder: Path | None) -> None:
        self.size = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by its owner

    def append(self, data: bytes) -> None:
        """Take ``data`` at the end."""
        self._file.seek(self.size)
        self._file.write(data)
        self.size += len(data)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""
        self._file.seek(start)
        return self._file.read(end - start)

    def close(self) -> None:
        """Give the room back; safe to repeat."""
        self._file.close()


class Upload:
    """A request's body that is sent on while it arrives (a ``BodySource``).

    ``hold`` is called with True when the upstream takes it so slowly that reading the client should stop, and with
    False when it may go on; ``flow`` switches that on, for while nobody takes anything the client must be read.
    """

    def __init__(self, folder: Path | None, *, is_chunked: bool, hold: Callable[[bool], None]) -> None:
        self._folder = folder
        self._is_chunked = is_chunked
        self._hold = hold
        self._pieces: deque[bytes] = deque()
        self._memory_bytes = 0
        self._spool: Spool | None = None
        self._spool_at = 0
        self._is_flowing = False
        self._is_holding = False
        self._is_complete = False
        self._is_ended = False

    @property
    def backlog_bytes(self) -> int:
        """What has arrived and is not sent yet."""
        return self._memory_bytes + (self._spool.size - self._spool_at if self._spool is not None else 0)

    def flow(self) -> None:
        """Know that the upstream has begun to take the body."""
        self._is_flowing = True
        self._pace()

    def feed(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._spool is None and self._memory_bytes + len(data) > MEMORY_BYTES:
            self._spool = Spool(self._folder)
            self._spool_at = 0
        if self._spool is None:
            self._pieces.append(data)
            self._memory_bytes += len(data)
        else:
            self._spool.append(data)
        self._pace()

    def complete(self) -> None:
        """Know that the body has arrived whole."""
        self._is_complete = True

    def become_tunnel(self) -> None:
        """Carry bytes of another protocol from now on, as they are and without end."""
        self._is_chunked = False
        self._is_complete = False

    def read(self) -> bytes:
        data = self._next()
        if data:
            self._pace()
            return chunk(data) if self._is_chunked else data
        if self._is_complete and self._is_chunked and not self._is_ended:
            self._is_ended = True
            return last_chunk([])
        return b""

    @property
    def is_exhausted(self) -> bool:
        return self._is_complete and not self.backlog_bytes and (self._is_ended or not self._is_chunked)

    def close(self) -> None:
        """Give back what it holds; safe to repeat."""
        self._pieces.clear()
        self._memory_bytes = 0
        self._drop_spool()

    def _next(self) -> bytes:
        if self._pieces:
            data = self._pieces.popleft()
            self._memory_bytes -= len(data)
            return data
        if self._spool is None:
            return b""
        end = min(self._spool_at + PIECE_BYTES, self._spool.size)
        data = self._spool.read(self._spool_at, end)
        self._spool_at = end
        if end == self._spool.size:
            self._drop_spool()
        return data

    def _drop_spool(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _pace(self) -> None:
        hold = self._is_flowing and self.backlog_bytes > (0 if self._is_holding else PIECE_BYTES)
        if hold is not self._is_holding:
            self._is_holding = hold
            self._hold(hold)
