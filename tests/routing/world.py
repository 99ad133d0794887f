"""Clients, processes, people and a clock around one scheduler, all of them unpredictable.

A ``World`` takes steps: which one, and with whom, is chosen by two numbers, so that both a random walk and hypothesis
can lead it.  Its ``Witness`` checks what comes of them.  ``script`` says what happened as a playbook that can be pasted
as a test.
"""

from dataclasses import replace

from llamaswap_desktop.errors import (
    ConcurrencyLimit,
    ModelRemoved,
    ModelUnloaded,
    ProcessStuck,
    StartFailed,
    StartsPaused,
)
from llamaswap_desktop.routing import RAM, alphabet
from llamaswap_desktop.types import ModelId, RequestId, StopReason
from tests.routing import settings
from tests.routing.settings import GPU, LIMIT, VARIANTS
from tests.routing.spelling import Spelling
from tests.routing.witness import Witness

STALE = alphabet.Order(0)


class World(Witness):
    """See the module."""

    # -- steps

    MOVES = (
        ("request", 30),
        ("serve", 22),
        ("finish_start", 16),
        ("finish_stop", 16),
        ("leave", 4),
        ("fail_start", 7),
        ("fail_slowly", 2),
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
        return self.fail(choice, alphabet.Failed)

    def fail_slowly(self, choice: int) -> bool:
        return self.fail(choice, alphabet.Failing)

    def fail(self, choice: int, report: type[alphabet.Failed | alphabet.Failing]) -> bool:
        if not self.starting:
            return False
        model = pick(self.starting, choice)
        order = self.starting.pop(model)
        if report is alphabet.Failing:
            self.stopping[model] = order
        failures = self.failures[model] = self.failures.get(model, 0) + 1
        if failures >= self.rules.retry.failures:
            self.resting_until[model] = self.now + min(2 ** (failures - 3), self.rules.retry.max_pause_s)
        self.loads.pop(model, None)
        effects = self.send(report(order, model, StartFailed("it broke")))
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
        if not self.stopping and not self.starting:
            return False
        model = pick({**self.stopping, **self.starting}, choice)
        if model in self.starting:  # its start has failed, and it cannot be ended
            self.stopping[model] = self.starting.pop(model)
            self.loads.pop(model, None)
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
        assert set(self.scheduler._state.models) == set(self.rules.models), "a removed model was never forgotten"
        if self.is_shutting_down:
            assert not self.alive()

    def script(self) -> str:
        return Spelling(self.kind, self.history).script()


def pick(things, choice: int):
    names = sorted(things)
    return names[choice % len(names)]
