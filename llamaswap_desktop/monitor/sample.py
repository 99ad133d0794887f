"""What is measured, under the names by which it is published (HTTP specification, section 23).

One ``Sample`` is one moment with everything in it: llama-swap stores a sample per line that its GPU tool prints, so
that with several GPUs an hour of history shrinks (runtime specification, section 14.16).  Missing numbers are 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class NetworkCounters:
    """Bytes through one network interface since the system started."""

    name: str
    bytes_recv: int
    bytes_sent: int


@dataclass(frozen=True, slots=True)
class SystemSample:
    """An item of ``sys_stats``: CPU use in percent since the sample before, memory in MiB."""

    timestamp: datetime
    cpu_util_per_core: tuple[float, ...] = ()
    mem_total_mb: int = 0
    mem_used_mb: int = 0
    mem_free_mb: int = 0
    swap_total_mb: int = 0
    swap_used_mb: int = 0
    load_avg_1: float = 0.0
    load_avg_5: float = 0.0
    load_avg_15: float = 0.0
    net_io: tuple[NetworkCounters, ...] = ()


@dataclass(frozen=True, slots=True)
class GpuDevice:
    """What a source tells about one device at one moment.  ``index`` counts devices from 0 and stays the same."""

    index: int
    name: str
    uuid: str = ""
    temp_c: float = 0.0
    vram_temp_c: float = 0.0
    util_pct: float = 0.0
    mem_used_bytes: int = 0
    mem_total_bytes: int = 0
    fan_pct: float = 0.0
    power_w: float = 0.0


@dataclass(frozen=True, slots=True)
class GpuSample:
    """An item of ``gpu_stats``."""

    timestamp: datetime
    id: int
    name: str
    uuid: str
    temp_c: int
    vram_temp_c: int
    gpu_util_pct: float
    mem_util_pct: float
    mem_used_mb: int
    mem_total_mb: int
    fan_speed_pct: float
    power_draw_w: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The system and every GPU at one moment."""

    timestamp: datetime
    system: SystemSample
    gpus: tuple[GpuSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Performance:
    """The body of ``GET /api/performance``."""

    enabled: bool = True
    sys_stats: list[SystemSample] | None = None
    gpu_stats: list[GpuSample] | None = None


def gpu_sample(device: GpuDevice, timestamp: datetime) -> GpuSample:
    """Return ``device`` as it is published; the share of memory is always used / total."""
    share = 100.0 * device.mem_used_bytes / device.mem_total_bytes if device.mem_total_bytes else 0.0
    return GpuSample(
        timestamp=timestamp,
        id=device.index,
        name=device.name,
        uuid=device.uuid,
        temp_c=round(device.temp_c),
        vram_temp_c=round(device.vram_temp_c),
        gpu_util_pct=device.util_pct,
        mem_util_pct=share,
        mem_used_mb=device.mem_used_bytes // MIB,
        mem_total_mb=device.mem_total_bytes // MIB,
        fan_speed_pct=device.fan_pct,
        power_draw_w=device.power_w,
    )


def performance(history: Iterable[Sample], after: datetime | None = None) -> Performance:
    """Return the history, oldest first, or only what is strictly later than ``after``.

    A list is None where nothing was ever sampled, and empty where the filter left nothing.
    """
    samples: Sequence[Sample] = tuple(history)
    kept = [sample for sample in samples if after is None or sample.timestamp > after]
    return Performance(
        sys_stats=[sample.system for sample in kept] if samples else None,
        gpu_stats=[gpu for sample in kept for gpu in sample.gpus] if any(sample.gpus for sample in samples) else None,
    )
