"""Clients, processes, people and a clock around one scheduler, all of them unpredictable.

A ``World`` takes steps: which one, and with whom, is chosen by two numbers, so that both a random walk and hypothesis
can lead it.  It remembers what it was told and what it did, and after every step the routing promises of the runtime
specification, section 12, must hold; the number of the invariant stands beside each check.  ``script`` says what
happened as a playbook that can be pasted as a test.
"""

import itertools
import time
from dataclasses import replace

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
from tests.routing.settings import GPU, LIMIT, MAX_QUEUED, VARIANTS
from tests.routing.spelling import Spelling

STALE = alphabet.Order(0)


class World:
    """See the module."""

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

    # -- steps

    MOVES = (
        ("request", 30),
        ("serve", 22),
        ("finish_start", 16),
        ("finish_stop", 16),
        ("leave", 4),
        ("fail_start", 9),
        ("die", 2),
        ("pass_time", 8),
        ("unload", 2),
        ("learn", 3),
        ("insist", 1),
        ("pin", 1),
        ("stale", 1),
        ("get_stuck", 1),
        ("wake_up", 1),
        ("finish_check", 3),
        ("reload", 1),
        ("pause", 1),
        ("resume", 2),
        ("shut_down", 1),
    )
    WEIGHTED = tuple(name for name, weight in MOVES for _ in range(weight))

    def step(self, move: int, choice: int) -> None:
        """Take one step; instead of a move that is impossible now, something that is under way ends."""
        self.steps += 1
        wanted = getattr(self, self.WEIGHTED[move % len(self.WEIGHTED)])
        for attempt in (wanted, self.finish_start, self.finish_stop, self.serve, self.request):
            if attempt(choice):
                break
        self.check()

    def request(self, choice: int) -> bool:
        models = settings.models_of(self.variant)
        model = models[choice % len(models)]
        return self.ask(alphabet.Requested(RequestId(next(self.request_numbers)), model))

    def insist(self, choice: int) -> bool:
        models = settings.models_of(self.variant)
        model = models[choice % len(models)]
        return self.ask(alphabet.Requested(RequestId(next(self.request_numbers)), model, by_hand=True))

    def ask(self, event: alphabet.Requested) -> bool:
        model, request = event.model, event.request
        busy = self.reserved(model)
        is_free = self.is_free(model)
        self.arrived[request] = self.now
        self.waiting[request] = model
        if event.by_hand and busy < LIMIT and not self.is_shutting_down:
            self.failures[model] = 0
            self.resting_until.pop(model, None)
        effects = self.send(event)
        outcome = effects[0] if effects else None
        is_refused = isinstance(outcome, alphabet.Reject) and isinstance(outcome.error, ConcurrencyLimit)
        assert is_refused == (busy >= LIMIT and not self.is_shutting_down), "429 exactly at the cap (19)"
        if is_free and not is_refused:
            assert effects == [alphabet.Grant(request)], "a free and ready model made a request wait (17)"
        return True

    def is_free(self, model: ModelId) -> bool:
        """Tell whether nothing may keep a request for the model waiting."""
        if model not in self.ready or model in self.unchecked or model in self.drain_until:
            return False
        if self.is_paused or self.is_shutting_down or any(model in named for named in self.tickets.values()):
            return False
        if any(model in load.victims or load.model == model for load in self.loads.values()):
            return False
        if any(self.now - self.arrived[request] >= self.rules.fifo.max_wait_s for request in self.waiting):
            return False
        return not self.scheduler._advice.plan_for(self.scheduler._state.models[model]).victims

    def serve(self, choice: int) -> bool:
        if not self.granted:
            return False
        request = pick(self.granted, choice)
        model = self.granted.pop(request)
        if model in self.ready and model not in self.granted.values():
            self.idle_since[model] = self.now
        self.send(alphabet.Served(request))
        return True

    def leave(self, choice: int) -> bool:
        if not self.waiting:
            return False
        request = pick(self.waiting, choice)
        del self.waiting[request]
        self.send(alphabet.Cancelled(request))
        return True

    def finish_start(self, choice: int) -> bool:
        if not self.starting:
            return False
        model = pick(self.starting, choice)
        order = self.starting.pop(model)
        self.ready[model] = self.idle_since[model] = self.now
        self.failures[model] = 0
        self.loads.pop(model, None)
        self.send(alphabet.Ready(order, model))
        return True

    def fail_start(self, choice: int) -> bool:
        if not self.starting:
            return False
        model = pick(self.starting, choice)
        order = self.starting.pop(model)
        failures = self.failures[model] = self.failures.get(model, 0) + 1
        if failures >= self.rules.retry.failures:
            self.resting_until[model] = self.now + min(2 ** (failures - 3), self.rules.retry.max_pause_s)
        self.loads.pop(model, None)
        effects = self.send(alphabet.Failed(order, model, StartFailed("it broke")))
        kind = StartsPaused if self.failures[model] >= self.rules.retry.failures else StartFailed
        for effect in effects:
            if isinstance(effect, alphabet.Reject):
                assert type(effect.error) in {kind, ProcessStuck}, "a failed load told somebody else (22, 27)"
        return True

    def finish_stop(self, choice: int) -> bool:
        if not self.stopping:
            return False
        model = pick(self.stopping, choice)
        order = self.stopping.pop(model)
        self.stuck.discard(model)
        self.send(alphabet.Stopped(order, model))
        return True

    def get_stuck(self, choice: int) -> bool:
        if not self.stopping:
            return False
        model = pick(self.stopping, choice)
        self.stuck.add(model)
        for load in [load for load in self.loads.values() if model in load.victims or model == load.model]:
            if load.model not in self.starting:
                del self.loads[load.model]
        self.send(alphabet.Stuck(self.stopping[model], model))
        return True

    def die(self, choice: int) -> bool:
        if not self.ready:
            return False
        model = pick(self.ready, choice)
        self.gone(model)
        effects = self.send(alphabet.Died(model))
        for effect in effects:
            assert not isinstance(effect, alphabet.Reject) or isinstance(effect.error, ProcessStuck), "(27)"
        return True

    def stale(self, choice: int) -> bool:
        models = settings.models_of(self.variant)
        model = models[choice % len(models)]
        effects = self.send(
            (
                alphabet.Ready(STALE, model),
                alphabet.Failed(STALE, model, StartFailed("long ago")),
                alphabet.Stopped(STALE, model),
                alphabet.Stuck(STALE, model),
            )[choice // 8 % 4]
        )
        assert effects == [], "a late report of an abandoned order had an effect (22)"
        return True

    def wake_up(self, _choice: int) -> bool:
        self.send(alphabet.Woke())
        return True

    def finish_check(self, choice: int) -> bool:
        if not self.unchecked:
            return False
        model = pick(self.unchecked, choice)
        is_healthy = choice // 8 % 4 > 0
        self.send(alphabet.Checked(self.unchecked.pop(model), model, is_healthy))
        return True

    def pass_time(self, choice: int) -> bool:
        self.now += choice % 41
        if self.is_paused and self.paused_until is not None and self.now >= self.paused_until:
            self.is_paused = False
        self.send(alphabet.Tick())
        return True

    def unload(self, choice: int) -> bool:
        models = settings.models_of(self.variant)
        named = tuple(model for index, model in enumerate(models) if choice >> index & 1)
        ticket = alphabet.Ticket(next(self.ticket_numbers))
        everybody = frozenset(named or self.scheduler._state.models)
        self.bar(ticket, everybody)
        effects = self.send(alphabet.Unload(ticket, named))
        assert not set(self.waiting.values()) & everybody, "a waiter of an unloaded model was not told (23)"
        for effect in effects:
            if isinstance(effect, alphabet.Reject):
                assert isinstance(effect.error, ModelUnloaded | ProcessStuck), effect
        return True

    def bar(self, ticket: alphabet.Ticket, named: frozenset[ModelId]) -> None:
        self.tickets[ticket] = named
        self.restarting -= named
        for model in named:
            self.loads.pop(model, None)

    def learn(self, choice: int) -> bool:
        if self.kind != "memory" or not self.ready:
            return False
        model = pick(self.ready, choice)
        self.footprints[model] = {GPU: 1_000 * (choice // 8 % 9), RAM: 500 * (choice // 64 % 5)}
        self.send(alphabet.FootprintLearnt(model, self.footprints[model]))
        return True

    def pin(self, choice: int) -> bool:
        models = settings.models_of(self.variant)
        model = models[choice % len(models)]
        if model in self.pinned:
            self.pinned.discard(model)
            self.send(alphabet.Unpin(model))
        else:
            self.pinned.add(model)
            self.send(alphabet.Pin(model))
        return True

    def reload(self, choice: int) -> bool:
        before, variant_before = self.rules, self.variant
        was_settled = not self.scheduler._renewal._is_unsettled
        self.variant = choice % VARIANTS
        self.rules = settings.rules_of(self.variant)
        stay = set(before.models) & set(self.rules.models)
        changed = frozenset(model for index, model in enumerate(sorted(stay)) if choice // 8 >> index & 1)
        known = {model for model in self.scheduler._state.models if not self.scheduler._state.models[model].is_removed}
        back = set(self.rules.models) & set(self.scheduler._state.models) - known
        outdated = changed | back | (known - set(self.rules.models))
        for model in outdated & set(self.ready):
            if model not in self.drain_until:
                self.drain_until[model] = (
                    self.now + before.models.get(model, self.rules.models.get(model)).unload_timeout_s
                )
        for model in stay:
            if before.models[model].is_pinned != self.rules.models[model].is_pinned:
                (self.pinned.add if self.rules.models[model].is_pinned else self.pinned.discard)(model)
        for model in set(self.rules.models) - set(before.models):
            if model not in self.scheduler._state.models:
                self.pinned.discard(model)
        for model in changed | back:
            self.failures[model] = 0
            self.resting_until.pop(model, None)
            self.footprints.pop(model, None)
        self.restarting |= changed & (set(self.ready) | set(self.starting))
        self.restarting -= set(before.models) - set(self.rules.models)
        for model in [model for model in self.loads if model not in self.starting or model in outdated]:
            del self.loads[model]
        self.loads = {model: replace(load, victims=frozenset()) for model, load in self.loads.items()}
        planner = settings.planner_of(self.kind, self.variant)
        effects = self.send(alphabet.Reconfigure(self.rules, planner, changed))
        for effect in effects:
            if isinstance(effect, alphabet.Reject):
                assert isinstance(effect.error, ModelRemoved | ProcessStuck | StartsPaused), "only if the model is gone"
        if variant_before == self.variant and was_settled and self.kind in {"groups", "matrix"}:
            loads = [effect for effect in effects if isinstance(effect, alphabet.LoadBegun)]
            for effect in effects:
                if isinstance(effect, alphabet.Stop) and effect.reason is StopReason.EVICTED:
                    assert any(effect.model in load.victims for load in loads), "stopped by a reload of the same (33)"
        return True

    def pause(self, choice: int) -> bool:
        if self.is_shutting_down:
            return False
        self.is_paused, self.holds = True, bool(choice & 1)
        self.paused_until = self.now + choice % 60 + 1 if choice & 2 else None
        ticket = alphabet.Ticket(next(self.ticket_numbers))
        self.bar(ticket, frozenset(self.scheduler._state.models))
        self.loads.clear()
        self.send(alphabet.Pause(ticket, self.paused_until, self.holds))
        assert self.holds or not self.waiting
        return True

    def resume(self, _choice: int) -> bool:
        if not self.is_paused:
            return False
        self.is_paused = False
        self.send(alphabet.Resume())
        return True

    def shut_down(self, choice: int) -> bool:
        if self.is_shutting_down or choice % 8:
            return False
        self.is_shutting_down = True
        ticket = alphabet.Ticket(next(self.ticket_numbers))
        self.bar(ticket, frozenset(self.scheduler._state.models))
        self.send(alphabet.ShutDown(ticket))
        assert not self.waiting
        return True

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

    def settle(self) -> None:
        """Let everything end and nothing new come: nobody may be left waiting (14, 24)."""
        if self.is_paused:
            self.resume(0)
        for _ in range(10_000):
            if self.granted:
                self.serve(0)
            elif self.unchecked:
                self.finish_check(8)
            elif self.stopping:
                self.finish_stop(0)
            elif self.starting:
                self.finish_start(0)
            else:
                break
            self.check()
        assert not self.waiting, f"left waiting: {self.waiting} in {self.scheduler!r} (24)"
        assert not self.tickets, "an unload was never answered"
        assert all(self.scheduler.counts(model).in_flight == 0 for model in self.rules.models), "counts return to zero"
        if self.is_shutting_down:
            assert not self.alive()

    def script(self) -> str:
        return Spelling(self.kind, self.history).script()


def pick(things, choice: int):
    names = sorted(things)
    return names[choice % len(names)]
