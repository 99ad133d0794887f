"""Headers as they are shown: one spelling, one value each, secrets left out (HTTP specification, section 19)."""

from functools import lru_cache

from llamaswap_desktop.activity.records import Headers

REDACTED = "[REDACTED]"
_SECRET = frozenset({"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key"})
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@lru_cache(maxsize=512)
def canonical_name(name: bytes) -> str:
    """Return the common spelling of a header's name: ``x-session-ID`` becomes ``X-Session-Id``.

    What is no valid name stays as it is.
    """
    text = name.decode("latin-1")
    return "-".join(part.capitalize() for part in text.split("-")) if _TOKEN.issuperset(name) else text


def shown_headers(headers: Headers) -> dict[str, str]:
    """Return the first value of each header but ``Host``, with secrets replaced by ``[REDACTED]``."""
    shown: dict[str, str] = {}
    for name, value in headers:
        canonical = canonical_name(name)
        if canonical not in shown and canonical != "Host":
            shown[canonical] = REDACTED if canonical in _SECRET else value.decode("utf-8", "replace")
    return shown


def header(headers: Headers, name: bytes) -> str:
    """Return the first value of the header called ``name`` (lower case), or nothing."""
    for key, value in headers:
        if key.lower() == name:
            return value.decode("latin-1").strip()
    return ""
