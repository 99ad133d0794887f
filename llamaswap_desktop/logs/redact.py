"""Keeps secrets out of our own log lines, however they got into the text."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

_MASK = "***"
_CREDENTIALS = re.compile(r"\b(bearer|basic) [^\s\"',;]+", re.IGNORECASE)
"""What follows ``Bearer`` or ``Basic`` in an ``Authorization`` header is a key, if perhaps not one of ours."""

_SHORT = 6
"""A shorter key is hidden only where it stands alone: hiding each "a" would leave no readable line."""


class Redactor:
    """Replaces each secret by ``***``: as it is, percent-encoded, and as the password of basic authentication."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings = sorted({spelling for secret in secrets if secret for spelling in _spellings(secret)})
        self._known = re.compile("|".join(_patterns(self._spellings)))

    def clean(self, text: str) -> str:
        """Return ``text`` without any secret."""
        if any(spelling in text for spelling in self._spellings):  # a pattern would try each of them at each letter
            text = self._known.sub(_MASK, text)
        lowered = text.lower()  # one pattern for both would cost 8 us on every access line instead of 1
        if "bearer " in lowered or "basic " in lowered:
            text = _CREDENTIALS.sub(rf"\1 {_MASK}", text)
        return text


def _patterns(spellings: Iterable[str]) -> list[str]:
    return [_pattern(spelling) for spelling in sorted(spellings, key=len, reverse=True)]


def _spellings(secret: str) -> tuple[str, ...]:
    basic = base64.b64encode(f":{secret}".encode()).decode("ascii")
    return secret, quote(secret, safe=""), basic


def _pattern(spelling: str) -> str:
    escaped = re.escape(spelling)
    return rf"(?<!\w){escaped}(?!\w)" if len(spelling) < _SHORT else escaped
