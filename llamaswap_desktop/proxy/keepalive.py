"""Signs of life for event-stream clients that would give up in silence (HTTP specification, section 12.1)."""

import asyncio
from collections.abc import Callable

COMMENT = b": keep-alive\n\n"

ROUTES = frozenset(
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        "/completion",
        "/infill",
        "/v/chat/completions",
        "/v/completions",
        "/v/responses",
        "/v/messages",
    }
)
"""The routes, as requested, whose clients get comments."""


class KeepAlive:
    """Calls ``write`` with a comment every ``interval_s`` until it is stopped."""

    __slots__ = ("_interval_s", "_timer", "_write")

    def __init__(self, interval_s: float, write: Callable[[bytes], None]) -> None:
        self._interval_s = interval_s
        self._write = write
        self._timer = asyncio.get_running_loop().call_later(interval_s, self._tell)

    def stop(self) -> None:
        """Write nothing any more; safe to repeat."""
        self._timer.cancel()

    def _tell(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._tell)
        self._write(COMMENT)
