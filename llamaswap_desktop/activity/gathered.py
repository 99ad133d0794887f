"""The requests that have ended and are not yet the writer's."""

from llamaswap_desktop.activity.records import Batch, Finished


class Gathered:
    """Finished requests, oldest first, with what they hold in memory."""

    __slots__ = ("_finished", "_passed_over", "_sizes", "size_bytes")

    def __init__(self) -> None:
        self._finished: list[Finished] = []
        self._sizes: list[int] = []
        self._passed_over = 0
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._finished)

    def add(self, finished: Finished, size_bytes: int) -> None:
        """Take one more."""
        self._finished.append(finished)
        self._sizes.append(size_bytes)
        self.size_bytes += size_bytes

    def keep_newest(self, count: int) -> None:
        """Pass over all but ``count``: they will have had their ids, and nothing else is left of them."""
        surplus = len(self._finished) - count
        if surplus > 0:
            self.size_bytes -= sum(self._sizes[:surplus])
            self._passed_over += surplus
            del self._finished[:surplus], self._sizes[:surplus]

    def take(self) -> Batch:
        """Return everything, and begin anew."""
        batch = Batch(self._finished, self.size_bytes, self._passed_over)
        self._finished, self._sizes = [], []
        self._passed_over = self.size_bytes = 0
        return batch
