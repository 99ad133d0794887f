"""From the monitor's samples to the core: what models take, how much there is, and waiting for released memory."""

import asyncio
import dataclasses
from datetime import UTC, datetime

import pytest

from llamaswap_desktop.commands import LoadModel
from llamaswap_desktop.config import MemorySettings, Router, RouterSettings, Routing
from llamaswap_desktop.events import RequestFinished
from llamaswap_desktop.gpu_use import GpuUse
from llamaswap_desktop.memory_watch import MemoryWatch
from llamaswap_desktop.monitor import GpuDevice, MemoryUse, Sample
from llamaswap_desktop.monitor.sample import gpu_sample
from llamaswap_desktop.monitor.system import SystemProbe
from tests.core.fakes import World, config, model
from tests.waiting import until

MIB = 1 << 20


class FakeSampler:
    """``Sampler`` with figures that the test sets: one GPU, and what a model's processes hold."""

    def __init__(self):
        self.used_mib = 1000
        self.total_mib = 8000
        self.use = MemoryUse(rss_bytes=300 * MIB)
        self.cards = ("card",)
        self.listeners = []

    @property
    def devices(self):
        used, total = self.used_mib * MIB, self.total_mib * MIB
        return tuple(GpuDevice(0, name, mem_used_bytes=used, mem_total_bytes=total) for name in self.cards)

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def read_gpus(self):
        return self.devices

    async def memory_of(self, pids):
        return self.use


def configured(planner: str, *names: str):
    made = config(*(model(name) for name in names), together=True)
    settings = RouterSettings(groups=made.routing.router.settings.groups, memory=MemorySettings(release_wait_s=1))
    return made.__class__(models=made.models, routing=Routing(router=Router(use=planner, settings=settings)))


async def sampled(sampler, watch, *, util_pct: float = 0.0):
    """Have the watch look at a sample, and return what it makes of the others."""
    now = datetime.now(UTC)
    gpus = tuple(gpu_sample(dataclasses.replace(device, util_pct=util_pct), now) for device in sampler.devices)
    for listener in sampler.listeners:
        listener(Sample(now, SystemProbe().read(now), gpus))
    await until(lambda: not watch._is_looking, "it has looked")
    return watch.others


@pytest.fixture
def watched():
    """A core over played processes, a played sampler, and the watch between them."""

    async def make(*names: str, planner: str = "memory"):
        world, sampler = World(configured(planner, *names)), FakeSampler()
        watch = MemoryWatch(world.core, sampler)
        watch.start()
        await asyncio.sleep(0)
        return world, sampler, watch

    return make


async def test_driver_that_tells_of_processes_is_believed(watched):
    world, sampler, watch = await watched("a")
    sampler.use = MemoryUse(rss_bytes=300 * MIB, gpu_bytes={0: 5000 * MIB})
    (await world.core.acquire("a")).release()
    await world.until(lambda: world.core.footprint_of("a"), "it is learnt")
    assert world.core.footprint_of("a") == {"gpu0": 5000}
    assert world.core.snapshot().models[0].memory_bytes == 5000 * MIB
    watch.stop()
    watch.stop()
    await world.end()


async def load_that_takes(world, sampler, name: str, mib: int) -> None:
    """Load a model, and have the card hold so much more when it is ready."""
    world.processes[name].holds = True
    world.core.execute(LoadModel(name))
    await world.until(lambda: world.processes[name].starts, "the start")
    sampler.used_mib += mib
    world.processes[name].go_on()
    await world.until(lambda: world.core.footprint_of(name), "it is learnt")


@pytest.mark.parametrize(
    ("gpu_bytes", "growth_mib", "learnt"),
    [(None, 3500, {"gpu0": 3500}), ({}, 3500, {"gpu0": 3500}), (None, 20, {"ram": 300})],
    ids=["silent driver", "driver that names no process of ours, as in a container", "others' coming and going"],
)
async def test_without_a_telling_driver_the_growth_by_the_load_counts(watched, gpu_bytes, growth_mib, learnt):
    world, sampler, watch = await watched("a")
    sampler.use = MemoryUse(rss_bytes=300 * MIB, gpu_bytes=gpu_bytes)
    await load_that_takes(world, sampler, "a", growth_mib)
    assert world.core.footprint_of("a") == learnt
    watch.stop()
    await world.end()


async def test_driver_that_knows_our_processes_is_believed_about_one_that_uses_no_gpu(watched):
    world, sampler, watch = await watched("a", "b", planner="group")
    sampler.use = MemoryUse(rss_bytes=300 * MIB, gpu_bytes={0: 5000 * MIB})
    await load_that_takes(world, sampler, "a", 5000)
    sampler.use = MemoryUse(rss_bytes=300 * MIB, gpu_bytes={})
    await load_that_takes(world, sampler, "b", 700)  # of a game
    assert world.core.footprint_of("b") == {"ram": 300}
    watch.stop()
    await world.end()


async def test_growth_counts_for_neither_of_two_that_load_at_once(watched):
    world, sampler, watch = await watched("a", "b", planner="group")
    asking = []
    for name in ("a", "b"):
        world.processes[name].holds = True
        asking.append(asyncio.get_running_loop().create_task(world.core.acquire(name)))
        await world.until(lambda name=name: world.processes[name].starts, "the start")
    sampler.used_mib = 6500
    for name, its in zip(("a", "b"), asking, strict=True):
        world.processes[name].go_on()
        (await its).release()
        await world.until(lambda: not watch._tasks, "it is measured")
        assert world.core.footprint_of(name) is None, (
            "nor does what it has in the system's memory: it may lie on the card"
        )
    await sampled(sampler, watch)
    assert [model.memory_bytes for model in world.core.snapshot().models] == [None, None]
    watch.stop()
    await world.end()


async def test_load_that_nobody_disturbs_mends_what_an_earlier_one_could_not_tell(watched):
    world, sampler, watch = await watched("a", "b", planner="group")
    for name in ("a", "b"):
        world.processes[name].holds = True
        world.core.execute(LoadModel(name))
        await world.until(lambda name=name: world.processes[name].starts, "the start")
    for name in ("a", "b"):
        world.processes[name].holds = False
        world.processes[name].go_on()
    await world.until(lambda: all(its.upstream for its in world.processes.values()), "both are ready")
    await world.core.unload()
    world.processes["a"].holds = True
    world.core.execute(LoadModel("a"))
    await world.until(lambda: world.processes["a"].starts == 2, "the start")
    sampler.used_mib = 4000
    world.processes["a"].go_on()
    await world.until(lambda: world.core.footprint_of("a"), "it is learnt")
    assert world.core.footprint_of("a") == {"gpu0": 3000}
    watch.stop()
    await world.end()


async def test_load_before_anybody_has_looked_at_the_gpus_tells_nothing(watched):
    world, sampler, watch = await watched("a")
    card, sampler.cards = sampler.cards, ()
    world.processes["a"].holds = True
    world.core.execute(LoadModel("a"))
    await world.until(lambda: world.processes["a"].starts, "the start")
    sampler.cards = card
    world.processes["a"].go_on()
    await world.until(lambda: world.processes["a"].upstream and not watch._tasks, "it is measured")
    assert world.core.footprint_of("a") is None
    watch.stop()
    await world.end()


async def test_memory_of_a_model_that_cannot_be_told_is_taken_from_earlier_loads(watched):
    world, sampler, watch = await watched("a")
    sampler.use = MemoryUse(rss_bytes=300 * MIB, gpu_bytes={0: 5000 * MIB})
    (await world.core.acquire("a")).release()
    await world.until(lambda: world.core.footprint_of("a"), "it is learnt")
    sampler.use, sampler.used_mib = MemoryUse(rss_bytes=300 * MIB), 6000  # the driver has stopped telling of processes
    watch._grown.clear()
    await sampled(sampler, watch)
    assert world.core._scheduler.picture("a", 0.0).available_mib["gpu0"] == 7000, "others hold 1000 of 8000"
    watch.stop()
    await world.end()


async def test_model_that_lies_on_no_gpu_counts_in_the_system_s_memory(watched):
    world, _, watch = await watched("a")
    (await world.core.acquire("a")).release()
    await world.until(lambda: world.core.footprint_of("a"), "it is learnt")
    assert world.core.footprint_of("a") == {"ram": 300}
    watch.stop()
    await world.end()


async def test_start_waits_until_memory_is_really_released_but_not_for_ever(watched, caplog):
    world, sampler, watch = await watched("a")
    sampler.use = MemoryUse(gpu_bytes={0: 5000 * MIB})
    (await world.core.acquire("a")).release()
    await world.until(lambda: world.core.footprint_of("a"), "it is learnt")
    await world.core.unload(["a"])
    sampler.used_mib = 6000
    asking = asyncio.get_running_loop().create_task(world.core.acquire("a"))
    await asyncio.wait({asking}, timeout=0.1)
    assert world.processes["a"].starts == 1, "the driver has not given the memory back yet"
    sampler.used_mib = 1000
    (await asking).release()
    await world.core.unload(["a"])
    sampler.used_mib = 7900
    (await world.core.acquire("a")).release()
    assert "was not released within 1 s" in caplog.text
    watch.stop()
    await world.end()


async def test_what_others_use_is_what_our_models_do_not(watched):
    world, sampler, watch = await watched("a", planner="group")
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(90, 1000),)
    sampler.use, sampler.used_mib = MemoryUse(gpu_bytes={0: 5000 * MIB}), 6500
    lease = await world.core.acquire("a")
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(None, 1500),), "it has just been loaded"
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(None, 1500),), "it is answering"
    lease.release()
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(90, 1500),), "it rests, so somebody else works"
    world.core.requests.publish(RequestFinished("c", "GET", "/api/events", "HTTP/1.1", 200, 9, "", 0.1))
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(90, 1500),)
    world.core.requests.publish(RequestFinished("c", "POST", "/v1/embeddings", "HTTP/1.1", 200, 9, "", 0.1))
    assert await sampled(sampler, watch, util_pct=90) == (GpuUse(None, 1500),), "it has answered in between"
    watch.stop()
    await world.end()


async def test_memory_that_a_driver_does_not_tell_apart_is_nobodys(watched):
    world, sampler, watch = await watched("a", planner="group")
    (await world.core.acquire("a")).release()
    assert (await sampled(sampler, watch, util_pct=0))[0].memory_mib is None, "it grew by nothing that was seen"
    await world.core.unload(["a"])
    assert (await sampled(sampler, watch, util_pct=0))[0].memory_mib == 1000
    watch.stop()
    await world.end()
