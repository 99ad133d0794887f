"""What the data plane tells about a request while it answers it; the activity room plugs in here.

Everything is called on the event loop and must return at once.
"""

from collections.abc import Callable
from typing import Protocol

from llamaswap_desktop.http1 import Headers


class Observation(Protocol):
    """One request from model lookup to the end of its answer.

    ``prepared`` and ``granted`` come at most once each, ``begun`` once if anything is sent, then ``sent`` for each
    piece, and ``ended`` exactly once whatever happens.
    """

    def prepared(self, body: bytes) -> None:
        """Take the body as the model will get it; one that was spooled to disk is not told."""

    def granted(self, fifo_priority: int | None) -> None:
        """Know that the request goes to its model; the priority is that of a local one's queue, None for a peer."""

    def begun(self, status: int, headers: Headers) -> None:
        """Know that the head of the answer is on its way to the client, the server's own errors included."""

    def sent(self, piece: bytes) -> None:
        """Take a piece of the body that is on its way to the client, before it is framed in chunks."""

    def ended(self, *, error: str = "") -> None:
        """Know that the answer is over: given whole, broken off, or nobody waits for it.

        ``error`` is the message of a failure that no error body tells.
        """


class Observer(Protocol):
    """Wants to know of requests."""

    def begin(
        self,
        *,
        model: str,
        path: str,
        method: str,
        headers: Headers,
        remote_ip: str,
        started_at: float,
        cancel: Callable[[], None],
        is_recorded: bool = True,
        selector: str = "",
    ) -> Observation:
        """Take note of a request.

        ``path`` is the one forwarded (HTTP specification, section 2.1), ``headers`` the client's, ``started_at``
        monotonic time.  ``cancel`` ends the request from outside (section 10.6).  Without ``is_recorded`` it leaves
        nothing in the activity log.
        """


class Unobserved:
    """Observes nothing, for requests and programs that leave no trace."""

    def begin(self, **_about: object) -> "Unobserved":
        """Take no note."""
        return self

    def prepared(self, body: bytes) -> None:
        """Take no note."""

    def granted(self, fifo_priority: int | None) -> None:
        """Take no note."""

    def begun(self, status: int, headers: Headers) -> None:
        """Take no note."""

    def sent(self, piece: bytes) -> None:
        """Take no note."""

    def ended(self, *, error: str = "") -> None:
        """Take no note."""


UNOBSERVED = Unobserved()
