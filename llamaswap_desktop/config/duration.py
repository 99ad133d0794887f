"""Durations as configuration files write them: ``90s``, ``1m30s``, ``1.5m`` (specification, section 13.4)."""

import re

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[-+]?(?:{_PART.pattern})+")


def parse_duration(text: str) -> float | None:
    """Return the seconds that ``text`` stands for, None if it has not the form of a duration."""
    if text in {"0", "+0", "-0"}:
        return 0.0
    if len(text) > 200 or not _WHOLE.fullmatch(text):
        return None
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
    return -seconds if text.startswith("-") else seconds
