"""The answer to every OPTIONS request (HTTP specification, section 4)."""

import re

from llamaswap_desktop.http1.messages import Headers, Request

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_USUAL_HEADERS = b"Content-Type, Authorization, Accept, X-Requested-With"


def preflight_headers(request: Request) -> Headers:
    """Allow any page to call any route; the names it asks for are repeated if they are proper header names."""
    asked = [name.strip() for name in request.header(b"access-control-request-headers").split(b",")]
    names = b", ".join(name for name in asked if _TOKEN.fullmatch(name))
    return [
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Access-Control-Allow-Methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        (b"Access-Control-Allow-Headers", names or _USUAL_HEADERS),
        (b"Access-Control-Max-Age", b"86400"),
    ]
