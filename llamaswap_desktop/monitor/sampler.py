"""Takes a sample of everything at each interval and keeps an hour of them (runtime specification, section 9.1)."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Final

from llamaswap_desktop.monitor.gpu import GpuSource
from llamaswap_desktop.monitor.processes import MemoryUse, rss_of, sum_by_device, tree_of
from llamaswap_desktop.monitor.sample import GpuDevice, Sample, gpu_sample
from llamaswap_desktop.monitor.system import SystemProbe
from llamaswap_desktop.monitor.tool import Spawn, spawn_plainly
from llamaswap_desktop.monitor.watch import GpuWatch
from llamaswap_desktop.monitor.worker import Worker
from llamaswap_desktop.tasks import spawn as spawn_task

_log = logging.getLogger("llamaswap_desktop.monitor")

_HISTORY_S: Final = 3600.0


def _import_sources() -> ModuleType:
    """Import the ways to ask about GPUs: 25 ms that belong neither to the start nor to the event loop."""
    from llamaswap_desktop.monitor import sources  # noqa: PLC0415

    return sources


class Sampler:
    """The present and the last hour of this machine.

    Belongs to the event loop; everything that blocks runs on two threads of its own, one for the system and one for
    the GPUs, so that a driver that hangs does not take the CPU figures along.  ``spawn`` starts the drivers' tools
    where they are needed, and is to keep them from outliving the program.
    """

    def __init__(self, *, every_s: float = 5.0, spawn: Spawn = spawn_plainly, gpus: GpuWatch | None = None) -> None:
        self.every_s = every_s
        self._history: deque[Sample] = deque(maxlen=_samples_in_history(every_s))
        self._system_worker = Worker("system figures")
        self._gpu_worker = Worker("GPU figures")
        self._spawn = spawn
        self._gpus = gpus or GpuWatch(self._choose_source)
        self._system: SystemProbe | None = None
        self._devices: tuple[GpuDevice, ...] = ()
        self._listeners: list[Callable[[Sample], None]] = []
        self._task: asyncio.Task[object] | None = None

    @property
    def history(self) -> Sequence[Sample]:
        """The samples of the last hour, oldest first."""
        return tuple(self._history)

    @property
    def newest(self) -> Sample | None:
        """The last sample, or None before the first."""
        return self._history[-1] if self._history else None

    @property
    def devices(self) -> tuple[GpuDevice, ...]:
        """The GPUs as of the last look at them."""
        return self._devices

    def subscribe(self, listener: Callable[[Sample], None]) -> Callable[[], None]:
        """Have ``listener`` called with each new sample; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self) -> None:
        """Begin; the first sample comes one interval from now."""
        assert self._task is None
        self._task = spawn_task("sample the machine", self._run())

    def change_interval(self, every_s: float) -> None:
        """Sample at another pace from now on; the history begins anew."""
        self.every_s = every_s
        self._history = deque(maxlen=_samples_in_history(every_s))
        if self._task is not None:
            self._task.cancel()
            self._task = spawn_task("sample the machine", self._run())

    async def stop(self) -> None:
        """End; every tool that was started is gone when this returns."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._gpus.close()
        self._system_worker.close()
        self._gpu_worker.close()

    async def read_gpus(self) -> tuple[GpuDevice, ...]:
        """Look at the GPUs now: for a memory planner that waits for memory to be really free."""
        self._devices = await self._gpus.read()
        return self._devices

    async def memory_of(self, pids: Iterable[int]) -> MemoryUse:
        """Return what these processes and their descendants hold at this moment."""
        roots = tuple(pids)
        tree = await self._system_worker.run(lambda: tree_of(roots))
        rss_bytes = await self._system_worker.run(lambda: rss_of(tree))
        return MemoryUse(rss_bytes, sum_by_device(await self._gpus.memory_of(tree)))

    async def _choose_source(self) -> GpuSource | None:
        sources = await self._gpu_worker.run(_import_sources)
        candidates = sources.candidates(self._spawn, every_s=self.every_s)
        source: GpuSource | None = await sources.choose_source(candidates, self._gpu_worker)
        return source

    async def _run(self) -> None:
        self._system = await self._system_worker.run(SystemProbe)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self.every_s
            if due < loop.time():  # the machine has slept, or a driver has
                due = loop.time() + self.every_s
            await asyncio.sleep(due - loop.time())
            try:
                self._keep(await self._take())
            except Exception:  # noqa: BLE001 - one sample may be lost, never the sampling
                _log.exception("no sample this time")

    async def _take(self) -> Sample:
        assert self._system is not None
        system, timestamp = self._system, datetime.now(UTC)
        figures, devices = await asyncio.gather(
            self._system_worker.run(lambda: system.read(timestamp)), self.read_gpus()
        )
        return Sample(timestamp, figures, tuple(gpu_sample(device, timestamp) for device in devices))

    def _keep(self, sample: Sample) -> None:
        self._history.append(sample)
        for listener in tuple(self._listeners):
            listener(sample)


def _samples_in_history(every_s: float) -> int:
    return max(1, round(_HISTORY_S / every_s))
