"""The two heads of HTTP/1.x as values: a request as it came in, a response head as it goes on."""

from dataclasses import dataclass
from functools import cached_property

Headers = list[tuple[bytes, bytes]]
"""Name and value as they were sent, in order, repeats kept."""


@dataclass(slots=True)
class ResponseHead:
    """Status line and headers of an upstream's answer.

    ``length`` is the announced body length in bytes, None when the body ends by chunks or by closing.
    ``keep_alive`` says whether the upstream will take another request on the same connection.
    """

    status: int
    reason: bytes
    headers: Headers
    length: int | None
    keep_alive: bool

    def header(self, name: bytes) -> bytes:
        """Return the first value of the header called ``name`` (lower case), or nothing."""
        return first_value(self.headers, name)


class Request:
    """A request head that has passed every check of ``framing.parse_request``.

    ``target`` is the origin-form target as sent; ``path`` is its part before the query, never decoded.
    ``length`` is the announced body length, None for a chunked body.  ``upgrade`` is the other protocol that the
    client would rather speak, such as ``websocket``, or empty.
    """

    def __init__(
        self,
        *,
        method: str,
        target: str,
        version: str,
        headers: Headers,
        length: int | None,
        keep_alive: bool,
        client: str,
        upgrade: bytes = b"",
    ) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.version = version
        self.headers = headers
        self.length = length
        self.keep_alive = keep_alive
        self.client = client
        self.upgrade = upgrade

    def header(self, name: bytes) -> bytes:
        """Return the first value of the header called ``name`` (lower case), or nothing."""
        return first_value(self.headers, name)

    @cached_property
    def content_type(self) -> str:
        return self.header(b"content-type").decode("latin-1").lower()

    @cached_property
    def accept(self) -> str:
        return self.header(b"accept").decode("latin-1")

    @property
    def remote_ip(self) -> str:
        """Who asks, as the access log names them (HTTP specification, section 1.1)."""
        forwarded = self.header(b"x-forwarded-for").split(b",")[0].strip()
        return (forwarded or self.header(b"x-real-ip")).decode("latin-1") or self.client


def first_value(headers: Headers, name: bytes) -> bytes:
    """Return the first value of the header called ``name`` (lower case), or nothing."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return b""
