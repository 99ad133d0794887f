"""What the proxy tells about one request while it answers it.

On the hot path, so every method is a few assignments; whatever takes longer happens on the writer's thread after the
answer is out.
"""

import time
from collections.abc import Callable

from llamaswap_desktop.activity.inflight import InflightList, Row
from llamaswap_desktop.activity.records import Finished, Headers
from llamaswap_desktop.activity.tap import Tap


class Observation:
    """One request from model lookup to the end of its answer.

    Order of calls: ``prepared`` and ``granted`` at most once each, ``begun`` once if anything is sent, then ``sent``
    for each piece, and ``ended`` exactly once whatever happens.
    """

    __slots__ = ("_inflight", "_is_granted", "_keeps_request", "_record", "_request_body", "_row", "_status", "_tap")

    def __init__(
        self,
        row: Row,
        inflight: InflightList,
        record: Callable[[Finished], None] | None,
        tap: Tap,
        *,
        keeps_request: bool,
    ) -> None:
        self._row = row
        self._inflight = inflight
        self._record = record
        self._tap = tap
        self._keeps_request = keeps_request
        self._request_body: bytes | None = None
        self._status = 0
        self._is_granted = False
        inflight.add(row)

    def prepared(self, body: bytes) -> None:
        """Take the body as the model will get it; one that was spooled to disk is not told, and not captured."""
        if self._keeps_request:
            self._request_body = body

    def granted(self, fifo_priority: int | None) -> None:
        """Know that the request goes to its model; the priority is that of a local model's queue, None for a peer."""
        self._is_granted = True
        if fifo_priority is not None:
            self._row.metadata["fifo_priority"] = str(fifo_priority)

    def begun(self, status: int, headers: Headers) -> None:
        """Know that the head of the answer is on its way to the client, the server's own errors included."""
        self._status = status
        self._row.response_headers = headers
        self._inflight.got_on(self._row)

    def sent(self, piece: bytes) -> None:
        """Take a piece of the body that is on its way to the client, as it is before it is framed in chunks."""
        row = self._row
        row.response_bytes += len(piece)
        if not row.is_growing:
            self._inflight.grew(row)
        if self._record is not None:
            self._tap.feed(piece)

    def ended(self, *, error: str = "") -> None:
        """Know that the answer is over: given whole, broken off, or nobody waits for it.

        ``error`` is the message of the failure where there was one; the body of an error answer tells it by itself.
        """
        row = self._row
        self._inflight.remove(row)
        if self._record is None:
            return
        # A client that left got nothing: while it waited that counts as an empty 200, later as a dead upstream.
        status = self._status or (502 if self._is_granted else 200)
        self._record(
            Finished(
                row.model,
                row.path,
                row.headers,
                self._request_body,
                status,
                row.response_headers,
                self._tap,
                time.time(),
                time.monotonic() - row.started_at,
                row.metadata,
                error,
            )
        )
