"""How much memory a model's processes hold: the learned footprint of a model starts here."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from llamaswap_desktop.monitor.gpu import DeviceBytes, ProcessBytes


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory of some processes and all their descendants.

    ``rss_bytes`` counts what is in the system's memory, files that are mapped included.  ``gpu_bytes`` is by index of
    the device, or None where nobody tells.
    """

    rss_bytes: int = 0
    gpu_bytes: DeviceBytes | None = None


def tree_of(roots: Iterable[int]) -> frozenset[int]:
    """Return these processes and all their descendants, as of now.

    Asked right after each load, beside its first answer: 3 ms among 100 processes, a third of what looking at each by
    itself takes.
    """
    found: set[int] = set()
    for root in roots:
        found.add(root)
        with contextlib.suppress(psutil.Error):
            found.update(child.pid for child in psutil.Process(root).children(recursive=True))
    return frozenset(found)


def rss_of(pids: Iterable[int]) -> int:
    """Return the sum of what these processes have in the system's memory; those that are gone count nothing."""
    total = 0
    for pid in pids:
        try:
            total += psutil.Process(pid).memory_info().rss
        except psutil.Error:
            continue
    return total


def sum_by_device(by_process: ProcessBytes | None) -> DeviceBytes | None:
    """Return the sums over all processes."""
    if by_process is None:
        return None
    sums: dict[int, int] = {}
    devices: Mapping[int, int]
    for devices in by_process.values():
        for index, used in devices.items():
            sums[index] = sums.get(index, 0) + used
    return sums
