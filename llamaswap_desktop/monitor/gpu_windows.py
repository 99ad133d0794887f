"""Any maker on Windows: adapters from the kernel, use and memory from the performance counters.

Also tells the memory of each process, which NVML does not on Windows (the system manages that memory, not the driver).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from llamaswap_desktop.monitor.d3dkmt import Adapter, Graphics
from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost
from llamaswap_desktop.monitor.pdh import Counters
from llamaswap_desktop.monitor.sample import GpuDevice

_USE: Final = r"\GPU Engine(*)\Utilization Percentage"
_DEDICATED: Final = r"\GPU Adapter Memory(*)\Dedicated Usage"
_SHARED: Final = r"\GPU Adapter Memory(*)\Shared Usage"
_PROCESS_DEDICATED: Final = r"\GPU Process Memory(*)\Dedicated Usage"
_PROCESS_SHARED: Final = r"\GPU Process Memory(*)\Shared Usage"

_LUID: Final = re.compile(r"luid_0x[0-9a-f]+_0x[0-9a-f]+")
_PID: Final = re.compile(r"pid_(\d+)_")


class WindowsGpus:
    """All adapters of a Windows system.  Raises ``SourceLost`` where there is none with memory."""

    name = "windows"

    def __init__(self, gdi: Any, pdh: Any) -> None:
        self._graphics = Graphics(gdi)
        adapters = self._graphics.open_adapters()
        self._adapters = tuple(adapter for adapter in adapters if memory_bytes(adapter))
        for adapter in adapters:
            if not memory_bytes(adapter):
                self._graphics.close(adapter.handle)
        if not self._adapters:
            raise SourceLost("Windows names no graphics adapter with memory")
        self._counters = Counters(pdh, (_USE, _DEDICATED, _SHARED))
        self._processes = ProcessMemory(pdh, self._adapters)

    def read(self) -> tuple[GpuDevice, ...]:
        values = self._counters.read()
        use = by_adapter(values.get(_USE, {}))
        dedicated = by_adapter(values.get(_DEDICATED, {}))
        shared = by_adapter(values.get(_SHARED, {}))
        return tuple(
            self._device(
                index,
                adapter,
                util_pct=min(100.0, use.get(adapter.luid, 0.0)),
                used=dedicated.get(adapter.luid, 0.0)
                + (shared.get(adapter.luid, 0.0) if adapter.is_integrated else 0.0),
            )
            for index, adapter in enumerate(self._adapters)
        )

    def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        index_of = {adapter.luid: index for index, adapter in enumerate(self._adapters)}
        return {
            pid: {index_of[luid]: used for luid, used in by_luid.items()}
            for pid, by_luid in self._processes.by_luid(pids).items()
        }

    def close(self) -> None:
        self._counters.close()
        self._processes.close()
        for adapter in self._adapters:
            self._graphics.close(adapter.handle)
        self._adapters = ()

    def _device(self, index: int, adapter: Adapter, *, util_pct: float, used: float) -> GpuDevice:
        state = self._graphics.state(adapter)
        return GpuDevice(
            index=index,
            name=adapter.name or f"GPU {index}",
            temp_c=state.temp_c,
            util_pct=util_pct,
            mem_used_bytes=int(used),
            mem_total_bytes=memory_bytes(adapter),
            fan_pct=state.fan_pct,
            power_w=state.power_w,
        )


class ProcessMemory:
    """What each process holds on each adapter."""

    def __init__(self, pdh: Any, adapters: Iterable[Adapter]) -> None:
        self._counters = Counters(pdh, (_PROCESS_DEDICATED, _PROCESS_SHARED))
        self._adapters = {adapter.luid: adapter for adapter in adapters}

    def by_luid(self, pids: frozenset[int]) -> Mapping[int, Mapping[str, int]]:
        """Return bytes by process and adapter; shared memory counts where an adapter has no other."""
        values = self._counters.read()
        found: dict[int, dict[str, int]] = {}
        for path in (_PROCESS_DEDICATED, _PROCESS_SHARED):
            for instance, used in values.get(path, {}).items():
                pid, luid = pid_in(instance), luid_in(instance)
                adapter = self._adapters.get(luid)
                if adapter is None or pid not in pids or used <= 0:
                    continue
                if path == _PROCESS_DEDICATED or adapter.is_integrated:
                    adapters = found.setdefault(pid, {})
                    adapters[luid] = adapters.get(luid, 0) + int(used)
        return found

    def by_bus(self, pids: frozenset[int]) -> Mapping[int, Mapping[str, int]]:
        """Return the same by bus address, which is what NVML has in common with the kernel."""
        return {
            pid: {self._adapters[luid].bus_address: used for luid, used in by_luid.items()}
            for pid, by_luid in self.by_luid(pids).items()
        }

    def close(self) -> None:
        """Let go of the counters."""
        self._counters.close()


def memory_bytes(adapter: Adapter) -> int:
    """Return the memory an adapter can use: its own, or for one inside a processor the share of the system's too."""
    return adapter.dedicated_bytes + (adapter.shared_bytes if adapter.is_integrated else 0)


def by_adapter(values: Mapping[str, float]) -> Mapping[str, float]:
    """Return the sums over all instances of an adapter."""
    sums: dict[str, float] = {}
    for instance, value in values.items():
        luid = luid_in(instance)
        sums[luid] = sums.get(luid, 0.0) + value
    return sums


def luid_in(instance: str) -> str:
    """Return the adapter in the name of an instance (``pid_8_luid_0x00000000_0x0000C5A4_phys_0``), in lower case."""
    match = _LUID.search(instance.lower())
    return match[0] if match else ""


def pid_in(instance: str) -> int:
    """Return the process in the name of an instance, or -1."""
    match = _PID.search(instance)
    return int(match[1]) if match else -1
