"""What a source of GPU figures is: the one interface behind which the makers' ways differ."""

from collections.abc import Mapping
from typing import Protocol

from llamaswap_desktop.monitor.sample import GpuDevice
from llamaswap_desktop.monitor.worker import Worker

DeviceBytes = Mapping[int, int]
"""GPU memory by index of the device."""

ProcessBytes = Mapping[int, DeviceBytes]
"""GPU memory by process id; processes that hold none are absent."""


class SourceLost(Exception):
    """The source has nothing to say any more: its driver, daemon or tool is gone."""


class GpuSource(Protocol):
    """Tells about the GPUs, never blocking the loop."""

    name: str

    async def read(self) -> tuple[GpuDevice, ...]:
        """Return every device as it is now.  Raises ``SourceLost``."""

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        """Return what these processes hold, or None where the driver does not tell.  Raises ``SourceLost``."""

    async def close(self) -> None:
        """Let go of everything; safe to repeat."""


class GpuProbe(Protocol):
    """The same, for sources whose calls block; see ``InThread``."""

    name: str

    def read(self) -> tuple[GpuDevice, ...]: ...

    def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None: ...

    def close(self) -> None: ...


class InThread:
    """Makes a ``GpuSource`` of a ``GpuProbe``: its calls run on ``worker``."""

    def __init__(self, probe: GpuProbe, worker: Worker) -> None:
        self.name = probe.name
        self._probe = probe
        self._worker = worker

    async def read(self) -> tuple[GpuDevice, ...]:
        return await self._worker.run(self._probe.read)

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        return await self._worker.run(lambda: self._probe.memory_of(pids))

    async def close(self) -> None:
        await self._worker.run(self._probe.close)


def parse_number(text: str) -> float:
    """Return the number a tool printed, or 0 for all the ways in which tools say that they don't know."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if -1e18 < number < 1e18 else 0.0  # neither nan nor inf
