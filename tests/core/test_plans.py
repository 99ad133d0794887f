"""What each policy would do to load a model, through the core's facade."""

import sys
import types

import msgspec

from llamaswap_desktop.config import Footprint, MemorySettings
from llamaswap_desktop.types import ProcessState
from tests.core.fakes import World, config, model


def declared(name: str, mib: int):
    return model(name, memory=Footprint(vram_mib=mib, ram_mib=0))


def using(given, use: str):
    settings = msgspec.structs.replace(given.routing.router.settings, memory=MemorySettings(reserve_mib=0))
    router = msgspec.structs.replace(given.routing.router, use=use, settings=settings)
    return msgspec.structs.replace(given, routing=msgspec.structs.replace(given.routing, router=router))


async def test_each_policy_beside_the_one_in_force():
    world = World(using(config(declared("a", 3000), declared("b", 3000), declared("c", 3000), together=True), "group"))
    core = world.core
    for name in ("a", "b"):
        (await core.acquire(name)).release()
    assert [(plan.policy, plan.leaving) for plan in core.plans("c")] == [("group", ())]
    core.measure_memory({"gpu0": 8000})
    held = await core.acquire("b")
    group, memory = core.plans("c")
    assert (group.policy, group.is_in_force, group.leaving) == ("group", True, ())
    assert (memory.policy, memory.is_in_force, memory.leaving, memory.busy) == ("memory", False, ("a",), ())
    assert memory.reason == "c lacks 1000 MiB on gpu0"
    assert core.state_of("a") is ProcessState.READY
    held.release()
    await world.end()


async def test_who_is_answering_is_named_as_what_the_load_would_wait_for():
    world = World(config(model("a"), model("b")))
    held = await world.core.acquire("a")
    (plan,) = world.core.plans("b")
    assert (plan.leaving, plan.busy) == (("a",), ("a",))
    held.release()
    assert world.core.plans("b")[0].busy == ()
    await world.end()


async def test_planner_of_the_user_that_goes_wrong_is_told_and_stays_in_use(monkeypatch):
    module = types.ModuleType("users_planners")

    class Mine:
        def victims(self, target, picture):
            return [] if target == "a" else 1 / 0

    module.Mine = Mine
    monkeypatch.setitem(sys.modules, "users_planners", module)
    world = World(using(config(model("a"), model("b"), together=True), "users_planners:Mine"))
    (await world.core.acquire("a")).release()
    mine, group = world.core.plans("b")
    assert (mine.policy, mine.is_in_force, group.policy) == ("users_planners:Mine", True, "group")
    assert mine.problem == (
        "planner users_planners:Mine would be replaced by 'group': it raised ZeroDivisionError('division by zero')"
    )
    assert not world.core.snapshot().problems
    (await world.core.acquire("b")).release()
    assert "has been replaced" in world.core.snapshot().problems[0]
    await world.end()
