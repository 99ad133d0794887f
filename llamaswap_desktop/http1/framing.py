"""What may stand on the wire: the checks a request must pass, and how heads and bodies are written.

httptools (llhttp) parses; it does not refuse everything that must be refused.  The rest is refused here:
a missing or repeated ``Host``, any transfer coding but ``chunked``, a transfer coding in HTTP/1.0, HTTP/2.0
as a version, targets of another host, raw bytes above 0x7F (HTTP specification, section 1.2).
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from llamaswap_desktop.errors import Malformed
from llamaswap_desktop.http1.messages import Headers, Request

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.%]*\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")

_MAX_HOST_BYTES = 300
_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding"})

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

_REASONS = {
    101: b"Switching Protocols",
    102: b"Processing",
    103: b"Early Hints",
    200: b"OK",
    204: b"No Content",
    301: b"Moved Permanently",
    302: b"Found",
    307: b"Temporary Redirect",
    308: b"Permanent Redirect",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    409: b"Conflict",
    413: b"Content Too Large",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    499: b"Client Closed Request",
    500: b"Internal Server Error",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
}


def parse_request(
    *,
    method: str,
    target: bytes,
    version: str,
    headers: Headers,
    keep_alive: bool,
    client: str,
    wants_upgrade: bool = False,
) -> Request:
    """Check what the parser let through and make it a ``Request``.

    ``wants_upgrade`` says that the headers ask for another protocol; ``h2c`` and requests with a body are not heard.
    Raises ``Malformed`` naming the offending part.
    """
    if version not in {"1.0", "1.1"}:
        raise Malformed(f"HTTP version {version} cannot be served here: use HTTP/1.1")
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        lower = name.lower()
        if lower not in fields:
            fields[lower] = value
        elif lower in _ONCE:
            raise Malformed(f"a request may have one {name.decode('latin-1')} header, this one has more")
    length: int | None = int(fields.get(b"content-length", b"0"))
    host = fields.get(b"host")
    if host is None and version == "1.1":
        raise Malformed("a request needs a Host header, this one has none")
    if host is not None and (len(host) > _MAX_HOST_BYTES or not _is_host(host)):
        raise Malformed(f"the Host header {host[:200].decode('latin-1')!r} is no host")
    coding = fields.get(b"transfer-encoding")
    if coding is not None:
        if version == "1.0":
            raise Malformed("Transfer-Encoding is not allowed in an HTTP/1.0 request")
        if coding.strip().lower() != b"chunked":
            shown = coding[:200].decode("latin-1")
            raise Malformed(f"Transfer-Encoding {shown!r} is not supported: send 'chunked' or a Content-Length")
        length = None
    return Request(
        method=method,
        target=_origin_form(method, target, host or b""),
        version=version,
        headers=headers,
        length=length,
        keep_alive=keep_alive,
        client=client,
        upgrade=_upgrade(headers) if wants_upgrade and length == 0 and version == "1.1" else b"",
        fields=fields,
    )


@lru_cache(maxsize=64)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


def _upgrade(headers: Headers) -> bytes:
    protocols = b", ".join(value for name, value in headers if name.lower() == b"upgrade")
    return b"" if b"h2c" in protocols.lower() else protocols


def _origin_form(method: str, target: bytes, host: bytes) -> str:
    try:
        text = target.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("the path holds raw bytes above 0x7F: percent-encode them") from error
    if "#" in text:
        raise Malformed("the path holds a '#': a fragment is not sent to a server, as %23 it is part of the path")
    if text.startswith("/") or (text == "*" and method == "OPTIONS"):
        return text
    try:
        parts = urlsplit(text)
    except ValueError as error:  # an opening bracket without its end
        raise Malformed(f"the target {text[:200]!r} is no address") from error
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != host.decode("latin-1").lower():
        raise Malformed(f"the target {text[:200]!r} is not a path of this server")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def end_to_end(headers: Headers) -> Headers:
    """Return the headers that travel on: without the hop-by-hop ones and those that ``Connection`` names."""
    dropped = HOP_BY_HOP
    for name, value in headers:
        if len(name) == len(b"connection") and name.lower() == b"connection":
            dropped = dropped | {part.strip().lower() for part in value.split(b",")}
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def header_lines(headers: Headers) -> bytes:
    """Write headers, each on a line of its own."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def request_head(method: str, target: str, lines: bytes) -> bytes:
    """Write a request head around its ``header_lines``, blank line included."""
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (method.encode("ascii"), target.encode("ascii"), lines)


def response_head(status: int, lines: bytes, reason: bytes = b"") -> bytes:
    """Write a response head around its ``header_lines``, blank line included.

    ``reason`` defaults to the standard phrase.
    """
    return b"HTTP/1.1 %d %s\r\n%s\r\n" % (status, reason or _REASONS.get(status, b"Unknown"), lines)


def chunk(data: bytes) -> bytes:
    """Frame ``data`` (not empty) as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def last_chunk(trailers: Headers) -> bytes:
    """Write the end of a chunked body, with its trailer fields if it has any."""
    return b"0\r\n%s\r\n" % header_lines(trailers)


def has_no_body(method: str, status: int) -> bool:
    """Tell whether an answer to ``method`` with ``status`` ends with its head (RFC 9112, section 6.3)."""
    return method == "HEAD" or status in {204, 304} or status < 200
