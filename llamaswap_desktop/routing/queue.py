"""The waiting line: who is looked at first (runtime specification, sections 3.6 and 14.1)."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from llamaswap_desktop.config import Fifo
from llamaswap_desktop.routing.records import Request

_Entry = tuple[float, int, Request]


class Queue:
    """Requests by effective priority, then by admission.

    Priority ages: effective priority = configured + waited / ``agingStep``.  All waits grow alike, so the order of two
    requests never changes, and the line is sorted once by arrival / ``agingStep`` - configured.
    """

    def __init__(self, fifo: Fifo) -> None:
        self._fifo = fifo
        self._entries: list[_Entry] = []
        self._oldest: Request | None = None
        self.revision = 0
        """Grows with every change."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Request]:
        """Yield from front to back what is in the line now; it may change meanwhile."""
        return iter([request for _, _, request in self._entries])

    def add(self, request: Request) -> None:
        """Put the request behind all of equal or higher effective priority."""
        insort(self._entries, self._entry(request))
        self.revision += 1
        if self._oldest is not None and request.number < self._oldest.number:
            self._oldest = request

    def remove(self, request: Request) -> None:
        """Take the request out; it must be in."""
        del self._entries[self._index(request)]
        self.revision += 1
        if request is self._oldest:
            self._oldest = None

    def position(self, request: Request) -> int:
        """Return the request's place, from 1; it must be in."""
        return self._index(request) + 1

    def oldest(self) -> Request | None:
        """Return who has waited longest."""
        if self._oldest is None and self._entries:
            self._oldest = min((request for _, _, request in self._entries), key=lambda request: request.number)
        return self._oldest

    def reorder(self, fifo: Fifo) -> None:
        """Go by other priorities from now on."""
        self._fifo = fifo
        self._entries = sorted(self._entry(request) for request in self)
        self.revision += 1

    def _entry(self, request: Request) -> _Entry:
        step = self._fifo.aging_step_s
        aged = request.arrived / step if step else 0.0
        return (aged - request.model.priority, request.number, request)

    def _index(self, request: Request) -> int:
        rank, number, _ = self._entry(request)
        index = bisect_left(self._entries, (rank, number))
        assert self._entries[index][2] is request
        return index
