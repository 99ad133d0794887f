"""NVIDIA by NVML, the library under ``nvidia-smi``.

The first choice on both systems: it comes with the driver, costs no child process, and tells the memory of each
process as well.
"""

import ctypes
import sys
from collections.abc import Callable, Mapping
from ctypes import Array, Structure, Union, byref, c_char, c_int, c_longlong, c_uint, c_ulonglong, c_void_p
from typing import Any, Final

from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost
from llamaswap_desktop.monitor.sample import GpuDevice

_SUCCESS: Final = 0
_INSUFFICIENT_SIZE: Final = 7
_TEMPERATURE_GPU: Final = 0
_FIELD_MEMORY_TEMP: Final = 82
_NOT_AVAILABLE: Final = 2**64 - 1
_DEAD: Final = {1: "not initialised", 9: "driver not loaded", 15: "a GPU is lost", 16: "reset required", 999: "unknown"}
"""Answers after which the library has to be started anew; all others mean that one figure is missing."""


class _Memory(Structure):
    _fields_ = (("total", c_ulonglong), ("free", c_ulonglong), ("used", c_ulonglong))


class _Utilization(Structure):
    _fields_ = (("gpu", c_uint), ("memory", c_uint))


class _Value(Union):
    _fields_ = (("d", ctypes.c_double), ("ui", c_uint), ("ull", c_ulonglong), ("si", c_int))


class _FieldValue(Structure):
    _fields_ = (
        ("field_id", c_uint),
        ("scope_id", c_uint),
        ("timestamp", c_longlong),
        ("latency_us", c_longlong),
        ("value_type", c_uint),
        ("status", c_uint),
        ("value", _Value),
    )


class _Process(Structure):
    _fields_ = (
        ("pid", c_uint),
        ("used_bytes", c_ulonglong),
        ("gpu_instance", c_uint),
        ("compute_instance", c_uint),
    )


class _Pci(Structure):
    _fields_ = (
        ("bus_id_legacy", c_char * 16),
        ("domain", c_uint),
        ("bus", c_uint),
        ("device", c_uint),
        ("device_id", c_uint),
        ("subsystem_id", c_uint),
        ("bus_id", c_char * 32),
    )


_PROCESS_LISTS: Final = (
    ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"),
    ("nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"),
)

BusBytes = Mapping[int, Mapping[str, int]]
"""Memory by process, then by bus address of the device."""


def load_nvml() -> Any:
    """Load the driver's library.  Raises ``OSError`` where there is none."""
    if sys.platform == "win32":
        return ctypes.WinDLL("nvml.dll")
    return ctypes.CDLL("libnvidia-ml.so.1")


class Nvml:
    """All NVIDIA devices.  ``library`` is NVML, already loaded.  Raises ``SourceLost`` if it cannot start."""

    name = "nvml"

    def __init__(self, library: Any, *, bytes_by_bus: Callable[[frozenset[int]], BusBytes] | None = None) -> None:
        self._nvml = library
        self._bytes_by_bus = bytes_by_bus
        self._check("nvmlInit_v2")
        count = c_uint()
        self._check("nvmlDeviceGetCount_v2", byref(count))
        self._handles: list[c_void_p] = []
        for index in range(count.value):
            handle = c_void_p()
            if self._ask("nvmlDeviceGetHandleByIndex_v2", index, byref(handle)):
                self._handles.append(handle)
        if not self._handles:
            raise SourceLost("NVML knows no device")
        self._names = [self._text("nvmlDeviceGetName", handle, 96) for handle in self._handles]
        self._uuids = [self._text("nvmlDeviceGetUUID", handle, 96) for handle in self._handles]

    def read(self) -> tuple[GpuDevice, ...]:
        return tuple(self._device(index, handle) for index, handle in enumerate(self._handles))

    def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        found: dict[int, dict[int, int]] = {}
        is_told = True
        for index, handle in enumerate(self._handles):
            for pid, used_bytes in self._processes(handle).items():
                if used_bytes is None:
                    is_told = False
                elif pid in pids:
                    found.setdefault(pid, {})[index] = used_bytes
        if is_told:
            return found
        return self._memory_by_bus(pids)

    def close(self) -> None:
        self._nvml.nvmlShutdown()

    def driver_version(self) -> str:
        """Return the driver's version, or nothing."""
        return self._text("nvmlSystemGetDriverVersion", None, 80)

    def bus_address(self, index: int) -> str:
        """Return where the device sits: ``0000:01:00.0``."""
        pci = _Pci()
        if not self._ask("nvmlDeviceGetPciInfo_v3", self._handles[index], byref(pci)):
            return ""
        return f"{pci.domain:04x}:{pci.bus:02x}:{pci.device:02x}.0"

    def power_limit_w(self, index: int) -> float:
        """Return the limit in force, or 0."""
        return self._figure("nvmlDeviceGetEnforcedPowerLimit", self._handles[index]) / 1000

    def compute_capability(self, index: int) -> str:
        """Return the architecture as CUDA numbers it (``8.9``), or nothing."""
        major, minor = c_int(), c_int()
        known = self._ask("nvmlDeviceGetCudaComputeCapability", self._handles[index], byref(major), byref(minor))
        return f"{major.value}.{minor.value}" if known else ""

    # -- one figure each

    def _device(self, index: int, handle: c_void_p) -> GpuDevice:
        memory, use = _Memory(), _Utilization()
        self._ask("nvmlDeviceGetMemoryInfo", handle, byref(memory))
        self._ask("nvmlDeviceGetUtilizationRates", handle, byref(use))
        return GpuDevice(
            index=index,
            name=self._names[index],
            uuid=self._uuids[index],
            temp_c=self._figure("nvmlDeviceGetTemperature", handle, _TEMPERATURE_GPU),
            vram_temp_c=self._memory_temp_c(handle),
            util_pct=float(use.gpu),
            mem_used_bytes=memory.used,
            mem_total_bytes=memory.total,
            fan_pct=self._figure("nvmlDeviceGetFanSpeed", handle),
            power_w=self._figure("nvmlDeviceGetPowerUsage", handle) / 1000,
        )

    def _figure(self, function: str, handle: c_void_p, *arguments: int) -> float:
        value = c_uint()
        return float(value.value) if self._ask(function, handle, *arguments, byref(value)) else 0.0

    def _memory_temp_c(self, handle: c_void_p) -> float:
        field = _FieldValue(field_id=_FIELD_MEMORY_TEMP)
        if not self._ask("nvmlDeviceGetFieldValues", handle, 1, byref(field)) or field.status != _SUCCESS:
            return 0.0
        return float(field.value.ui)

    def _text(self, function: str, handle: c_void_p | None, size: int) -> str:
        buffer = ctypes.create_string_buffer(size)
        arguments = (buffer, c_uint(size)) if handle is None else (handle, buffer, c_uint(size))
        return buffer.value.decode("utf-8", "replace") if self._ask(function, *arguments) else ""

    def _processes(self, handle: c_void_p) -> dict[int, int | None]:
        """Return the memory of every process on a device; None for one whose memory the driver does not tell."""
        found: dict[int, int | None] = {}
        for names in _PROCESS_LISTS:
            for process in self._process_list(names, handle):
                told = None if process.used_bytes == _NOT_AVAILABLE else process.used_bytes
                known = found.get(process.pid, 0)
                # A process that draws and computes stands in both lists, each time with all that it holds.
                found[process.pid] = None if told is None or known is None else max(known, told)
        return found

    def _process_list(self, names: tuple[str, ...], handle: c_void_p) -> list[_Process]:
        function = next((found for name in names if (found := getattr(self._nvml, name, None)) is not None), None)
        if function is None:
            return []
        room = 64
        for _ in range(3):  # more may have come between being told the number and asking for them
            processes: Array[_Process] = (_Process * room)()
            count = c_uint(room)
            status = function(handle, byref(count), processes)
            if status == _SUCCESS:
                return list(processes[: count.value])
            if status != _INSUFFICIENT_SIZE:
                return []
            room = count.value + 16
        return []

    def _memory_by_bus(self, pids: frozenset[int]) -> ProcessBytes | None:
        if self._bytes_by_bus is None:
            return None
        index_of = {self.bus_address(index): index for index in range(len(self._handles))}
        return {
            pid: {index_of[bus]: used for bus, used in by_bus.items() if bus in index_of}
            for pid, by_bus in self._bytes_by_bus(pids).items()
        }

    # -- the library

    def _check(self, function: str, *arguments: object) -> None:
        if status := getattr(self._nvml, function)(*arguments):
            raise SourceLost(f"{function} answers {status} ({_DEAD.get(status, 'see nvml.h')})")

    def _ask(self, function: str, *arguments: object) -> bool:
        """Call and return whether there was an answer.  Raises ``SourceLost`` where there will never be one again."""
        call = getattr(self._nvml, function, None)
        if call is None:
            return False  # an older driver
        status = call(*arguments)
        if status in _DEAD:
            raise SourceLost(f"{function} answers {status} ({_DEAD[status]})")
        return bool(status == _SUCCESS)
