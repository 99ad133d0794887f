"""Samples CPU, memory and GPUs without ever stopping the show; ``design.md`` tells how."""

from llamaswap_desktop.monitor.detect import detect_hardware
from llamaswap_desktop.monitor.gpu import DeviceBytes, GpuSource, SourceLost
from llamaswap_desktop.monitor.hardware import Hardware
from llamaswap_desktop.monitor.processes import MemoryUse
from llamaswap_desktop.monitor.prometheus import CONTENT_TYPE, prometheus_text
from llamaswap_desktop.monitor.sample import (
    GpuDevice,
    GpuSample,
    NetworkCounters,
    Performance,
    Sample,
    SystemSample,
    performance,
)
from llamaswap_desktop.monitor.sampler import Sampler
from llamaswap_desktop.monitor.tool import Spawn, Tool, spawn_plainly
from llamaswap_desktop.monitor.watch import GpuWatch

__all__ = [
    "CONTENT_TYPE",
    "DeviceBytes",
    "GpuDevice",
    "GpuSample",
    "GpuSource",
    "GpuWatch",
    "Hardware",
    "MemoryUse",
    "NetworkCounters",
    "Performance",
    "Sample",
    "Sampler",
    "SourceLost",
    "Spawn",
    "SystemSample",
    "Tool",
    "detect_hardware",
    "performance",
    "prometheus_text",
    "spawn_plainly",
]
