"""A bounded look at a body that passes by: pieces are kept by reference, and nothing is copied on the way.

While the body fits the bound it is kept whole.  Beyond it only its beginning and its end stay: the figures of an
answer stand in one of the two (``message_start`` of an Anthropic stream, the last chunk of an OpenAI one).
"""

from collections import deque

HEAD_BYTES = 128 * 1024
TAIL_BYTES = 128 * 1024


class Tap:
    """What is kept of one body; written on the event loop, and read elsewhere once the body is over."""

    __slots__ = ("_bound_bytes", "_head", "_held_bytes", "_pieces", "total_bytes")

    def __init__(self, bound_bytes: int) -> None:
        self.total_bytes = 0
        self._bound_bytes = max(bound_bytes, HEAD_BYTES + TAIL_BYTES)
        self._pieces: list[bytes] | deque[bytes] = []
        self._held_bytes = 0  # of _pieces
        self._head: bytes | None = None  # set once the middle has been dropped

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        size = len(piece)
        self.total_bytes += size
        self._held_bytes += size
        self._pieces.append(piece)
        if self._held_bytes > self._bound_bytes:
            self._drop_middle()

    def _drop_middle(self) -> None:
        if self._head is None:
            self._head = _first(self._pieces, HEAD_BYTES)
            self._pieces = deque(self._pieces)
            self._bound_bytes = 2 * TAIL_BYTES  # from now on pieces are let go in bulk, not one by one
        while len(self._pieces) > 1 and self._held_bytes - len(self._pieces[0]) >= TAIL_BYTES:
            self._held_bytes -= len(self._pieces.popleft())  # type: ignore[union-attr] # a deque by now

    @property
    def held_bytes(self) -> int:
        """How much memory the tap keeps from being freed."""
        return self._held_bytes + len(self._head or b"")

    @property
    def whole(self) -> bytes | None:
        """The body, or None if its middle has been dropped."""
        return None if self._head is not None else b"".join(self._pieces)

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """Beginning and end of a body whose middle has been dropped."""
        assert self._head is not None, "the body is whole"
        return self._head, b"".join(self._pieces)[-TAIL_BYTES:]


def _first(pieces: list[bytes] | deque[bytes], size: int) -> bytes:
    taken = bytearray()
    for piece in pieces:
        taken += piece[: size - len(taken)]
        if len(taken) == size:
            break
    return bytes(taken)
