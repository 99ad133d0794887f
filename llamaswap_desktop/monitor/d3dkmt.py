"""Windows's graphics adapters, as the kernel knows them (``d3dkmthk.h``): every maker, no driver library.

Works on any system with a ``library`` that has gdi32's functions, which is how it is tested.
"""

import ctypes
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_int32,
    c_ubyte,
    c_uint32,
    c_uint64,
    c_void_p,
    c_wchar,
    sizeof,
)
from dataclasses import dataclass
from typing import Any, Final, TypeVar

_SEGMENT_SIZES: Final = 3
_ADDRESS: Final = 6
_REGISTRY: Final = 8
_TYPE: Final = 15
_DRIVER_VERSION: Final = 18
_PERFORMANCE: Final = 62
_PERFORMANCE_LIMITS: Final = 63

_SOFTWARE: Final = 1 << 2
_INTEGRATED: Final = 1 << 5
_INDIRECT_DISPLAY: Final = 1 << 6


class _Luid(Structure):
    _fields_ = (("low", c_uint32), ("high", c_int32))


class _AdapterInfo(Structure):
    _fields_ = (("handle", c_uint32), ("luid", _Luid), ("sources", c_uint32), ("precise", c_int32))


class _Adapters(Structure):
    _fields_ = (("count", c_uint32), ("adapters", POINTER(_AdapterInfo)))


class _Query(Structure):
    _fields_ = (("handle", c_uint32), ("type", c_uint32), ("data", c_void_p), ("size", c_uint32))


class _Close(Structure):
    _fields_ = (("handle", c_uint32),)


class _SegmentSizes(Structure):
    _fields_ = (("dedicated_video", c_uint64), ("dedicated_system", c_uint64), ("shared_system", c_uint64))


class _Address(Structure):
    _fields_ = (("bus", c_uint32), ("device", c_uint32), ("function", c_uint32))


class _Registry(Structure):
    _fields_ = (
        ("adapter", c_wchar * 260),
        ("bios", c_wchar * 260),
        ("dac", c_wchar * 260),
        ("chip", c_wchar * 260),
    )


class _Performance(Structure):
    _fields_ = (
        ("physical_adapter", c_uint32),
        ("memory_frequency", c_uint64),
        ("max_memory_frequency", c_uint64),
        ("max_memory_frequency_oc", c_uint64),
        ("memory_bandwidth", c_uint64),
        ("pcie_bandwidth", c_uint64),
        ("fan_rpm", c_uint32),
        ("power", c_uint32),
        ("temperature", c_uint32),
        ("power_state_override", c_ubyte),
    )


class _PerformanceLimits(Structure):
    _fields_ = (
        ("physical_adapter", c_uint32),
        ("max_memory_bandwidth", c_uint64),
        ("max_pcie_bandwidth", c_uint64),
        ("max_fan_rpm", c_uint32),
        ("temperature_max", c_uint32),
        ("temperature_warning", c_uint32),
    )


class _Word(Structure):
    _fields_ = (("value", c_uint32),)


class _Version(Structure):
    _fields_ = (("value", c_uint64),)


Answer = TypeVar("Answer", bound=Structure)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One graphics adapter.  ``luid`` is spelled as in the names of performance counters."""

    handle: int
    luid: str
    name: str
    bus_address: str
    is_integrated: bool
    dedicated_bytes: int
    shared_bytes: int
    driver_version: str


@dataclass(frozen=True, slots=True)
class AdapterState:
    """What the driver measures; 0 where it keeps quiet."""

    temp_c: float = 0.0
    power_w: float = 0.0
    fan_pct: float = 0.0


def load_gdi() -> Any:
    """Load Windows's own library."""
    return ctypes.CDLL("gdi32.dll")


class Graphics:
    """Asks the kernel about its graphics adapters."""

    def __init__(self, library: Any) -> None:
        self._gdi = library

    def open_adapters(self) -> tuple[Adapter, ...]:
        """Return the adapters that are real, each with a handle that is to be closed."""
        listed = _Adapters()
        if self._gdi.D3DKMTEnumAdapters2(byref(listed)) != 0 or not listed.count:
            return ()
        infos = (_AdapterInfo * listed.count)()
        listed.adapters = infos
        if self._gdi.D3DKMTEnumAdapters2(byref(listed)) != 0:
            return ()
        adapters = []
        for info in infos[: listed.count]:
            kind = self._ask(info.handle, _TYPE, _Word())
            if kind is None or kind.value & (_SOFTWARE | _INDIRECT_DISPLAY):
                self.close(info.handle)
                continue
            adapters.append(self._adapter(info, is_integrated=bool(kind.value & _INTEGRATED)))
        return tuple(adapters)

    def state(self, adapter: Adapter) -> AdapterState:
        """Return what the driver measures now."""
        measured = self._ask(adapter.handle, _PERFORMANCE, _Performance())
        if measured is None:
            return AdapterState()
        limits = self._ask(adapter.handle, _PERFORMANCE_LIMITS, _PerformanceLimits())
        fastest = limits.max_fan_rpm if limits is not None else 0
        return AdapterState(
            temp_c=measured.temperature / 10,
            power_w=measured.power / 10,
            fan_pct=100.0 * measured.fan_rpm / fastest if fastest else 0.0,
        )

    def close(self, handle: int) -> None:
        """Let go of an adapter."""
        self._gdi.D3DKMTCloseAdapter(byref(_Close(handle)))

    def _adapter(self, info: _AdapterInfo, *, is_integrated: bool) -> Adapter:
        sizes = self._ask(info.handle, _SEGMENT_SIZES, _SegmentSizes()) or _SegmentSizes()
        address = self._ask(info.handle, _ADDRESS, _Address())
        registry = self._ask(info.handle, _REGISTRY, _Registry())
        version = self._ask(info.handle, _DRIVER_VERSION, _Version())
        return Adapter(
            handle=info.handle,
            luid=f"luid_0x{info.luid.high & 0xFFFFFFFF:08x}_0x{info.luid.low:08x}",
            name=registry.adapter.strip() if registry is not None else "",
            bus_address=f"0000:{address.bus:02x}:{address.device:02x}.{address.function}" if address else "",
            is_integrated=is_integrated,
            dedicated_bytes=sizes.dedicated_video + sizes.dedicated_system,
            shared_bytes=sizes.shared_system,
            driver_version=_dotted(version.value) if version is not None else "",
        )

    def _ask(self, handle: int, kind: int, answer: Answer) -> Answer | None:
        query = _Query(handle, kind, ctypes.addressof(answer), sizeof(answer))
        return answer if self._gdi.D3DKMTQueryAdapterInfo(byref(query)) == 0 else None


def _dotted(version: int) -> str:
    return ".".join(str(version >> shift & 0xFFFF) for shift in (48, 32, 16, 0))
