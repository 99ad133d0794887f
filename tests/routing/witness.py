"""Watches one scheduler: remembers what it was told and what it did, and checks that it keeps its promises.

After every event and every step the routing promises of the runtime specification, section 12, must hold; the number
of the invariant stands beside each check.
"""

import itertools
import time

from llamaswap_desktop.errors import (
    ConcurrencyLimit,
    ModelRemoved,
    ModelsPaused,
    ModelUnloaded,
    ProcessStuck,
    QueueFull,
    ShuttingDown,
    StartFailed,
    StartsPaused,
    WaitedTooLong,
)
from llamaswap_desktop.routing import RAM, Scheduler, alphabet
from llamaswap_desktop.routing.decisions import Wait
from llamaswap_desktop.routing.footprint import footprint
from llamaswap_desktop.routing.planner import Picture
from llamaswap_desktop.types import ModelId, ProcessState, RequestId, StopReason
from tests.routing import settings
from tests.routing.settings import GPU, LIMIT, MAX_QUEUED


class Witness:
    """What is known outside of the scheduler; see the module."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.variant = 0
        self.rules = settings.rules_of(0)
        self.scheduler = Scheduler(self.rules, settings.planner_of(kind, 0))
        self.now = 100.0
        self.steps = 0
        self.slow_events = 0
        self.history: list[tuple[float, alphabet.Event, list[alphabet.Effect], int]] = []
        # clients
        self.request_numbers = itertools.count(1)
        self.arrived: dict[RequestId, float] = {}
        self.waiting: dict[RequestId, ModelId] = {}
        self.granted: dict[RequestId, ModelId] = {}
        # processes
        self.starting: dict[ModelId, alphabet.Order] = {}
        self.stopping: dict[ModelId, alphabet.Order] = {}
        self.ready: dict[ModelId, float] = {}
        self.stuck: set[ModelId] = set()
        self.unchecked: dict[ModelId, alphabet.Order] = {}
        self.idle_since: dict[ModelId, float] = {}
        self.footprints: dict[ModelId, dict] = {}
        # what the scheduler has undertaken
        self.loads: dict[ModelId, alphabet.LoadBegun] = {}
        self.begun_at: dict[ModelId, int] = {}
        self.load_numbers = itertools.count(1)
        self.tickets: dict[alphabet.Ticket, frozenset[ModelId]] = {}
        self.ticket_numbers = itertools.count(1)
        self.failures: dict[ModelId, int] = {}
        self.resting_until: dict[ModelId, float] = {}
        self.pinned = {ModelId("d")}
        self.drain_until: dict[ModelId, float] = {}
        self.restarting: set[ModelId] = set()
        self.is_paused = False
        self.holds = False
        self.paused_until: float | None = None
        self.is_shutting_down = False
        self.send(alphabet.MemoryMeasured({GPU: 12_000, RAM: 8_000}))

    # -- what the scheduler does about it

    def send(self, event: alphabet.Event) -> list[alphabet.Effect]:
        began = time.perf_counter()
        effects = self.scheduler.handle(event, self.now)
        self.slow_events += time.perf_counter() - began > 0.05
        self.check_order_of_loads(effects)
        self.history.append((self.now, event, effects, self.variant))
        begun = {effect.model for effect in effects if isinstance(effect, alphabet.LoadBegun)}
        models = self.scheduler._state.models
        for model in set(self.loads) - begun:
            if model not in models or models[model].load is None:
                del self.loads[model]
        for effect in effects:
            match effect:
                case alphabet.Grant(request):
                    self.on_grant(request)
                case alphabet.Reject(request, error):
                    self.on_reject(request, error)
                case alphabet.LoadBegun():
                    self.on_load_begun(effect)
                case alphabet.Start(order, model):
                    self.on_start(order, model)
                case alphabet.Stop(order, model, reason):
                    self.on_stop(order, model, reason)
                case alphabet.Abort(order, model, reason):
                    assert reason in {StopReason.UNLOADED, StopReason.SHUTDOWN, StopReason.RELOADED}
                    del self.starting[model]
                    self.stopping[model] = order
                case alphabet.Check(order, model):
                    assert model in self.ready
                    self.unchecked[model] = order
                case alphabet.Unloaded(ticket):
                    named = self.tickets.pop(ticket)
                    assert not (self.alive() & named) - self.stuck, "answered, yet something lives (23)"
                case alphabet.Forgotten(model):
                    assert model not in self.alive() and model not in self.rules.models
                    assert model not in self.waiting.values()
                    self.failures.pop(model, None)  # should it come back, it has no past
                    self.resting_until.pop(model, None)
                    self.footprints.pop(model, None)
                case alphabet.PlannerReplaced(problem):
                    raise AssertionError(problem)
                case alphabet.WakeAt(at):
                    assert at >= self.now
        return effects

    def check_order_of_loads(self, effects: list[alphabet.Effect]) -> None:
        """Of those who become possible at one look, who is ahead in effective priority is loaded first (20)."""
        if any(self.now - self.arrived[request] >= self.rules.fifo.max_wait_s for request in self.waiting):
            return  # a barrier that falls makes for a second look
        ranks = []
        for effect in effects:
            if isinstance(effect, alphabet.LoadBegun):
                requests = [request for request, model in self.waiting.items() if model == effect.model]
                if requests:
                    priority = self.rules.fifo.priority.get(effect.model, 0)
                    arrived = self.arrived[min(requests)]
                    ranks.append((arrived / self.rules.fifo.aging_step_s - priority, min(requests)))
        assert ranks == sorted(ranks), "a load began before one of higher effective priority (20)"

    def on_grant(self, request: RequestId) -> None:
        model = self.waiting.pop(request)  # a second answer would be a KeyError (14)
        assert model in self.ready, "granted a model that is not ready (3)"
        assert model not in self.stopping
        assert model not in self.unchecked, "granted a model that has not been checked since the sleep"
        assert model not in self.drain_until, "granted a model whose definition has changed"
        assert not self.is_paused
        assert not any(model in named for named in self.tickets.values()), "granted while it is being unloaded"
        older = [other for other, its in self.waiting.items() if its == model and other < request]
        assert not older, f"{request} was granted before {older} (20)"
        for load in self.loads.values():
            if model in load.victims:
                assert load.model not in self.loads or load.model == model, "granted a victim of a load"
        self.loads.pop(model, None)
        self.granted[request] = model

    def on_reject(self, request: RequestId, error: Exception) -> None:
        model = self.waiting.pop(request)
        match error:
            case ConcurrencyLimit():
                assert self.reserved(model) == LIMIT
            case QueueFull():
                assert error.retry_after_s >= 1
                assert len(self.scheduler._state.queue) >= MAX_QUEUED
            case WaitedTooLong():
                assert self.now - self.arrived[request] >= self.rules.models[model].queue_timeout_s > 0
            case StartsPaused():
                assert self.failures[model] >= self.rules.retry.failures, "refused before it had failed often enough"
                assert error.retry_after_s >= 1
            case StartFailed():
                assert self.failures[model] < self.rules.retry.failures
            case ModelRemoved():
                assert model not in self.rules.models
            case ModelsPaused():
                assert self.is_paused and not self.holds and error.retry_after_s >= 1
            case ProcessStuck():
                assert self.stuck
            case ModelUnloaded():
                pass
            case ShuttingDown():
                assert self.is_shutting_down
            case _:
                raise AssertionError(error)

    def on_load_begun(self, load: alphabet.LoadBegun) -> None:
        model = load.model
        assert not self.is_paused and not self.is_shutting_down
        assert model in self.rules.models, "loads what is configured no more"
        assert model not in self.stuck and not load.victims & self.stuck
        assert not any(model in named for named in self.tickets.values()), "an unloaded model is loaded (23)"
        wanted = model in self.waiting.values() or model in self.restarting
        assert wanted, "a load that nobody waits for (15)"
        assert self.now >= self.resting_until.get(model, self.now), "started during a back-off (14.10)"
        assert model not in load.victims and load.victims <= set(load.running)
        for victim in load.victims:
            assert victim not in self.granted.values() or victim not in self.ready, "a busy victim (13)"
        for other in self.loads.values():
            collides = other.model in load.victims or model in other.victims or load.victims & other.victims
            assert not collides, "two loads that disturb each other"
        assert model not in self.loads, "one load at a time (16)"
        if self.kind == "memory":
            self.check_memory(load)
        self.restarting.discard(model)
        self.loads[model] = load
        self.begun_at[model] = next(self.load_numbers)

    def on_start(self, order: alphabet.Order, model: ModelId) -> None:
        assert model not in self.alive(), "two children of one model (1)"
        load = self.loads[model]
        assert not load.victims & self.alive(), "the target was spawned beside a victim (4)"
        self.starting[model] = order
        getattr(self, f"check_{self.kind}_at_start")(model)

    def on_stop(self, order: alphabet.Order, model: ModelId, reason: StopReason) -> None:
        assert model in self.ready
        is_busy = model in self.granted.values()
        match reason:
            case StopReason.EVICTED:
                assert not is_busy, "a busy model was evicted (13)"
            case StopReason.IDLE:
                assert not is_busy, "a busy model was idled out (13)"
                assert model not in self.pinned, "a pinned model was idled out"
                ttl_s = self.rules.models[model].ttl_s
                assert ttl_s and self.now - self.idle_since[model] >= ttl_s, "idled out too early (7)"
            case StopReason.RELOADED:
                assert model in self.drain_until, "an untouched model was stopped by a reload (33)"
                assert not is_busy or self.now >= self.drain_until[model], "cut off before its grace was over"
        self.gone(model)
        self.stopping[model] = order

    def gone(self, model: ModelId) -> None:
        del self.ready[model]
        self.drain_until.pop(model, None)
        self.unchecked.pop(model, None)

    # -- what each planner promises

    def check_groups_at_start(self, model: ModelId) -> None:
        self.check_hard_rules(model, settings.planner_of("groups", self.variant)._group_of)

    def check_hard_rules(self, model: ModelId, group_of) -> None:
        home = group_of.get(model)
        for other in self.alive() - {model}:
            its = group_of.get(other)
            if home is None or its is None:
                continue
            if its is home:
                assert not home.swap, f"{model} and {other} of one swapping group are alive (10)"
            elif home.exclusive and not its.persistent:
                assert self.begun_at[other] > self.begun_at[model], f"{other} lives beside exclusive {model} (11)"

    def check_matrix_at_start(self, model: ModelId) -> None:
        alive = {other for other in self.alive() if other in self.rules.models}
        fits = any(alive <= set(members) for members in settings.SETS[self.variant])
        assert fits or alive == {model}, f"{alive} fit into no set (12)"

    def check_memory_at_start(self, model: ModelId) -> None:
        self.check_hard_rules(model, self.group_of_hard_rules())

    def check_users_at_start(self, model: ModelId) -> None:
        self.check_hard_rules(model, self.group_of_hard_rules())

    def group_of_hard_rules(self):
        return {member: group for group in settings.hard_rules_of(self.variant) for member in group.members}

    def check_memory(self, load: alphabet.LoadBegun) -> None:
        """Whoever stays fits beside the target, or cannot leave; and nobody leaves in vain (14.13)."""
        picture = self.scheduler._advice.full_picture(self.scheduler._state.models[load.model])
        if load.model in self.ready:
            return
        planner = settings.planner_of("memory", self.variant)
        rules = planner._groups
        by_rule = rules.plan(load.model, Picture(load.running)).victims
        removed = {model for model in load.running if model not in self.rules.models}
        staying = set(load.running) - load.victims - {load.model}
        chosen = load.victims - by_rule - removed
        for victim in chosen:
            assert victim not in self.pinned, f"pinned {victim} was evicted for {load.model}"
            assert not rules.protects(victim, load.model), "a persistent model was evicted from outside"
        may_leave = {other for other in staying if other not in self.pinned and not rules.protects(other, load.model)}
        assert self.fits(load.model, staying, staying - may_leave) or not may_leave, (
            f"{load.model} does not fit beside {staying}"
        )
        known = [victim for victim in chosen if picture.facts[victim].memory_mib is not None]
        if self.fits(load.model, staying, staying - may_leave) and len(known) == len(chosen):
            for victim in chosen:
                is_free = picture.facts[victim].state is ProcessState.STOPPING
                assert is_free or not self.fits(load.model, {*staying, victim}, staying - may_leave), (
                    f"{victim} left in vain"
                )

    def fits(self, target: ModelId, others: set[ModelId], cannot_leave: set[ModelId]) -> bool:
        """Tell whether the target fits beside the others on every device that it needs."""
        needed = self.footprint(target)
        held = [self.footprint(other) or ({} if other in cannot_leave else None) for other in others]
        if needed is None or any(each is None for each in held):
            return False
        return all(
            sum(each.get(device, 0) for each in held) + needed[device] <= budget
            for device, budget in settings.BUDGETS_MIB[self.variant].items()
            if needed.get(device)
        )

    def footprint(self, model: ModelId):
        return footprint(self.scheduler._state.models[model].rules.declared, self.footprints.get(model), [GPU])

    # -- after every step

    def alive(self) -> set[ModelId]:
        return {*self.starting, *self.stopping, *self.ready}

    def reserved(self, model: ModelId) -> int:
        return self.counted(model, self.waiting) + self.counted(model, self.granted)

    @staticmethod
    def counted(model: ModelId, requests: dict[RequestId, ModelId]) -> int:
        return sum(1 for its in requests.values() if its == model)

    def check(self) -> None:
        state = self.scheduler._state
        for model in self.rules.models:
            counts = self.scheduler.counts(model)
            is_new = state.models[model].reserved != self.reserved(model)
            if not is_new or model not in self.orphaned():
                assert counts.waiting == self.counted(model, self.waiting), f"{model} waiting (18)"
            assert 0 <= counts.in_flight <= self.counted(model, self.granted) <= LIMIT or model in self.orphaned(), (
                "(18)"
            )
        for load in state.loads:
            assert load.target.load is load
            assert all(request.load is load and request.id in self.waiting for request in load.waiters)
            assert load.leaving <= self.alive(), "a load waits for somebody who is gone (24)"
            assert load.leaving or load.target.id in self.starting, "a load waits for nothing (24)"
        queued = {request.model.id for request in state.queue}
        for model in queued:
            decision = self.scheduler._decider.decide(state.models[model])
            assert isinstance(decision, Wait), f"{model} is queued, but could {decision} (20, 24)"
        held = sum(len(load.waiters) for load in state.loads) + len(state.queue)
        assert held == len(self.waiting), "somebody waits in no place, or in two (14, 21)"
        assert self.scheduler._advice.take_problem() == ""

    def orphaned(self) -> set[ModelId]:
        """Return the models that were forgotten while their broken answers were still ending."""
        state = self.scheduler._state
        return {
            model
            for request, model in self.granted.items()
            if model not in state.models or state.requests[request].model is not state.models[model]
        }
