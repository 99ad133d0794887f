"""Random interleavings: after every step the promises of the runtime specification (section 12) must hold."""

import itertools
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llamaswap_desktop.config import Group
from llamaswap_desktop.errors import ConcurrencyLimit, StartFailed
from llamaswap_desktop.routing import GroupPlanner, ModelRules, Scheduler, alphabet
from llamaswap_desktop.types import ModelId, RequestId, StopReason

MODELS = [ModelId(name) for name in "abcde"]
GROUPS = [
    Group(id="swapping", swap=True, exclusive=True, persistent=False, members=tuple(MODELS[:2])),
    Group(id="together", swap=False, exclusive=False, persistent=False, members=tuple(MODELS[2:4])),
    Group(id="(default)", swap=True, exclusive=True, persistent=False, members=tuple(MODELS[4:])),
]
LIMIT = 3


class World(RuleBasedStateMachine):
    """Clients, processes and a clock around the scheduler; remembers what it was told and what it did."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(
            {model: ModelRules(limit=LIMIT, ttl_s=30 if model == "a" else 0) for model in MODELS},
            GroupPlanner(GROUPS),
        )
        self.now = 0.0
        self.model_of: dict[RequestId, ModelId] = {}
        self.waiting: dict[RequestId, ModelId] = {}
        self.granted: dict[RequestId, ModelId] = {}
        self.starting: dict[ModelId, alphabet.Order] = {}
        self.stopping: dict[ModelId, alphabet.Order] = {}
        self.ready: set[ModelId] = set()
        self.tickets: dict[alphabet.Ticket, set[ModelId]] = {}
        self.ticket_numbers = itertools.count(1)
        self.is_shutting_down = False

    def send(self, event: alphabet.Event) -> None:
        for effect in self.scheduler.handle(event, self.now):
            self.carry_out(effect)

    def carry_out(self, effect: alphabet.Effect) -> None:
        match effect:
            case alphabet.Grant(request):
                model = self.waiting.pop(request)
                assert model in self.ready, "granted a model that is not ready (invariant 3)"
                assert model not in self.stopping
                self.granted[request] = model
            case alphabet.Reject(request, error):
                model = self.waiting.pop(request)
                if isinstance(error, ConcurrencyLimit):
                    assert self.busy(model) == LIMIT, "429 exactly at the cap (invariant 19)"
            case alphabet.Start(order, model):
                assert model not in self.alive(), "two children of one model (invariant 1)"
                assert not self.is_shutting_down
                self.starting[model] = order
                self.check_groups(model)
            case alphabet.Stop(order, model, reason):
                assert model in self.ready
                if reason in {StopReason.EVICTED, StopReason.IDLE}:
                    assert model not in self.granted.values(), "a busy model was evicted (invariant 13)"
                self.ready.discard(model)
                self.stopping[model] = order
            case alphabet.Abort(order, model, _):
                del self.starting[model]
                self.stopping[model] = order
            case alphabet.Unloaded(ticket):
                self.tickets.pop(ticket)

    def alive(self) -> set[ModelId]:
        return {*self.starting, *self.stopping, *self.ready}

    def busy(self, model: ModelId) -> int:
        return [*self.waiting.values(), *self.granted.values()].count(model)

    def check_groups(self, started: ModelId) -> None:
        home = next(group for group in GROUPS if started in group.members)
        others = self.alive() - {started}
        if home.swap:
            assert not others & set(home.members), "two members of a swapping group alive (invariant 10)"

    @rule(model=st.sampled_from(MODELS))
    def request(self, model: ModelId) -> None:
        request = RequestId(len(self.model_of) + 1)
        self.model_of[request] = model
        self.waiting[request] = model
        ready_alone = model in self.ready and not self.scheduler._victims_of(self.scheduler._models[model])
        self.send(alphabet.Requested(request, model))
        if ready_alone and self.scheduler._models[model].condemned_by is None and not self.tickets:
            assert request not in self.waiting, "a ready model kept a request waiting (invariant 17)"

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data) -> None:
        request = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[request]
        self.send(alphabet.Cancelled(request))

    @precondition(lambda self: self.granted)
    @rule(data=st.data())
    def serve(self, data) -> None:
        request = data.draw(st.sampled_from(sorted(self.granted)))
        del self.granted[request]
        self.send(alphabet.Served(request))

    @precondition(lambda self: self.starting)
    @rule(data=st.data(), works=st.booleans())
    def finish_start(self, data, works: bool) -> None:
        model = data.draw(st.sampled_from(sorted(self.starting)))
        order = self.starting.pop(model)
        if works:
            self.ready.add(model)
            self.send(alphabet.Ready(order, model))
        else:
            self.send(alphabet.Failed(order, model, StartFailed("it broke")))

    @precondition(lambda self: self.stopping)
    @rule(data=st.data())
    def finish_stop(self, data) -> None:
        model = data.draw(st.sampled_from(sorted(self.stopping)))
        self.send(alphabet.Stopped(self.stopping.pop(model), model))

    @precondition(lambda self: self.ready)
    @rule(data=st.data())
    def die(self, data) -> None:
        model = data.draw(st.sampled_from(sorted(self.ready)))
        self.ready.discard(model)
        self.send(alphabet.Died(model))

    @rule(order=st.integers(0, 5), model=st.sampled_from(MODELS))
    def stale_report(self, order: int, model: ModelId) -> None:
        if order not in {self.starting.get(model), self.stopping.get(model)} and order != self.current(model):
            self.send(alphabet.Ready(alphabet.Order(order), model))

    def current(self, model: ModelId) -> alphabet.Order | None:
        return self.scheduler._models[model].order

    @rule(models=st.sets(st.sampled_from(MODELS), max_size=3))
    def unload(self, models: set[ModelId]) -> None:
        ticket = alphabet.Ticket(next(self.ticket_numbers))
        self.tickets[ticket] = models or set(MODELS)
        self.send(alphabet.Unload(ticket, tuple(models)))
        for request in self.waiting.values():
            assert request not in (models or MODELS), "a waiter of an unloaded model was not told"

    @rule(seconds=st.floats(0, 40))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.send(alphabet.Tick())

    @precondition(lambda self: not self.is_shutting_down)
    @rule(really=st.integers(0, 19))
    def shut_down(self, really: int) -> None:
        if really:
            return
        self.is_shutting_down = True
        self.tickets[alphabet.Ticket(-1)] = set(MODELS)
        self.send(alphabet.ShutDown(alphabet.Ticket(-1)))

    @invariant()
    def counts_agree(self) -> None:
        """Reservations equal waiting plus in-flight requests (invariant 18)."""
        for model in MODELS:
            counts = self.scheduler.counts(model)
            assert counts.waiting == list(self.waiting.values()).count(model)
            assert counts.in_flight == list(self.granted.values()).count(model)
            assert counts.waiting + counts.in_flight <= LIMIT

    def teardown(self) -> None:
        """When nothing new comes and everything ends, nobody is left waiting (invariants 14 and 24)."""
        for _ in range(1000):
            if self.granted:
                request = next(iter(self.granted))
                del self.granted[request]
                self.send(alphabet.Served(request))
            elif self.stopping:
                model, order = next(iter(self.stopping.items()))
                del self.stopping[model]
                self.send(alphabet.Stopped(order, model))
            elif self.starting:
                model, order = next(iter(self.starting.items()))
                del self.starting[model]
                self.ready.add(model)
                self.send(alphabet.Ready(order, model))
            else:
                break
        assert not self.waiting, f"left waiting: {self.waiting} in {self.scheduler!r}"
        assert not self.tickets, "an unload was never answered"
        if self.is_shutting_down:
            assert not self.alive()


World.TestCase.settings = settings(
    max_examples=4000 if os.environ.get("SOAK") else 150,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRandomInterleavings = World.TestCase
