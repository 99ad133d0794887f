"""The one authentication check (HTTP specification, sections 3 and 31)."""

import base64
import binascii
import hmac
from collections.abc import Collection
from dataclasses import dataclass

from llamaswap_desktop.errors import Forbidden, Unauthorized
from llamaswap_desktop.http1.messages import Headers, Request


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this server: ``api`` for clients, ``admin`` for those who may command it.

    ``own_token`` stands in this instance's run file; it is good wherever an admin key is.
    """

    api: Collection[str] = ()
    admin: Collection[str] = ()
    own_token: str = ""

    def check(self, request: Request, *, for_admin: bool = False) -> None:
        """Let the request pass, or raise ``Unauthorized``, or ``Forbidden`` if it carries a lesser key.

        No keys means no check: without api keys clients need none, without admin keys an api key commands too.
        """
        needs_admin = for_admin and bool(self.admin)
        if not needs_admin and not self.api:
            return
        candidate = _candidate(request)
        if self._is_admin(candidate):
            return
        if not _is_among(candidate, self.api):
            raise Unauthorized
        if needs_admin:
            raise Forbidden("admin key required")

    def _is_admin(self, candidate: bytes) -> bool:
        return _is_among(candidate, self.admin) | _is_among(candidate, (self.own_token,) if self.own_token else ())

    def without_ours(self, headers: Headers) -> Headers:
        """Return ``headers`` without those that carry a key of this server: none of ours leaves for anybody."""
        if not self.api and not self.admin and not self.own_token:
            return headers
        return [header for header in headers if not self._carries_ours(*header)]

    def _carries_ours(self, name: bytes, value: bytes) -> bool:
        match name.lower():
            case b"authorization":
                key = _key_of(value)
            case b"x-api-key":
                key = value
            case _:
                return False
        return bool(key) and (self._is_admin(key) | _is_among(key, self.api))


def _is_among(candidate: bytes, keys: Collection[str]) -> bool:
    """Compare every key, each in constant time: the answer's timing tells nothing about any of them."""
    return bool(sum(hmac.compare_digest(candidate, key.encode()) for key in keys))


def _candidate(request: Request) -> bytes:
    return _key_of(request.header(b"authorization")) or request.header(b"x-api-key")


def _key_of(authorization: bytes) -> bytes:
    """Return the password of Basic or the key of Bearer; nothing if there is none."""
    scheme, _, value = authorization.partition(b" ")
    match scheme.lower():
        case b"basic":
            try:
                return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
            except binascii.Error:
                return b""
        case b"bearer":
            return value
        case _:
            return b""
