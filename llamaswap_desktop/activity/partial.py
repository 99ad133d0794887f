"""Finds a member of a JSON document of which only the beginning and the end are known.

A value in the beginning belongs to the document's own level if exactly one bracket is open before it; one in the end,
if everything after it closes exactly one bracket, with which the document ends.
"""

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]')
_decode_at = json.JSONDecoder().raw_decode


def top_level_value(name: str, beginning: bytes, end: bytes) -> Any:
    """Return the value of the top-level member called ``name``, or None if neither part holds it."""
    member = re.compile(rf'"{re.escape(name)}"\s*:\s*')
    closing = end.decode("latin-1")  # one byte, one place; figures are ASCII
    for match in reversed(list(member.finditer(closing))):
        try:
            value, after = _decode_at(closing, match.end())
        except (ValueError, RecursionError):
            continue
        if _closes_the_document(closing, after):
            return value
    opening = beginning.decode("latin-1")
    depth = 0
    for token in _TOKEN.finditer(opening):
        text = token.group()
        if text in {"{", "["}:
            depth += 1
        elif text in {"}", "]"}:
            depth -= 1
        elif depth == 1 and (found := member.match(opening, token.start())):
            try:
                return _decode_at(opening, found.end())[0]
            except (ValueError, RecursionError):
                return None
    return None


def _closes_the_document(text: str, start: int) -> bool:
    depth = 1
    for token in _TOKEN.finditer(text, start):
        if depth == 0:
            return False
        mark = token.group()
        depth += (mark in {"{", "["}) - (mark in {"}", "]"})
    return depth == 0
