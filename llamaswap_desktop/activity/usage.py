"""Reads the token figures out of an answer (HTTP specification, section 21).

Three vocabularies are understood: ``usage`` (OpenAI, Anthropic, the responses API), ``timings`` (llama.cpp) and
``metrics`` (vLLM).  Whatever an upstream sends, nothing here raises: what cannot be understood has no figures.

Only the three members are turned into objects; the rest of the answer is skipped by msgspec's decoder, which takes
about 1.5 µs for a short chat answer.  A text that it refuses but a lenient reader understands (a lone ``NaN``, bytes
that are no UTF-8) is read by the standard library instead.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from llamaswap_desktop.activity.partial import top_level_value
from llamaswap_desktop.activity.records import Figures, Tokens

_NO_FIGURES = Figures()
_INT64 = range(-(2**63), 2**63)
_WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*")
_MENTION = re.compile(rb'"(?:usage|timings|metrics)"')


class _Parts(msgspec.Struct):
    """The members of a JSON answer that can hold figures."""

    usage: Any = None
    timings: Any = None
    metrics: Any = None
    response: msgspec.Raw = msgspec.Raw(b"")
    message: msgspec.Raw = msgspec.Raw(b"")


class _Inner(msgspec.Struct):
    """What ``response`` and ``message`` of a stream's event wrap."""

    usage: Any = None


_decode_parts = msgspec.json.Decoder(_Parts).decode
_decode_list = msgspec.json.Decoder(list[_Parts]).decode
_decode_inner = msgspec.json.Decoder(_Inner).decode
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def figures_of(body: bytes, content_type: str, path: str) -> Figures:
    """Return the figures of a whole, decoded answer to the forwarded ``path``."""
    if not _MENTION.search(body):
        return _NO_FIGURES
    if _is_event_stream(content_type):
        return _of_stream(body)
    return _of_document(body, path)


def figures_of_ends(beginning: bytes, end: bytes, content_type: str) -> Figures:
    """Return the figures of a decoded answer whose middle is missing."""
    if _is_event_stream(content_type):
        return _of_stream(beginning + b"\n" + end)
    parts = _Parts(*(top_level_value(name, beginning, end) for name in ("usage", "timings", "metrics")))
    return _Collector().take(parts).figures()


def _is_event_stream(content_type: str) -> bool:
    return "text/event-stream" in content_type.lower()


def _of_document(body: bytes, path: str) -> Figures:
    if body.lstrip()[:1] != b"[":
        parts = _parts_of(body)
        return _Collector().take(parts).figures() if parts is not None else _NO_FIGURES
    if not path.rstrip("/").endswith("/infill"):
        return _NO_FIGURES
    items = _items_of(body)
    return _Collector().take(_Parts(timings=items[-1].timings)).figures() if items else _NO_FIGURES


def _of_stream(body: bytes) -> Figures:
    """Take every ``data:`` line that mentions figures, in order."""
    collector = _Collector()
    for line in _lines_with_figures(body):
        if line.startswith(b"data:") and (parts := _parts_of(line[5:])) is not None:
            collector.take(parts)
            for wrapped in (parts.response, parts.message):
                collector.take_usage(_usage_within(wrapped))
    return collector.figures()


def _lines_with_figures(body: bytes) -> Iterator[bytes]:
    """Find the lines worth decoding: of ten thousand, most hold a word of text and nothing else."""
    end = 0
    for mention in _MENTION.finditer(body):
        if mention.start() < end:
            continue
        start = body.rfind(b"\n", end, mention.start()) + 1 or end
        end = body.find(b"\n", mention.end())
        end = len(body) if end < 0 else end
        yield body[start:end].strip()


# -- JSON of any quality


def _parts_of(text: bytes) -> _Parts | None:
    try:
        return _decode_parts(text)
    except _REFUSALS:
        return _parts_from(_lenient(text))


def _items_of(text: bytes) -> list[_Parts]:
    try:
        return _decode_list(text)
    except _REFUSALS:
        items = _lenient(text)
        return [_parts_from(item) or _Parts() for item in items] if isinstance(items, list) else []


def _parts_from(value: object) -> _Parts | None:
    if not isinstance(value, dict):
        return None
    wrapped = (msgspec.Raw(_reencoded(value.get(name))) for name in ("response", "message"))
    return _Parts(value.get("usage"), value.get("timings"), value.get("metrics"), *wrapped)


def _reencoded(value: object) -> bytes:
    """Bring what the lenient reader found back to strict JSON."""
    return json.dumps({"usage": value.get("usage")}).encode() if isinstance(value, dict) else b""


def _lenient(text: bytes) -> object:
    if text.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        return json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _usage_within(wrapped: msgspec.Raw) -> Any:
    try:
        return _decode_inner(wrapped).usage
    except _REFUSALS:
        return None


# -- figures of what was found


class _Collector:
    """Gathers the parts of one answer; of a stream, later ones add to earlier ones."""

    def __init__(self) -> None:
        self._input = 0
        self._output = 0
        self._cached = -1
        self._timings: dict[str, Any] | None = None
        self._metrics: dict[str, Any] | None = None
        self._has_usage = False

    def take(self, parts: _Parts) -> "_Collector":
        self.take_usage(parts.usage)
        if isinstance(parts.timings, dict):
            self._timings = parts.timings
        if isinstance(parts.metrics, dict):
            self._metrics = parts.metrics
        return self

    def take_usage(self, usage: Any) -> None:
        """Add a usage: counts of 0 overwrite nothing, for Anthropic's last event repeats only some; cached ones do."""
        if not isinstance(usage, dict):
            return
        self._has_usage = True
        self._input = _count(_first_of(usage, "prompt_tokens", "input_tokens")) or self._input
        self._output = _count(_first_of(usage, "completion_tokens", "output_tokens")) or self._output
        cached = usage.get("cache_read_input_tokens")
        for details in ("input_tokens_details", "prompt_tokens_details"):
            if cached is None and isinstance(usage.get(details), dict):
                cached = usage[details].get("cached_tokens")
        if cached is not None:
            self._cached = _count(cached)

    def figures(self) -> Figures:
        timings, metrics = self._timings, self._metrics
        if not self._has_usage and timings is None and metrics is None:
            return _NO_FIGURES
        tokens_in, tokens_out, cached = self._input, self._output, self._cached
        drafted = accepted = -1
        prompt_per_second = tokens_per_second = -1.0
        model_ms = 0.0
        if timings is not None:
            tokens_in, tokens_out = _count(timings.get("prompt_n")), _count(timings.get("predicted_n"))
            prompt_per_second = _number(timings.get("prompt_per_second"))
            tokens_per_second = _number(timings.get("predicted_per_second"))
            model_ms = _number(timings.get("prompt_ms")) + _number(timings.get("predicted_ms"))
            if timings.get("cache_n") is not None:
                cached = _count(timings["cache_n"])
            drafted, accepted = _pair(timings, "draft_n", "draft_n_accepted") or (drafted, accepted)
        if metrics is not None:
            speculative = metrics.get("speculative_decoding")
            if isinstance(speculative, dict):
                pair = _pair(speculative, "num_draft_tokens", "num_accepted_draft_tokens")
                drafted, accepted = pair or (drafted, accepted)
            if (first_token_ms := _number(metrics.get("time_to_first_token_ms"))) > 0:
                prompt_per_second = _finite((tokens_in - max(0, cached)) / (first_token_ms / 1000))
            if (between_tokens_ms := _number(metrics.get("mean_itl_ms"))) > 0:
                tokens_per_second = _finite(1000 / between_tokens_ms)
        tokens = Tokens(
            cache_tokens=cached,
            draft_tokens=drafted,
            draft_acc_tokens=accepted,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            prompt_per_second=prompt_per_second,
            tokens_per_second=tokens_per_second,
        )
        return Figures(tokens, model_ms)


def _first_of(members: dict[str, Any], *names: str) -> Any:
    return next((members[name] for name in names if members.get(name) is not None), None)


def _pair(members: dict[str, Any], first: str, second: str) -> tuple[int, int] | None:
    if members.get(first) is None or members.get(second) is None:
        return None
    return _count(members[first]), _count(members[second])


def _count(value: Any) -> int:
    """Return ``value`` as a whole number that a database can hold; 0 for what is no number."""
    is_whole = isinstance(value, int) or (isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value))
    count = int(value) if is_whole else math.trunc(_number(value))
    return min(max(count, _INT64.start), _INT64.stop - 1)


def _number(value: Any) -> float:
    """Return ``value`` as a finite number; 0 for what is none."""
    if not isinstance(value, int | float | str):
        return 0.0
    try:
        return _finite(float(value))
    except (ValueError, OverflowError):
        return 0.0


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
