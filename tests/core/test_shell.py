"""The core over processes that the test plays."""

import asyncio
import contextlib
import sys
import types

import pytest

from llamaswap_desktop.commands import (
    LoadModel,
    PauseModels,
    PinModel,
    Quit,
    ReloadConfig,
    ResumeModels,
    SetGroup,
    SetProfile,
    UnloadAll,
    UnloadModel,
    UnpinModel,
)
from llamaswap_desktop.config import Group, Profile, ProfileId, Router, RouterSettings, Routing
from llamaswap_desktop.core import Lease
from llamaswap_desktop.errors import (
    ConcurrencyLimit,
    ConfigError,
    GroupNotFound,
    ModelNotFound,
    ModelsPaused,
    ModelUnloaded,
    ProcessStuck,
    ProfileNotFound,
    ShuttingDown,
    StartFailed,
    StartsPaused,
)
from llamaswap_desktop.events import ConfigChanged, PauseChanged, ProfileChanged
from llamaswap_desktop.events import ProcessStuck as ProcessIsStuck
from llamaswap_desktop.events import StartFailed as StartHasFailed
from llamaswap_desktop.types import ProcessState
from tests.core.fakes import World, config, model


@contextlib.asynccontextmanager
async def world(*names: str, **fields):
    models = [each if not isinstance(each, str) else model(each) for each in names]
    made = World(config(*models, **fields))
    try:
        yield made
    finally:
        await made.end()


class Asked:
    """One request: ``outcome`` is its lease or error, once there is one."""

    def __init__(self, core, name: str) -> None:
        self.outcome = None
        held = core.request(name, self._settled)
        self.held = held
        if isinstance(held, Lease):
            self.outcome = held

    def _settled(self, outcome):
        assert self.outcome is None, "told twice"
        self.outcome = outcome

    def release(self):
        (self.outcome if isinstance(self.outcome, Lease) else self.held).release()


async def test_request_waits_for_the_model_and_is_granted_once():
    async with world("a") as w:
        asked = Asked(w.core, "a")
        assert asked.outcome is None
        await w.until(lambda: asked.outcome, "the grant")
        assert asked.outcome.upstream is w.processes["a"].upstream
        assert asked.outcome.reason
        asked.release()
        asked.release()
        again = Asked(w.core, "a")
        assert isinstance(again.held, Lease), "a ready model serves at once"
        assert again.held.waited_s == 0
        again.release()


async def test_swap_stops_the_other_with_its_grace_first():
    async with world(model("a", evict_timeout_s=77), "b") as w:
        (await w.core.acquire("a")).release()
        lease = await w.core.acquire("b")
        assert w.processes["a"].state is ProcessState.STOPPED
        assert w.processes["a"].graces == [77]
        lease.release()


async def test_busy_model_is_not_evicted():
    async with world("a", "b") as w:
        busy = await w.core.acquire("a")
        asked = Asked(w.core, "b")
        assert asked.held.position() == 1
        assert [each.sentence for each in w.core.waiting()] == ["waiting 0 s: a is answering 1 request; then load b"]
        assert asked.held.waited()[1] == "a was answering 1 request"
        busy.release()
        await w.until(lambda: asked.outcome, "the grant")
        asked.release()


async def test_client_that_leaves_before_the_grant_is_never_told():
    async with world("a") as w:
        w.processes["a"].holds = True
        asked = Asked(w.core, "a")
        await w.until(lambda: w.processes["a"].starts, "the start")
        asked.held.release()
        asked.held.release()
        w.processes["a"].go_on()
        await w.until(lambda: w.processes["a"].state is ProcessState.READY, "it is ready all the same")
        assert asked.outcome is None
        assert w.core.snapshot().models[0].in_flight == 0


async def test_client_that_leaves_while_the_grant_is_on_its_way_gives_it_back():
    async with world("a", "b") as w:
        busy = await w.core.acquire("a")
        asked = Asked(w.core, "a")
        other = Asked(w.core, "b")
        other.held.release()
        busy.release()
        asked.release()
        assert w.core.snapshot().models[0].in_flight == 0


async def test_eleventh_request_is_refused():
    async with world(model("a", concurrency_limit=2)) as w:
        leases = [await w.core.acquire("a") for _ in range(2)]
        with pytest.raises(ConcurrencyLimit):
            Asked(w.core, "a")
        for lease in leases:
            lease.release()


async def test_failed_start_is_told_to_everybody_who_waits_and_is_news():
    async with world("a") as w:
        w.processes["a"].fails = "it broke"
        asked = [Asked(w.core, "a") for _ in range(2)]
        await w.until(lambda: all(each.outcome for each in asked), "the failure")
        assert all(isinstance(each.outcome, StartFailed) for each in asked)
        assert StartHasFailed("a", "it broke") in w.events
        assert w.core.snapshot().models[0].problem == "it broke"


async def test_third_failure_in_a_row_pauses_the_starts_and_a_person_may_insist():
    async with world("a") as w:
        process = w.processes["a"]
        process.fails = "it broke"
        for expected in (StartFailed, StartFailed, StartsPaused):
            with pytest.raises(expected):
                await w.core.acquire("a")
        with pytest.raises(StartsPaused) as caught:
            await w.core.acquire("a")
        assert caught.value.retry_after_s >= 1
        assert process.starts == 3
        process.fails = ""
        w.core.execute(LoadModel("a"))
        await w.until(lambda: process.state is ProcessState.READY, "loaded by hand")
        assert w.core.snapshot().models[0].problem == ""


async def test_unexpected_error_in_a_start_reaches_whoever_waits(monkeypatch):
    async with world("a") as w:

        async def break_down():
            raise RuntimeError("a bug")

        monkeypatch.setattr(w.processes["a"], "ensure_ready", break_down)
        with pytest.raises(StartFailed, match="internal error"):
            await w.core.acquire("a")


async def test_death_is_explained_to_those_who_ask():
    async with world("a") as w:
        lease = await w.core.acquire("a")
        told = []
        w.core.explain_failure("a", told.append)
        w.processes["a"].die()
        await w.until(lambda: told, "the explanation")
        assert "SIGKILL" in told[0]
        lease.release()
        w.core.explain_failure("a", told.append)
        await w.until(lambda: len(told) == 2, "also afterwards")
        assert told[0] == told[1]


async def test_failure_of_a_living_process_is_not_blamed_on_it():
    async with world("a") as w:
        lease = await w.core.acquire("a")
        told = []
        w.core.explain_failure("a", told.append)
        await w.until(lambda: told, "the answer")
        assert told == [""]
        lease.release()


async def test_unload_tells_the_waiting_and_returns_when_the_model_is_gone():
    async with world(model("a", unload_timeout_s=7)) as w:
        w.processes["a"].holds = True
        asked = Asked(w.core, "a")
        await w.until(lambda: w.processes["a"].starts, "the start")
        await w.core.unload(["a"])
        assert isinstance(asked.outcome, ModelUnloaded)
        assert w.processes["a"].state is ProcessState.STOPPED
        assert w.processes["a"].graces == [7]


async def test_commands_for_models():
    async with world(model("a", aliases=("one",)), "b", together=True) as w:
        w.core.execute(LoadModel("one"))
        w.core.execute(LoadModel("b"))
        states = [w.processes[name] for name in "ab"]
        await w.until(lambda: all(p.state is ProcessState.READY for p in states), "both are loaded")
        w.core.execute(UnloadModel("one"))
        await w.until(lambda: states[0].state is ProcessState.STOPPED, "one is unloaded")
        w.core.execute(UnloadAll())
        await w.until(lambda: states[1].state is ProcessState.STOPPED, "all are unloaded")
        w.core.execute(PinModel("b"))
        assert [m.is_pinned for m in w.core.snapshot().models] == [False, True]
        w.core.execute(UnpinModel("b"))
        assert not w.core.snapshot().models[1].is_pinned
        with pytest.raises(ModelNotFound, match="model not found"):
            w.core.execute(LoadModel("c"))


async def test_commands_for_the_program():
    async with world("a") as w:
        told = []
        w.core.execute(Quit())
        w.core.on_quit(lambda: told.append("quit"))
        w.core.on_reload(lambda: told.append("reload"))
        w.core.execute(Quit())
        w.core.execute(ReloadConfig())
        assert told == ["quit", "reload"]


async def test_profile():
    pins = {ProfileId("night"): Profile(id=ProfileId("night"), pins={"big": "a"})}
    async with world("a", profiles=pins) as w:
        w.core.execute(SetProfile("night"))
        w.core.execute(SetProfile("night"))
        assert w.core.snapshot().profile == "night"
        assert w.core.resolve("big").model == "a"
        with pytest.raises(ProfileNotFound):
            w.core.execute(SetProfile("day"))
        w.core.execute(SetProfile(None))
        changes = [event.active for event in w.events if isinstance(event, ProfileChanged)]
        assert changes == ["night", None]


async def test_pause_unloads_refuses_and_ends():
    async with world("a") as w:
        (await w.core.acquire("a")).release()
        w.core.execute(PauseModels(seconds=100))
        await w.until(lambda: w.processes["a"].state is ProcessState.STOPPED, "it is unloaded")
        assert 99 < w.core.snapshot().paused.left_s <= 100
        with pytest.raises(ModelsPaused):
            await w.core.acquire("a")
        w.core.execute(ResumeModels())
        (await w.core.acquire("a")).release()
        assert [event.is_paused for event in w.events if isinstance(event, PauseChanged)] == [True, False]


async def test_pause_that_holds_lets_requests_wait():
    async with world("a") as w:
        w.core.execute(PauseModels(holds=True))
        asked = Asked(w.core, "a")
        assert asked.held.waited()[1] == "models were paused"
        w.core.execute(ResumeModels())
        await w.until(lambda: asked.outcome, "the grant")
        asked.release()


async def test_switches_of_a_group_change_live_and_back():
    async with world("a", "b") as w:
        (await w.core.acquire("a")).release()
        w.core.execute(SetGroup("g", swap=False))
        (await w.core.acquire("b")).release()
        assert w.processes["a"].state is ProcessState.READY, "they may run together now"
        [group] = w.core.snapshot().groups
        assert (group.swap, group.is_overridden) == (False, True)
        w.core.execute(SetGroup("g"))
        [group] = w.core.snapshot().groups
        assert (group.swap, group.is_overridden) == (True, False)
        with pytest.raises(GroupNotFound):
            w.core.execute(SetGroup("nope", swap=False))


async def test_switch_that_a_users_broken_planner_refuses_changes_nothing(monkeypatch):
    planner = type("Mine", (), {"victims": lambda self, target, picture: []})
    module = types.ModuleType("users_planners")
    module.Mine = planner
    monkeypatch.setitem(sys.modules, "users_planners", module)
    router = Router(use="users_planners:Mine", settings=RouterSettings(groups={"g": Group(id="g", members=("a",))}))
    async with world("a", routing=Routing(router=router)) as w:
        del module.Mine
        before = w.core.config
        with pytest.raises(ConfigError, match="users_planners:Mine"):
            w.core.execute(SetGroup("g", swap=False))
        assert w.core.config is before
        module.Mine = planner
        w.core.reconfigure(w.core.configured)
        [group] = w.core.snapshot().groups
        assert (group.swap, group.is_overridden) == (True, False)


async def test_start_that_is_called_off_has_not_failed():
    async with world("a") as w:
        heard = []
        w.core.subscribe(heard.append)
        process = w.processes["a"]
        process.holds, process.holds_stop = True, asyncio.Event()
        process.holds_stop.set()
        w.core.execute(LoadModel("a"))
        await w.until(lambda: process.starts, "the start")
        await w.core.unload(["a"])
        await w.until(lambda: not asyncio.all_tasks() - {asyncio.current_task()}, "the start has ended")
        assert not [event for event in heard if isinstance(event, StartHasFailed)]
        assert w.core.snapshot().models[0].problem == ""


async def test_reload_leaves_the_unchanged_alone_and_restarts_the_changed():
    async with world("a", "b", "c", together=True) as w:
        for name in "abc":
            (await w.core.acquire(name)).release()
        busy = await w.core.acquire("b")
        w.core.reconfigure(config(model("a"), model("b", cmd="other"), model("d"), together=True))
        await w.until(lambda: "c" not in w.core.process_states(), "c is forgotten")
        assert w.processes["a"].starts == 1
        assert w.processes["b"].state is ProcessState.READY, "it may finish what it is answering"
        busy.release()
        await w.until(lambda: w.processes["b"].starts == 2, "b starts anew")
        assert w.processes["b"].model.cmd == "other"
        assert ConfigChanged(("d",), ("c",), ("b",)) in w.events
        await w.until(lambda: w.processes["c"].state is ProcessState.SHUTDOWN, "c has ended for good")
        (await w.core.acquire("d")).release()


async def test_waiting_requests_survive_a_reload():
    async with world("a", "b") as w:
        busy = await w.core.acquire("a")
        asked = Asked(w.core, "b")
        w.core.reconfigure(config(model("a"), model("b")))
        busy.release()
        await w.until(lambda: asked.outcome, "the grant")
        assert isinstance(asked.outcome, Lease)
        asked.release()


async def test_sleep_makes_ready_models_prove_themselves():
    async with world("a") as w:
        (await w.core.acquire("a")).release()
        w.processes["a"].healthy = False
        w.core._woke()
        lease = await w.core.acquire("a")
        assert w.processes["a"].starts == 2, "it did not pass its check, so it was started again"
        lease.release()


async def test_start_waits_for_whatever_has_to_happen_before():
    async with world("a") as w:
        gate = asyncio.get_running_loop().create_future()
        w.core.before_start(lambda _model: gate)
        asked = Asked(w.core, "a")
        for _ in range(20):
            await asyncio.sleep(0)
        assert w.processes["a"].starts == 0
        gate.set_result(None)
        await w.until(lambda: asked.outcome, "the grant")
        asked.release()


async def test_shutdown_refuses_everybody_and_stops_everything():
    w = World(config(model("a")))
    (await w.core.acquire("a")).release()
    await w.core.shut_down(5)
    assert w.processes["a"].state is ProcessState.SHUTDOWN
    assert 0 < w.processes["a"].graces[0] <= 5
    with pytest.raises(ShuttingDown):
        Asked(w.core, "a")


async def test_caller_that_gives_up_leaves_the_line():
    async with world("a") as w:
        w.processes["a"].holds = True
        waiting = asyncio.get_running_loop().create_task(w.core.acquire("a"))
        await w.until(lambda: w.processes["a"].starts, "the start")
        waiting.cancel()
        await asyncio.wait({waiting})
        assert w.core.snapshot().models[0].waiting == 0
        w.processes["a"].go_on()


async def test_learnt_memory_is_shown_while_the_model_runs():
    async with world("a") as w:
        (await w.core.acquire("a")).release()
        w.core.learn_footprint("a", {"gpu0": 100, "ram": 7}, is_new_load=True)
        assert w.core.snapshot().models[0].memory_bytes == 100 * 1024 * 1024
        await w.core.unload()
        assert w.core.snapshot().models[0].memory_bytes is None
        assert w.core.footprint_of("a") == {"gpu0": 100, "ram": 7}


async def test_failed_start_is_answered_at_once_and_makes_room_when_it_has_ended():
    async with world("a", "b") as w:
        w.processes["a"].fails = "too slow"
        w.processes["a"].ends_slowly = True
        asked, other = Asked(w.core, "a"), Asked(w.core, "b")
        await w.until(lambda: asked.outcome, "the refusal")
        assert isinstance(asked.outcome, StartFailed)
        assert w.processes["a"].state is ProcessState.STARTING
        assert other.outcome is None
        w.processes["a"].go_on()
        await w.until(lambda: other.outcome, "the grant")
        assert [event.model for event in w.events if isinstance(event, StartHasFailed)] == ["a"]
        other.release()


async def test_request_is_the_first_to_notice_a_sleep(monkeypatch):
    slept = [0.0]
    monkeypatch.setattr("llamaswap_desktop.core.sleep.slept_s", lambda: slept[0])
    async with world("a", "b", together=True) as w:
        for name in ("a", "b"):
            (await w.core.acquire(name)).release()
        slept[0] = 3600.0
        w.processes["a"].healthy = False
        asked = Asked(w.core, "a")
        assert asked.outcome is None, "ready before the sleep is not ready after it"
        await w.until(lambda: asked.outcome, "the grant")
        assert (w.processes["a"].starts, w.processes["b"].starts) == (2, 1)
        asked.release()
        (await w.core.acquire("b")).release()


async def test_sleep_is_noticed_without_any_request(monkeypatch):
    slept = [0.0]
    monkeypatch.setattr("llamaswap_desktop.core.sleep.slept_s", lambda: slept[0])
    async with world("a") as w:
        (await w.core.acquire("a")).release()
        w.core.watch_for_sleep()
        slept[0] = 3600.0
        w.processes["a"].healthy = False
        w.core.watch_for_sleep()  # as its timer would, some seconds later
        await w.until(lambda: w.processes["a"].state is ProcessState.STOPPED, "it is stopped, being no good any more")


async def test_unload_while_a_start_waits_for_room_never_starts_it():
    async with world("a") as w:
        room = asyncio.get_running_loop().create_future()
        w.core.before_start(lambda model: room)
        asked = Asked(w.core, "a")
        await w.core.unload(["a"])
        room.set_result(None)
        await w.until(lambda: asked.outcome, "the refusal")
        assert isinstance(asked.outcome, ModelUnloaded)
        w.core.before_start(lambda model: None)
        assert w.processes["a"].starts == 0
        lease = await w.core.acquire("a")
        assert w.processes["a"].starts == 1
        lease.release()


async def test_stuck_start_is_refused_and_stuck_leftovers_of_a_crash_disturb_nobody():
    async with world("a", "b") as w:
        w.processes["a"].holds = True
        asked = Asked(w.core, "a")
        await w.until(lambda: w.processes["a"].starts, "the start")
        w.processes["a"].publish(ProcessIsStuck("a", 4711))
        await w.until(lambda: asked.outcome, "the refusal")
        assert isinstance(asked.outcome, ProcessStuck)
        assert w.core.snapshot().models[0].is_stuck
        w.processes["b"].publish(ProcessIsStuck("b", 4712))
        assert "4712" in w.core.snapshot().models[1].problem
        w.processes["a"].fails = "at last"
        w.processes["a"].go_on()
        await w.until(lambda: not w.core.snapshot().models[0].is_stuck, "it is gone")
        (await w.core.acquire("b")).release()
