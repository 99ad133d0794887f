"""Hides whatever looks like a secret, known or not: for texts that leave this computer."""

import re

_MASK = "***"
# Where a word may begin is bound to the beginning of one, and its length too: a log may have lines of a megabyte.
_WORDS = r"(?:api[-_ ]?key|access[-_ ]?key|token|secret|password|passwd|credential)"
_PATTERNS = (
    # Keys of well-known services begin alike.
    (re.compile(r"\b(?:sk|pk|rk|hf|gh[opsu]|github_pat|glpat|xox[abp]|nvapi|r8|gsk)[-_][\w-]{8,}"), _MASK),
    (re.compile(r"\bAKIA[A-Z0-9]{12,}"), _MASK),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), _MASK),
    # --api-key VALUE, --hf-token=VALUE
    (re.compile(rf"(?i)(?<![\w-])(--?[\w-]{{0,60}}?{_WORDS}[\w-]*[= ]+)([\"']?)[^\s\"']+\2"), rf"\1\2{_MASK}\2"),
    # API_KEY=VALUE, "api_key": "VALUE", password: VALUE; a number after ``tokens`` is a count.
    (
        re.compile(rf"(?i)(?<![\w-])([\w-]{{0,60}}?{_WORDS}[\w-]*[\"']?[ \t]*[=:][ \t]*)([\"'])[^\"']+\2"),
        rf"\1\2{_MASK}\2",
    ),
    (
        re.compile(rf"(?i)(?<![\w-])([\w-]{{0,60}}?{_WORDS}[\w-]*[\"']?[ \t]*[=:][ \t]*)(?!\d+\b)[^\s\"',;&]+"),
        rf"\1{_MASK}",
    ),
    # https://user:VALUE@host
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+@"), rf"\1{_MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic) [^\s\"',;]+"), rf"\1 {_MASK}"),
)


def scrub(text: str) -> str:
    """Return ``text`` without anything that looks like a secret; it may hide too much, and never knows all."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
