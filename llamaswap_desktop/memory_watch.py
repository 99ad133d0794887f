"""Learns what models take of each device, and tells how much there is: from the monitor's samples to the core.

Where a driver tells the memory of our processes, that is the figure; else (in containers, where processes have other
numbers, drivers do not) what a device holds more after a load than before, if nothing else was loaded meanwhile;
without a GPU, what the processes have in the system's memory.  Where it cannot be known whether a model lies on a GPU,
nothing is learnt.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping

from llamaswap_desktop.config import Model
from llamaswap_desktop.core import Core
from llamaswap_desktop.events import Event, ProcessStateChanged, RequestFinished
from llamaswap_desktop.gpu_use import GpuUse
from llamaswap_desktop.monitor import GpuDevice, MemoryUse, Sample, Sampler
from llamaswap_desktop.routing import RAM, Device
from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId, ProcessState

_log = logging.getLogger("llamaswap_desktop")

_MIB = 1024 * 1024
_LOOK_EVERY_S = 0.25
_MOVING = {ProcessState.STARTING, ProcessState.STOPPING}
_LEAST_GROWTH_MIB = 64
"""Less than this is the coming and going of other programs: what a model needs to use a GPU at all is more."""


class MemoryWatch:
    """Feeds the memory planner; harmless where another planner is in use."""

    def __init__(self, core: Core, sampler: Sampler) -> None:
        self._core = core
        self._sampler = sampler
        self._used_before: dict[ModelId, Mapping[Device, int]] = {}
        self._grown: dict[ModelId, Mapping[Device, int]] = {}
        self._unsubscribe = [
            sampler.subscribe(self._on_sample),
            core.subscribe(self._on_event),
            core.requests.subscribe(self._on_request),
        ]
        self.others: tuple[GpuUse, ...] = ()
        """What programs other than our models use of each GPU, as of the last sample."""
        self._has_worked = False
        self._driver_knows_us = False
        """Whether it has ever told of a process of ours; until then its silence about one means nothing."""
        self._is_looking = False
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Have the core wait for memory to be really free before it starts a model."""
        self._core.before_start(self._wait_for_room)
        self._spawn("look at the memory", self._look_at_once())

    def stop(self) -> None:
        """End, before the sampler does: it answers nobody any more then.  Safe to repeat."""
        while self._unsubscribe:
            self._unsubscribe.pop()()
        for task in self._tasks:
            task.cancel()

    def _spawn(self, name: str, coroutine: Coroutine[object, object, object]) -> None:
        task = spawn(name, coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_at_once(self) -> None:
        """Know the budgets before the first sample comes."""
        devices = await self._sampler.read_gpus()
        self._core.measure_memory({_gpu(device.index): device.mem_total_bytes // _MIB for device in devices})

    # -- what is there, and who holds it

    def _on_sample(self, sample: Sample) -> None:
        if not self._is_looking:
            self._is_looking = True
            self._spawn("look at the models' memory", self._look(sample))

    async def _look(self, sample: Sample) -> None:
        try:
            has_worked, self._has_worked = self._has_worked or _is_at_work(self._core.snapshot()), False
            held: dict[ModelId, Mapping[Device, int]] = {}
            is_told = True
            for model, pid in self._core.pids().items():
                use = await self._sampler.memory_of([pid])
                its = self._held(model, use)
                if its is not None:
                    self._core.learn_footprint(model, its, is_new_load=False)
                is_told = is_told and (use.gpu_bytes is not None or bool(self._grown.get(model)))
                held[model] = its or self._core.footprint_of(model) or {}
            ours = {device: sum(its.get(device, 0) for its in held.values()) for device in _devices(sample)}
            self.others = tuple(
                GpuUse(
                    percent=None if has_worked else gpu.gpu_util_pct,
                    memory_mib=max(0, gpu.mem_used_mb - ours[_gpu(gpu.id)]) if is_told else None,
                )
                for gpu in sample.gpus
            )
            total_and_used = {_gpu(gpu.id): (gpu.mem_total_mb, gpu.mem_used_mb) for gpu in sample.gpus}
            total_and_used[RAM] = (sample.system.mem_total_mb, sample.system.mem_used_mb)
            self._core.measure_memory(
                {device: total - max(0, used - ours.get(device, 0)) for device, (total, used) in total_and_used.items()}
            )
        finally:
            self._is_looking = False

    def _held(self, model: ModelId, use: MemoryUse) -> Mapping[Device, int] | None:
        """Return MiB by device, None if nobody can tell what it holds of the GPUs.

        A model that lies on GPUs is not counted in the system's memory as well.
        """
        on_gpus = self._grown.get(model)
        self._driver_knows_us = self._driver_knows_us or bool(use.gpu_bytes)
        if use.gpu_bytes is not None and self._driver_knows_us:
            on_gpus = {_gpu(index): used // _MIB for index, used in use.gpu_bytes.items() if used}
        return None if on_gpus is None else on_gpus or {RAM: use.rss_bytes // _MIB}

    # -- loads

    def _on_request(self, request: RequestFinished) -> None:
        self._has_worked = self._has_worked or request.method == "POST"  # what models compute for; pages only GET

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, ProcessStateChanged):
            return
        self._has_worked = True
        if event.new is ProcessState.STARTING:
            alone = not self._used_before
            self._used_before = {loading: {} for loading in self._used_before}  # theirs tells no more either
            self._used_before[event.model] = _used(self._sampler.devices) if alone else {}
        elif event.new is ProcessState.READY:
            self._spawn(f"measure {event.model}", self._measure(event.model))
        elif event.new is ProcessState.STOPPED:
            self._used_before.pop(event.model, None)
            self._grown.pop(event.model, None)

    async def _measure(self, model: ModelId) -> None:
        """Learn what the model has come to hold by its load."""
        before = self._used_before.pop(model, {})
        pid = self._core.pids().get(model)
        if pid is None:
            return
        now = _used(await self._sampler.read_gpus())
        if before.keys() == now.keys():  # else another load spoilt it, or nobody had looked at the GPUs yet
            grown = {device: now[device] - was for device, was in before.items()}
            self._grown[model] = {device: mib for device, mib in grown.items() if mib >= _LEAST_GROWTH_MIB}
        held = self._held(model, await self._sampler.memory_of([pid]))
        if held is not None:
            self._core.learn_footprint(model, held, is_new_load=True)

    def _wait_for_room(self, model: Model) -> "asyncio.Task[object] | None":
        """Wait until memory of models that have been stopped is really released, where the planner counts on it."""
        router = self._core.config.routing.router
        needed = self._core.footprint_of(model.id)
        if router.use != "memory" or not needed or set(needed) == {RAM}:
            return None
        limit_s = router.settings.memory.release_wait_s
        return spawn(f"wait for room for {model.id}", self._until_free(model.id, needed, limit_s))

    async def _until_free(self, model: ModelId, needed: Mapping[Device, int], limit_s: float) -> None:
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            devices = {_gpu(device.index): device for device in await self._sampler.read_gpus()}
            free = {name: (each.mem_total_bytes - each.mem_used_bytes) // _MIB for name, each in devices.items()}
            if all(free.get(device, mib) >= mib for device, mib in needed.items()):
                return
            await asyncio.sleep(_LOOK_EVERY_S)
        _log.warning("%s: memory of stopped models was not released within %g s; starting all the same", model, limit_s)


def _is_at_work(snapshot: Snapshot) -> bool:
    return any(model.in_flight or model.state in _MOVING for model in snapshot.models)


def _gpu(index: int) -> Device:
    return Device(f"gpu{index}")


def _used(devices: "tuple[GpuDevice, ...]") -> Mapping[Device, int]:
    return {_gpu(device.index): device.mem_used_bytes // _MIB for device in devices}


def _devices(sample: Sample) -> list[Device]:
    return [RAM, *(_gpu(gpu.id) for gpu in sample.gpus)]
