"""Finds the model in a request's body without decoding more of it than needed.

The fast path decodes one typed member with msgspec.  It is taken only when the text ``"model"`` occurs once, so that
it cannot disagree with the rule for repeats (the first counts), and any doubt falls back to the scanner.

The scanner is lenient on purpose: clients and llama-swap agree that a body is passed on as it is, so it reads the
members of the top-level object as far as they make sense and never judges the rest.
Source: HTTP specification, section 6.1.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import msgspec

from llamaswap_desktop.errors import ModelNotGiven
from llamaswap_desktop.http1 import Request


class _Wanted(msgspec.Struct):
    model: str


_fast = msgspec.json.Decoder(_Wanted)

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE = re.compile(rb"[^\s,\]}\[{\"]+")


def requested_model(request: Request, body: bytes) -> str:
    """Return the model that the request names; raises ``ModelNotGiven``."""
    if "application/json" in request.content_type:
        name = _model_of_json(body)
    else:
        is_form = request.content_type.startswith("application/x-www-form-urlencoded")
        fields = parse_qs(body.decode("latin-1")) if is_form else {}
        name = (fields.get("model") or parse_qs(request.query).get("model") or [""])[0]
    if not name:
        raise ModelNotGiven
    return name


def _model_of_json(body: bytes) -> str:
    if body.count(b'"model"') == 1:
        try:
            return _fast.decode(body).model
        except msgspec.MsgspecError:
            pass
    for name, start, end in top_level_members(body):
        if _text(name) == "model":
            return _text(body[start:end])
    return ""


def top_level_members(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name (a JSON string) and value span of each member of the top-level object, as far as it can be read."""
    at = _skip_space(body, 0)
    if body[at : at + 1] != b"{":
        return
    at = _skip_space(body, at + 1)
    while name := _STRING.match(body, at):
        at = _skip_space(body, name.end())
        if body[at : at + 1] != b":":
            return
        start = _skip_space(body, at + 1)
        end = _end_of_value(body, start)
        if end is None:
            return
        yield name.group(), start, end
        at = _skip_space(body, end)
        if body[at : at + 1] != b",":
            return
        at = _skip_space(body, at + 1)


def _skip_space(body: bytes, at: int) -> int:
    match = _SPACE.match(body, at)
    assert match is not None
    return match.end()


_INSIDE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def _end_of_value(body: bytes, start: int) -> int | None:
    """Return where the value at ``start`` ends; None if it never does."""
    first = body[start : start + 1]
    if first == b'"':
        match = _STRING.match(body, start)
        return match.end() if match else None
    if first not in {b"{", b"["}:
        match = _BARE.match(body, start)
        return match.end() if match else None
    depth = 0
    for token in _INSIDE.finditer(body, start):
        mark = token.group()
        if mark in {b"{", b"["}:
            depth += 1
        elif mark in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def _text(value: bytes) -> str:
    """Return a JSON string's text, nothing for null, and the spelling of anything else."""
    if value.startswith(b'"'):
        try:
            return str(json.loads(value, strict=False))
        except ValueError:
            return value[1:-1].decode("utf-8", "replace")
    return "" if value == b"null" else value.decode("utf-8", "replace")
