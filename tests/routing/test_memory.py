"""The memory planner (runtime specification, section 14.13; configuration specification, section 20)."""

import itertools
import random

import pytest

from llamaswap_desktop.config import Group, MemorySettings
from llamaswap_desktop.routing import Device, Facts, MemoryPlanner, Picture
from llamaswap_desktop.types import ModelId, ProcessState
from tests.routing.playbook import Playbook

READY, STARTING, STOPPING = ProcessState.READY, ProcessState.STARTING, ProcessState.STOPPING


def facts(gpu0: int | None = None, state: ProcessState = READY, **more) -> Facts:
    memory = None if gpu0 is None else {Device("gpu0"): gpu0}
    return Facts(state=state, memory_mib=memory, **{"reload_s": 10.0, **more})


def plan(target: Facts, running: dict[str, Facts], *, available=10_512, groups=(), **settings):
    planner = MemoryPlanner(MemorySettings(**settings), groups)
    names = tuple(sorted(map(ModelId, running)))
    pictured = {ModelId(name): its for name, its in running.items()}
    picture = Picture(names, {ModelId("t"): target, **pictured}, {Device("gpu0"): available})
    return planner.plan(ModelId("t"), picture)


def victims(target: Facts, running: dict[str, Facts], **more) -> str:
    return " ".join(sorted(plan(target, running, **more).victims))


def test_nobody_leaves_while_all_fit():
    assert victims(facts(5_000), {"a": facts(5_000)}) == ""


def test_reserve_is_kept_free():
    assert victims(facts(5_000), {"a": facts(5_001)}) == "a"
    assert victims(facts(5_000), {"a": facts(5_001)}, reserve_mib=511) == ""


def test_budget_that_is_set_holds_instead_of_what_is_available():
    assert victims(facts(5_000), {"a": facts(5_000)}, budgets_mib={"gpu0": 9_999}) == "a"
    assert victims(facts(5_000), {"a": facts(9_000)}, budgets_mib={"gpu0": 14_000}) == ""


def test_one_big_model_leaves_rather_than_two_small_ones_if_that_is_cheaper():
    running = {"a": facts(3_000), "b": facts(3_000), "c": facts(4_000, reload_s=15.0)}
    assert victims(facts(4_000), running) == "c"
    assert victims(facts(4_000), {**running, "c": facts(4_000, reload_s=25.0)}) == "a b"


def test_who_has_been_idle_longest_leaves_among_equals():
    running = {"a": facts(5_000, idle_s=30), "b": facts(5_000, idle_s=300)}
    assert victims(facts(5_000), running) == "b"


def test_quick_loader_leaves_before_a_slow_one():
    running = {"a": facts(5_000, reload_s=40), "b": facts(5_000, reload_s=4)}
    assert victims(facts(5_000), running) == "b"


def test_idle_models_leave_before_busy_ones_whatever_they_cost():
    running = {"a": facts(5_000, reload_s=900), "b": facts(5_000, reload_s=1, in_flight=1)}
    assert victims(facts(5_000), running) == "a"


def test_busy_model_is_waited_for_if_the_idle_ones_do_not_suffice():
    running = {"a": facts(3_000), "b": facts(6_000, in_flight=1)}
    assert victims(facts(7_000), running) == "b"


def test_pinned_model_never_leaves_and_the_target_loads_beside_it():
    running = {"a": facts(6_000, is_pinned=True), "b": facts(4_000)}
    assert victims(facts(4_000), running) == "b"
    assert victims(facts(9_000), running) == "b"


def test_target_too_big_for_the_device_loads_alone():
    loads_alone = plan(facts(99_000), {"a": facts(3_000), "b": facts(3_000)})
    assert loads_alone.victims == {"a", "b"}
    assert loads_alone.reason == "t lacks 95000 MiB on gpu0, whoever leaves"


def test_target_of_unknown_size_loads_alone():
    assert victims(facts(None), {"a": facts(1_000)}) == "a"


def test_running_model_of_unknown_size_leaves():
    assert victims(facts(1_000), {"a": facts(None), "b": facts(1_000)}) == "a"


def test_model_that_is_leaving_anyway_is_taken_first():
    running = {"a": facts(5_000, idle_s=9999), "b": facts(5_000, STOPPING)}
    assert victims(facts(5_000), running) == "b"


def test_stuck_process_is_named_only_if_nothing_else_makes_room():
    running = {"a": facts(5_000), "b": facts(5_000, STOPPING, is_stuck=True)}
    assert victims(facts(5_000), running) == "a"
    assert victims(facts(9_000), running) == "a b"


def test_each_device_has_its_own_budget():
    gpus = {Device("gpu0"): 8_000, Device("gpu1"): 8_000}
    planner = MemoryPlanner(MemorySettings(reserve_mib=0))
    running = {
        ModelId("a"): Facts(READY, {Device("gpu0"): 6_000}, 1.0),
        ModelId("b"): Facts(READY, {Device("gpu1"): 6_000}, 1.0),
    }
    target = Facts(memory_mib={Device("gpu1"): 4_000})
    picture = Picture((ModelId("a"), ModelId("b")), {ModelId("t"): target, **running}, gpus)
    assert planner.plan(ModelId("t"), picture).victims == {"b"}


def test_running_target_needs_no_room():
    planner = MemoryPlanner(MemorySettings())
    picture = Picture((ModelId("a"), ModelId("t")), {ModelId("a"): facts(9_000), ModelId("t"): facts(9_000)}, {})
    assert planner.plan(ModelId("t"), picture).victims == frozenset()


def group(name: str, members: str, **switches) -> Group:
    return Group(id=name, members=tuple(map(ModelId, members.split())), **switches)


def test_groups_are_hard_rules_and_ungrouped_models_are_held_by_memory_alone():
    running = {"a": facts(100), "b": facts(100), "c": facts(100)}
    assert victims(facts(100), running, groups=[group("g", "t a"), group("h", "b")]) == "a b"


def test_persistent_member_never_leaves_for_another_groups_sake():
    running = {"a": facts(5_000, idle_s=9999), "b": facts(5_000)}
    keep = [group("kept", "a", persistent=True, swap=False)]
    assert victims(facts(5_000), running, groups=keep) == "b"
    assert victims(facts(9_000), running, groups=keep) == "b"


def test_reason_names_what_is_lacking():
    assert plan(facts(5_000), {"a": facts(6_000)}).reason == "t lacks 1000 MiB on gpu0"


@pytest.mark.parametrize("count", [5, 20])
def test_no_cheaper_set_makes_room(count):
    """With few candidates every set is compared; with many the choice is at least never wasteful."""
    rng = random.Random(count)
    for _ in range(20):
        running = {
            f"m{number:02}": facts(rng.randrange(1, 9) * 100, reload_s=rng.randrange(1, 60)) for number in range(count)
        }
        total = sum(its.memory_mib[Device("gpu0")] for its in running.values())
        short = rng.randrange(1, total)
        chosen = plan(facts(short), running, available=total + 512).victims
        assert sum(running[name].memory_mib[Device("gpu0")] for name in chosen) >= short
        for name in chosen:
            rest = chosen - {name}
            assert sum(running[other].memory_mib[Device("gpu0")] for other in rest) < short, "left in vain"
        if count <= 5:
            cost = {name: its.reload_s for name, its in running.items()}
            affordable = [
                sum(cost[name] for name in names)
                for size in range(1, count + 1)
                for names in itertools.combinations(running, size)
                if sum(running[name].memory_mib[Device("gpu0")] for name in names) >= short
            ]
            assert sum(cost[name] for name in chosen) == pytest.approx(min(affordable))


# -- with the scheduler


def test_footprints_are_learnt_and_then_models_live_together():
    play = Playbook(planner=MemoryPlanner(MemorySettings()))
    play("memory gpu0=10512 ram=64000")
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b")
    play("a holds gpu0=5000 ram=500")
    play("a1 served", "stop a evicted")  # how much b needs is not known yet
    play("a stopped", "start b")
    play("b ready", "grant b1")
    play("b holds gpu0=5000 ram=500")
    play("a2 wants a", "start a")
    play("a ready", "grant a2")
    play("b1 served")
    play("c1 wants c")
    play("a2 served", "stop a evicted", "stop b evicted")


def test_other_programs_take_memory_away():
    play = Playbook(planner=MemoryPlanner(MemorySettings()))
    play("memory gpu0=10512 ram=64000")
    play("a holds gpu0=5000 ram=0")
    play("b holds gpu0=5000 ram=0")
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("a1 served")
    play("memory gpu0=9000 ram=64000")
    play("b1 wants b", "stop a evicted")
    assert play.begun[-1].reason == "b lacks 1512 MiB on gpu0"


def test_request_that_waits_for_memory_goes_when_it_is_measured_to_suffice():
    play = Playbook(planner=MemoryPlanner(MemorySettings()))
    play("memory gpu0=6000 ram=64000")
    play("a holds gpu0=5000 ram=0")
    play("b holds gpu0=5000 ram=0")
    play("a1 wants a", "start a")
    play("a ready", "grant a1")
    play("b1 wants b")
    play("memory gpu0=12000 ram=64000", "start b")


def test_plan_is_made_afresh_when_somebody_falls_idle():
    play = Playbook(planner=MemoryPlanner(MemorySettings()))
    play("memory gpu0=10512 ram=64000")
    for model in "abc":
        play(f"{model} holds gpu0=5000 ram=0")
    for model in "ab":
        play(f"{model}1 wants {model}", f"start {model}")
        play(f"{model} ready", f"grant {model}1")
    play("c1 wants c")
    assert play.why("c1") == "waiting 0 s: a is answering 1 request; then load c"
    play("b1 served", "stop b evicted")
