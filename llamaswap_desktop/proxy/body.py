"""The body of a request to a model route: gathered whole, searched for the model, changed by spans, and sent on.

Up to 8 MiB it is held in memory and looked at when it is whole.  Beyond that it goes into a spool file, and each piece
is looked at while it arrives, so that a body of any size costs the same memory and no long look at once.
"""

from collections.abc import Sequence
from pathlib import Path

from llamaswap_desktop.proxy.document import Span
from llamaswap_desktop.proxy.spool import MEMORY_BYTES, PIECE_BYTES, Spool
from llamaswap_desktop.proxy.treatment import Treatment


class Body:
    """A body of a kind that names no model; the kinds that do are its children.

    ``data`` is the body if it is in memory; ``pieces`` are what is sent once ``rewrite`` has changed something.
    """

    __slots__ = ("_at", "_folder", "_gathered", "_offset", "_spool", "data", "pieces", "size")

    def __init__(self, folder: Path | None, *, announced_bytes: int = 0) -> None:
        self.size = 0
        self.data = b""
        self.pieces: list[Span | bytes] | None = None
        self._folder = folder
        self._gathered: list[bytes] = []
        self._spool = Spool(folder) if announced_bytes > MEMORY_BYTES else None
        self._at = 0
        self._offset = 0

    # -- arriving

    def feed(self, data: bytes) -> None:
        """Take a piece."""
        self.size += len(data)
        if self._spool is None:
            self._gathered.append(data)
            if self.size <= MEMORY_BYTES:
                return
            self._spool = Spool(self._folder)
            data = b"".join(self._gathered)
            self._gathered.clear()
        self._spool.append(data)
        self.scan(data)

    def complete(self) -> None:
        """Know that it is whole."""
        if self._spool is None:
            gathered = self._gathered
            self.data = gathered[0] if len(gathered) == 1 else b"".join(gathered)
            self._gathered = []

    def scan(self, data: bytes) -> None:
        """Look at a piece of a body that is too large for memory."""

    def close(self) -> None:
        """Give back what it holds; safe to repeat."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    # -- what it says

    @property
    def is_in_memory(self) -> bool:
        """Whether the body has not been spooled."""
        return self._spool is None

    def model(self) -> str:
        """Return the model that is named, or nothing."""
        return ""

    def is_streaming(self) -> bool:
        """Tell whether an event stream is asked for."""
        return False

    def read_span(self, start: int, end: int) -> bytes:
        """Return a stretch of the body as it came."""
        return self._spool.read(start, end) if self._spool is not None else self.data[start:end]

    def rewrite(self, name: str | None, treatment: Treatment, requested: str) -> None:
        """Put ``name`` in the place of the model's, and apply the filters for the ``requested`` name.

        Raises ``BodyUnreadable`` and ``FilterFailed``.
        """

    def _put(self, pieces: list[Span | bytes]) -> None:
        if self._spool is None:
            self.data = b"".join(
                self.data[piece.start : piece.end] if isinstance(piece, Span) else piece for piece in pieces
            )
            self.size = len(self.data)
        else:
            self.pieces = pieces
            self.size = sum(piece.end - piece.start if isinstance(piece, Span) else len(piece) for piece in pieces)

    def _replace(self, spans: Sequence[Span], text: bytes) -> None:
        """Put ``text`` in the place of each of ``spans``, which are in order."""
        pieces: list[Span | bytes] = []
        end = 0
        for span in spans:
            pieces += (Span(end, span.start), text)
            end = span.end
        pieces.append(Span(end, self.size))
        self._put(pieces)

    # -- leaving: a ``BodySource`` for what is not in memory

    def read(self) -> bytes:
        assert self._spool is not None
        if self.pieces is None:
            self.pieces = [Span(0, self._spool.size)]
        while self._at < len(self.pieces):
            piece = self.pieces[self._at]
            if isinstance(piece, bytes):
                self._at += 1
                return piece
            start = max(piece.start, self._offset)
            end = min(start + PIECE_BYTES, piece.end)
            self._offset = end
            if end == piece.end:
                self._at += 1
                self._offset = 0
            if start < end:
                return self._spool.read(start, end)
        return b""

    @property
    def is_exhausted(self) -> bool:
        return self._spool is None or (self.pieces is not None and self._at == len(self.pieces))
