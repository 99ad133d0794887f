"""The access lines: one for each request, so they are made and written by the handful.

Through Python's logging a line costs 8 µs, and 15 in a program that does other things as well: a record, the search
for its caller, its formatting, a look for secrets, a walk through five sinks.  Put aside it costs 0.1 µs, and then 1.1
as its share of a handful.
"""

import asyncio
import time
from typing import Final

from llamaswap_desktop.events import RequestFinished
from llamaswap_desktop.logs.lines import AppLines

_COLLECT_S: Final = 0.05


class AccessLines:
    """Writes access lines into ``lines``, at the latest 50 ms after the request, and before any line said later.

    Belongs to the event loop's thread.  Source: HTTP specification, section 1.1.
    """

    def __init__(self, lines: AppLines) -> None:
        self._lines = lines
        self._waiting: list[tuple[float, RequestFinished]] = []
        self._due: asyncio.TimerHandle | None = None
        lines.go_before(self.flush)

    def add(self, event: RequestFinished) -> None:
        """Write the line of one request soon, if lines of this level are wanted."""
        if not self._lines.shows_info:
            return
        if not self._waiting:
            self._due = asyncio.get_running_loop().call_later(_COLLECT_S, self.flush)
        self._waiting.append((time.time(), event))

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        if self._due is not None:
            self._due.cancel()
            self._due = None
        waiting, self._waiting = self._waiting, []
        self._lines.write_info([_text(event) for _, event in waiting], [moment for moment, _ in waiting])


def _text(event: RequestFinished) -> str:
    request = f"{event.method} {event.path} {event.protocol}"
    answer = f"{event.status} {event.body_bytes}"
    return f'Request {event.client} "{request}" {answer} "{event.user_agent}" {event.duration_s * 1000:.3f}ms'
