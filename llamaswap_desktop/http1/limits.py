"""How much a client may ask of a connection (HTTP specification, section 1.3)."""

from typing import Protocol


class Limits(Protocol):
    """Bounds on what a client may send; 0 is no bound, but for ``header_bytes``."""

    @property
    def header_bytes(self) -> int:
        """The longest request line with its headers."""

    @property
    def body_bytes(self) -> int:
        """The longest body."""

    @property
    def head_time_s(self) -> float:
        """The longest time from the first byte of a head to its last."""

    @property
    def connections(self) -> int:
        """The most connections at once."""
