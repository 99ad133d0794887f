"""A source that dies is replaced, ever more rarely; nothing raises, nothing hangs."""

import asyncio
import logging

from llamaswap_desktop.monitor import GpuDevice, GpuWatch, SourceLost

CARD = GpuDevice(0, "card")


class Source:
    """Answers until it is told to fail."""

    name = "fake"

    def __init__(self):
        self.failure: BaseException | None = None
        self.hangs = False
        self.is_closed = False

    async def read(self):
        if self.hangs:
            await asyncio.Event().wait()
        if self.failure:
            raise self.failure
        return (CARD,)

    async def memory_of(self, pids):
        if self.failure:
            raise self.failure
        return {pid: {0: 5} for pid in pids}

    async def close(self):
        self.is_closed = True


class Scene:
    """A watch, its clock, and every source that it was given; ``works`` says whether there is one to be had."""

    def __init__(self):
        self.now = 1000.0
        self.works = True
        self.sources: list[Source] = []
        self.looked_at: list[float] = []
        self.watch = GpuWatch(self.choose, now=lambda: self.now, answer_s=0.05)

    async def choose(self):
        self.looked_at.append(self.now)
        if not self.works:
            return None
        self.sources.append(Source())
        return self.sources[-1]


async def test_a_dead_source_is_closed_and_replaced_after_a_pause(caplog):
    scene = Scene()
    assert await scene.watch.read() == (CARD,)
    assert scene.watch.source_name == "fake"
    scene.sources[0].failure = SourceLost("nvidia-smi has ended")
    with caplog.at_level(logging.INFO, "llamaswap_desktop"):
        assert await scene.watch.read() == ()
        assert scene.sources[0].is_closed
        assert await scene.watch.read() == ()
        assert len(scene.sources) == 1
        scene.now += 5
        assert await scene.watch.read() == (CARD,)
    assert "GPU figures from fake are gone (nvidia-smi has ended); looking again in 5 s" in caplog.text
    assert "come from fake again" in caplog.text


async def test_the_pauses_grow_to_five_minutes():
    scene = Scene()
    scene.works = False
    for _ in range(2000):
        await scene.watch.read()
        scene.now += 1
    pauses = [later - earlier for earlier, later in zip(scene.looked_at, scene.looked_at[1:], strict=False)]
    assert pauses[:7] == [5, 10, 20, 40, 80, 160, 300]
    assert set(pauses[7:]) == {300}


async def test_a_source_that_works_again_starts_with_the_shortest_pause():
    scene = Scene()
    for _ in range(3):
        assert await scene.watch.read() == (CARD,)
        scene.sources[-1].failure = OSError("gone")
        await scene.watch.read()
        scene.now += 5
    assert len(scene.sources) == 3


async def test_a_source_that_hangs_is_given_up():
    scene = Scene()
    await scene.watch.read()
    scene.sources[0].hangs = True
    async with asyncio.timeout(5):
        assert await scene.watch.read() == ()
    assert scene.watch.source_name == ""


async def test_memory_of_processes_or_none_where_nobody_tells():
    scene = Scene()
    assert await scene.watch.memory_of(frozenset({7})) is None
    await scene.watch.read()
    assert await scene.watch.memory_of(frozenset({7})) == {7: {0: 5}}
    scene.sources[0].failure = SourceLost("gone")
    assert await scene.watch.memory_of(frozenset({7})) is None
    assert scene.sources[0].is_closed


async def test_the_end_closes_the_source():
    scene = Scene()
    await scene.watch.read()
    await scene.watch.close()
    await scene.watch.close()
    assert scene.sources[0].is_closed
