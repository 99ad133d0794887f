"""The two heads of HTTP/1.x as values: a request as it came in, a response head as it goes on."""

from typing import Any

Headers = list[tuple[bytes, bytes]]
"""Name and value as they were sent, in order, repeats kept."""


class ResponseHead:
    """Status line and headers of an upstream's answer.

    ``length`` is the announced body length in bytes, None when the body ends by chunks or by closing.
    ``keep_alive`` says whether the upstream will take another request on the same connection.
    ``notes`` is for what others have made of the head; all that differ in length only share it (``known_head``).
    """

    __slots__ = ("_fields", "headers", "keep_alive", "length", "notes", "reason", "status")

    def __init__(
        self,
        *,
        status: int,
        reason: bytes,
        headers: Headers,
        keep_alive: bool,
        fields: dict[bytes, bytes] | None = None,
        notes: dict[object, Any] | None = None,
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.keep_alive = keep_alive
        self._fields = first_values(headers) if fields is None else fields
        length = self._fields.get(b"content-length")
        self.length = int(length) if length else None
        self.notes: dict[object, Any] = {} if notes is None else notes

    def with_length(self, length: int) -> "ResponseHead":
        """Return the same head for a body of another length."""
        if length == self.length:
            return self
        return ResponseHead(
            status=self.status,
            reason=self.reason,
            headers=_with_length(self.headers, length),
            keep_alive=self.keep_alive,
            fields={**self._fields, b"content-length": b"%d" % length},
            notes=self.notes,
        )

    def header(self, name: bytes) -> bytes:
        """Return the first value of the header called ``name`` (lower case), or nothing."""
        return self._fields.get(name, b"")


class Request:
    """A request head that has passed every check of ``framing.parse_request``.

    ``target`` is the origin-form target as sent; ``path`` is its part before the query, never decoded.
    ``length`` is the announced body length, None for a chunked body.  ``upgrade`` is the other protocol that the
    client would rather speak, such as ``websocket``, or empty.  ``fields`` are the first values of the headers by
    name in lower case, made from ``headers`` if they are not at hand.  ``notes`` is for what others have made of the
    head; all that differ in length only share it (``known_head``).
    """

    __slots__ = (
        "client",
        "fields",
        "headers",
        "keep_alive",
        "length",
        "method",
        "notes",
        "path",
        "query",
        "target",
        "upgrade",
        "version",
    )

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
        fields: dict[bytes, bytes] | None = None,
        notes: dict[object, Any] | None = None,
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
        self.fields = first_values(headers) if fields is None else fields
        self.notes: dict[object, Any] = {} if notes is None else notes

    def with_length(self, length: int) -> "Request":
        """Return the same request with a body of another length."""
        if length == self.length:
            return self
        return Request(
            method=self.method,
            target=self.target,
            version=self.version,
            headers=_with_length(self.headers, length),
            length=length,
            keep_alive=self.keep_alive,
            client=self.client,
            upgrade=self.upgrade,
            fields={**self.fields, b"content-length": b"%d" % length},
            notes=self.notes,
        )

    def header(self, name: bytes) -> bytes:
        """Return the first value of the header called ``name`` (lower case), or nothing."""
        return self.fields.get(name, b"")

    @property
    def content_type(self) -> str:
        """The content type in lower case, parameters included."""
        return self.header(b"content-type").decode("latin-1").lower()

    @property
    def accept(self) -> str:
        """What the client would like to get."""
        return self.header(b"accept").decode("latin-1")

    @property
    def remote_ip(self) -> str:
        """Who asks, as the access log names them (HTTP specification, section 1.1)."""
        noted: str | None = self.notes.get("remote_ip")
        if noted is None:
            forwarded = self.fields.get(b"x-forwarded-for")
            first = forwarded.split(b",")[0].strip() if forwarded else b""
            noted = self.notes["remote_ip"] = (first or self.header(b"x-real-ip")).decode("latin-1") or self.client
        return noted


def _with_length(headers: Headers, length: int) -> Headers:
    return [(name, b"%d" % length if name.lower() == b"content-length" else value) for name, value in headers]


def first_values(headers: Headers) -> dict[bytes, bytes]:
    """Return the first value of each header, by its name in lower case."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), value)
    return fields
