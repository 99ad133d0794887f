"""The one authentication check (HTTP specification, section 3)."""

import base64
import binascii
import hmac
from collections.abc import Collection

from llamaswap_desktop.errors import Unauthorized
from llamaswap_desktop.http1.messages import Request


def check_api_key(request: Request, api_keys: Collection[str]) -> None:
    """Raise ``Unauthorized`` unless the request carries one of ``api_keys``; no keys means no check."""
    if not api_keys:
        return
    candidate = _candidate(request)
    # Every key is compared, each in constant time: the answer's timing tells nothing about any of them.
    if not sum(hmac.compare_digest(candidate, key.encode()) for key in api_keys):
        raise Unauthorized


def _candidate(request: Request) -> bytes:
    scheme, _, value = request.header(b"authorization").partition(b" ")
    if scheme.lower() == b"basic":
        try:
            password = base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except binascii.Error:
            password = b""
        if password:
            return password
    if scheme.lower() == b"bearer" and value:
        return value
    return request.header(b"x-api-key")
