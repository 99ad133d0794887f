"""CPU, memory, swap, load and network of this machine."""

import os
import sys
from datetime import datetime

import psutil

from llamaswap_desktop.monitor.sample import MIB, NetworkCounters, SystemSample


class SystemProbe:
    """Reads one sample at a time; blocks for some milliseconds, so it belongs on a worker thread."""

    def __init__(self) -> None:
        psutil.cpu_percent(percpu=True)  # CPU use counts from here

    def read(self, timestamp: datetime) -> SystemSample:
        """Return the state of now; CPU use is that since the read before."""
        memory = psutil.virtual_memory()
        swap_total, swap_used = _swap_bytes()
        load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)
        return SystemSample(
            timestamp=timestamp,
            cpu_util_per_core=tuple(psutil.cpu_percent(percpu=True)),
            mem_total_mb=memory.total // MIB,
            mem_used_mb=memory.used // MIB,
            mem_free_mb=memory.free // MIB,
            swap_total_mb=swap_total // MIB,
            swap_used_mb=swap_used // MIB,
            load_avg_1=load[0],
            load_avg_5=load[1],
            load_avg_15=load[2],
            net_io=_network(),
        )


def _swap_bytes() -> tuple[int, int]:
    """Return size and use; Windows has a page file, which is not swap in this sense."""
    if sys.platform == "win32":
        return 0, 0
    swap = psutil.swap_memory()
    return swap.total, swap.used


def _network() -> tuple[NetworkCounters, ...]:
    counters = psutil.net_io_counters(pernic=True)
    return tuple(
        NetworkCounters(name, card.bytes_recv, card.bytes_sent)
        for name, card in sorted(counters.items())
        if not (sys.platform == "linux" and name == "lo")
    )
