"""Windows performance counters (PDH), by wildcard: all instances of a counter at once.

Works on any system with a ``library`` that has PDH's functions, which is how it is tested.
"""

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import Structure, byref, c_double, c_uint32, c_void_p, c_wchar_p
from typing import Any, Final

_DOUBLE: Final = 0x200
_NO_CAP: Final = 0x8000
"""Without it the system cuts every value at 100."""
_MORE_DATA: Final = 0x800007D2
_VALID: Final = {0, 1}
"""PDH_CSTATUS_VALID_DATA and PDH_CSTATUS_NEW_DATA."""


class _Item(Structure):
    _fields_ = (("name", c_wchar_p), ("status", c_uint32), ("value", c_double))


def load_pdh() -> Any:
    """Load Windows's own library."""
    return ctypes.CDLL("pdh.dll")


class Counters:
    r"""A set of counters that are read together.  ``paths`` are English: ``\\GPU Engine(*)\\Utilization Percentage``.

    A counter that this Windows does not have is always empty.
    """

    def __init__(self, library: Any, paths: Sequence[str]) -> None:
        self._pdh = library
        self._query = c_void_p()
        self._counters: dict[str, c_void_p] = {}
        if library.PdhOpenQueryW(None, c_void_p(), byref(self._query)) != 0:
            return
        for path in paths:
            counter = c_void_p()
            if library.PdhAddEnglishCounterW(self._query, c_wchar_p(path), c_void_p(), byref(counter)) == 0:
                self._counters[path] = counter
        library.PdhCollectQueryData(self._query)  # rates need two readings

    def read(self) -> Mapping[str, Mapping[str, float]]:
        """Return the values by counter and instance; rates are those since the read before."""
        if not self._counters or self._pdh.PdhCollectQueryData(self._query) != 0:
            return {}
        return {path: self._values(counter) for path, counter in self._counters.items()}

    def close(self) -> None:
        """Let go of the query."""
        if self._counters:
            self._pdh.PdhCloseQuery(self._query)
            self._counters = {}

    def _values(self, counter: c_void_p) -> Mapping[str, float]:
        size, count = c_uint32(), c_uint32()
        for _ in range(3):  # instances may have come between being told the size and asking for them
            buffer = ctypes.create_string_buffer(size.value)
            status = self._pdh.PdhGetFormattedCounterArrayW(
                counter, c_uint32(_DOUBLE | _NO_CAP), byref(size), byref(count), buffer if size.value else None
            )
            if status & 0xFFFFFFFF != _MORE_DATA:
                break
        if status != 0 or not count.value:
            return {}
        items = ctypes.cast(buffer, ctypes.POINTER(_Item))
        # An instance may stand in the list several times, once for each engine of the same name.
        values: dict[str, float] = {}
        for item in items[: count.value]:
            if item.status in _VALID and item.name:
                values[item.name] = values.get(item.name, 0.0) + item.value
        return values
