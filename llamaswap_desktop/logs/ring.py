"""The newest bytes of a log, each under the number it will always have."""

HISTORY_BYTES = 102_400
"""What a log shows of its past (runtime specification, section 7.2)."""

BACKLOG_BYTES = 256 * 1024
"""What is really kept, so that a reader may fall this far behind without losing anything.

uvloop hands over up to 2 MiB of a flooding child in one turn of the loop, so a flood can outrun any bound; a model
that loads (some hundred kilobytes in a second) does not outrun this one.
"""


class Ring:
    """Holds the last ``capacity`` bytes ever written; byte ``n`` of the log is byte ``n`` for ever.

    The buffer is allocated on the first write: most models of a long configuration never run.
    """

    __slots__ = ("_buffer", "_capacity", "end")

    def __init__(self, capacity: int = BACKLOG_BYTES) -> None:
        self._capacity = capacity
        self._buffer = bytearray()
        self.end = 0
        """How many bytes were ever written: the offset of the byte that comes next."""

    def __repr__(self) -> str:
        return f"<Ring {self.start}..{self.end}>"

    @property
    def start(self) -> int:
        """Offset of the oldest byte still here."""
        return max(0, self.end - self._capacity)

    def write(self, data: bytes) -> None:
        """Append ``data``; the oldest bytes give way."""
        if not self._buffer:
            self._buffer = bytearray(self._capacity)
        self.end += len(data)
        kept = data[-self._capacity :]
        at = (self.end - len(kept)) % self._capacity
        before_wrap = kept[: self._capacity - at]
        self._buffer[at : at + len(before_wrap)] = before_wrap
        if len(before_wrap) < len(kept):
            after_wrap = kept[len(before_wrap) :]
            self._buffer[: len(after_wrap)] = after_wrap

    def read(self, offset: int) -> bytes:
        """Return everything from ``offset`` on, or from ``start`` if that is later."""
        length = self.end - max(offset, self.start)
        if length <= 0:
            return b""
        at = (self.end - length) % self._capacity
        before_wrap = bytes(self._buffer[at : at + length])
        return before_wrap + bytes(self._buffer[: length - len(before_wrap)])
