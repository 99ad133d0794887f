"""Sizes as people compare them."""

_KIBI = 1024.0


def memory_size(number_of_bytes: int) -> str:
    """Return a memory size in few letters: ``612 MiB``, ``4.1 GiB``."""
    mebibytes = number_of_bytes / _KIBI**2
    return f"{mebibytes:.0f} MiB" if mebibytes < _KIBI else f"{mebibytes / _KIBI:.1f} GiB"
