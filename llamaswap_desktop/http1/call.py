"""One request to an upstream, from the side of whoever wants its answer."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1.messages import Headers, ResponseHead

if TYPE_CHECKING:
    from llamaswap_desktop.http1.upstream_connection import UpstreamConnection

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Receiver(Protocol):
    """Takes the answer of one exchange."""

    def on_interim(self, status: int, headers: Headers) -> None:
        """Take a head that precedes the answer (1xx); it may be left unused."""

    def on_answer(self, head: ResponseHead | None, body: bytes, *, complete: bool) -> None:
        """Take what one read brought; ``head`` comes once, first; ``complete`` comes once, last."""

    def on_failure(self, error: UpstreamFailed) -> None:
        """Know that no more will come: the upstream could not be reached or broke off."""


class BodySource(Protocol):
    """A request's body that is not at hand as one piece, framed already where it needs framing."""

    def read(self) -> bytes:
        """Return the next piece; nothing if there is none at the moment, or no more at all."""

    @property
    def is_exhausted(self) -> bool:
        """Whether everything has been read."""


class Call:
    """A request on its way: give it up with ``cancel``, slow its answer down with ``hold``."""

    __slots__ = (
        "_connecting",
        "_connection",
        "_is_held",
        "body",
        "is_over",
        "is_upgrade",
        "message",
        "method",
        "receiver",
        "retries",
        "trailers",
    )

    def __init__(
        self, method: str, message: bytes, receiver: Receiver, body: BodySource | None, *, is_upgrade: bool
    ) -> None:
        self.method = method
        self.message = message
        self.receiver = receiver
        self.body = body
        self.is_upgrade = is_upgrade
        self.is_over = False
        self.retries = 1 if body is None and method in _IDEMPOTENT else 0
        self.trailers: Headers = []
        self._connecting: asyncio.Task[object] | None = None
        self._connection: UpstreamConnection | None = None
        self._is_held = False

    def cancel(self) -> None:
        """Close the connection under the call at once; the receiver hears nothing more."""
        self.is_over = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.discard()

    def hold(self, hold: bool) -> None:
        """Stop or go on reading the answer."""
        self._is_held = hold
        if self._connection is not None:
            self._connection.hold(hold)

    def pump(self) -> None:
        """Send on what the body has got meanwhile, as fast as the upstream takes it."""
        if self._connection is not None:
            self._connection.pump()

    def attempt(self, connecting: "asyncio.Task[object]") -> None:
        self._connecting = connecting

    def attach(self, connection: "UpstreamConnection") -> None:
        self._connecting = None
        self._connection = connection
        if self._is_held:
            connection.hold(True)

    def detach(self) -> None:
        """Let go of a connection that may serve somebody else now."""
        self.is_over = True
        self._connection = None

    def fail(self, error: UpstreamFailed) -> None:
        if not self.is_over:
            self.detach()
            self.receiver.on_failure(error)
