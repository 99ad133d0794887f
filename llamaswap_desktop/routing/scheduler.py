"""Who is served now, who waits, who must leave: a state machine without time, threads or I/O.

Theory of operation.  Everything that happens is an event; ``handle`` takes one with the time and returns the effects
to carry out, in order.  Nothing else changes the state, so any interleaving of clients, loads, crashes and unloads is
a list of events, and a bug report is such a list too.

A request is in one of three places.  *Queued*: nothing is under way for it.  *Waiting*: it has joined the load of its
model.  *Granted*: it is being forwarded and keeps its model from being evicted or unloaded for idleness.  All three
hold a reservation, and reservations are what ``concurrencyLimit`` bounds.

``_decide`` is the one place where the next step of a request is chosen (runtime specification, section 3.3); new
arrivals and every look through the queue ask it.  Because later requests of a queue may pass blocked ones, a queue
``A B C A B C`` is served ``A A B B C C``: one load per model.

A *load* is sequenced here: stop the victims and, if the target itself is still on its way out, wait for that too;
when the last of them is gone, start the target; when it is ready, grant all who wait.  A load that an unload has
cancelled before its start never starts.  Every order to the outside has a number, and a report counts only if it
carries the number of the model's latest order: a late answer of an abandoned load reaches nobody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

from llamaswap_desktop.errors import ConcurrencyLimit, LlamaSwapError, ModelUnloaded, ShuttingDown
from llamaswap_desktop.routing.alphabet import (
    Abort,
    Cancelled,
    Died,
    Effect,
    Event,
    Failed,
    Grant,
    Order,
    Ready,
    Reject,
    Requested,
    Served,
    ShutDown,
    Start,
    Stop,
    Stopped,
    Tick,
    Ticket,
    Unload,
    Unloaded,
    WakeAt,
)
from llamaswap_desktop.routing.planner import Planner
from llamaswap_desktop.types import ModelId, ProcessState, RequestId, StopReason

_Report = TypeVar("_Report", Ready, Failed, Stopped)


@dataclass(frozen=True, slots=True)
class ModelRules:
    """What the scheduler has to know of a configured model.

    ``limit`` bounds its reservations; ``ttl_s`` is the idle time after which it is unloaded, 0 for never;
    ``unload_timeout_s`` puts it into its batch when many are unloaded at once.
    """

    limit: int = 10
    ttl_s: float = 0.0
    unload_timeout_s: float = 10.0


@dataclass(slots=True, eq=False)
class _Load:
    target: "_Model"
    victims: frozenset[ModelId]
    leaving: set[ModelId]
    """Who has to be gone before the target may start."""
    waiters: "list[_Request]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Unloading:
    ticket: Ticket
    reason: StopReason
    named: frozenset[ModelId]
    """Barred until all of them are gone."""
    batches: "list[list[_Model]]"
    leaving: set[ModelId] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Model:
    id: ModelId
    rules: ModelRules
    state: ProcessState = ProcessState.STOPPED
    order: Order | None = None
    load: _Load | None = None
    condemned_by: _Load | None = None
    """The load that has this model as a victim; until it is decided no request gets in."""
    reserved: int = 0
    in_flight: int = 0
    idle_since: float = 0.0


@dataclass(slots=True, eq=False)
class _Request:
    id: RequestId
    model: _Model
    load: _Load | None = None
    is_granted: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """The model is ready and nobody is in its way."""


@dataclass(frozen=True, slots=True)
class Join:
    """A load of this model is under way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to end first."""


@dataclass(frozen=True, slots=True)
class Load:
    """These models can be stopped now, then the target can start."""

    victims: frozenset[ModelId]


Decision = Forward | Join | Wait | Load
_FORWARD, _JOIN, _WAIT = Forward(), Join(), Wait()


@dataclass(frozen=True, slots=True)
class Counts:
    """How busy a model is: requests without a grant, and requests being answered."""

    waiting: int
    in_flight: int


class Scheduler:
    """Turns events into effects; see the module's theory of operation."""

    def __init__(self, rules: Mapping[ModelId, ModelRules], planner: Planner) -> None:
        self._models = {model: _Model(model, its_rules) for model, its_rules in rules.items()}
        self._planner = planner
        self._requests: dict[RequestId, _Request] = {}
        self._queue: dict[RequestId, _Request] = {}  # in order of arrival; leaving it costs nothing
        self._loads: list[_Load] = []
        self._unloadings: list[_Unloading] = []
        self._running: tuple[ModelId, ...] = ()
        self._victims: dict[ModelId, frozenset[ModelId]] = {}
        self._wake_at: float | None = None
        self._orders = 0
        self._is_shutting_down = False
        self._effects: list[Effect] = []
        self._now = 0.0

    def __repr__(self) -> str:
        busy = ", ".join(
            f"{model.id} {model.state} {model.in_flight}/{model.reserved}"
            for model in self._models.values()
            if model.reserved or model.state is not ProcessState.STOPPED
        )
        return f"<Scheduler: {busy or 'nothing runs'}; {len(self._queue)} queued, {len(self._loads)} loading>"

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event at the monotonic time ``now`` (seconds); return what is to be done about it, in order."""
        self._now = now
        effects = self._effects = []
        match event:
            case Requested():
                self._on_requested(event)
            case Served():
                self._on_served(event)
            case Cancelled():
                self._on_cancelled(event)
            case Ready():
                self._if_current(event, self._on_ready)
            case Failed():
                self._if_current(event, self._on_failed)
            case Stopped():
                self._if_current(event, self._on_stopped)
            case Died():
                self._on_died(event)
            case Unload():
                self._on_unload(event)
            case ShutDown():
                self._on_shut_down(event)
            case Tick():
                self._on_tick()
            case _:
                assert_never(event)
        return effects

    # -- what may be asked, without changing anything

    def counts(self, model: ModelId) -> Counts:
        """Return how busy ``model`` is."""
        its = self._models[model]
        return Counts(waiting=its.reserved - its.in_flight, in_flight=its.in_flight)

    def position(self, request: RequestId) -> int | None:
        """Return the request's place in the queue, from 1; None when it is not queued."""
        for place, queued in enumerate(self._queue, start=1):
            if queued == request:
                return place
        return None

    def state(self, model: ModelId) -> ProcessState:
        """Return the state of ``model`` as far as it has been reported."""
        return self._models[model].state

    # -- requests

    def _on_requested(self, event: Requested) -> None:
        model = self._models[event.model]
        if self._is_shutting_down:
            self._effects.append(Reject(event.request, ShuttingDown()))
            return
        if model.reserved >= model.rules.limit:
            self._effects.append(Reject(event.request, ConcurrencyLimit()))
            return
        request = _Request(event.request, model)
        self._requests[request.id] = request
        model.reserved += 1
        if not self._place(request):
            self._queue[request.id] = request

    def _on_served(self, event: Served) -> None:
        request = self._requests.pop(event.request)
        assert request.is_granted
        model = request.model
        model.reserved -= 1
        model.in_flight -= 1
        if model.in_flight == 0:
            self._fell_idle(model)
            if self._queue:
                self._look_through_queue()

    def _on_cancelled(self, event: Cancelled) -> None:
        request = self._requests.pop(event.request)
        assert not request.is_granted
        request.model.reserved -= 1
        if request.load is not None:
            request.load.waiters.remove(request)  # the load goes on: the model is probably wanted
        else:
            del self._queue[request.id]

    def _place(self, request: _Request) -> bool:
        """Take the request as far as it can go; tell whether it left (or never entered) the queue."""
        model = request.model
        match self._decide(model):
            case Forward():
                self._grant(request)
            case Join():
                assert model.load is not None
                self._wait_for(request, model.load)
            case Load(victims):
                self._wait_for(request, self._begin_load(model, victims))
            case Wait():
                return False
        return True

    def _decide(self, model: _Model) -> Decision:
        """Choose the next step of a request for ``model``: the first line that applies, as in section 3.3."""
        if model.load is not None:
            return _JOIN
        if self._is_barred(model):
            return _WAIT
        victims = self._victims_of(model)
        if model.state is ProcessState.READY and not victims and model.condemned_by is None:
            return _FORWARD
        if any(self._collides(model, victims, load) for load in self._loads):
            return _WAIT
        if any(self._models[victim].in_flight for victim in victims):
            return _WAIT
        return Load(victims)

    def _collides(self, model: _Model, victims: frozenset[ModelId], load: _Load) -> bool:
        return load.target.id in victims or model.id in load.victims or not victims.isdisjoint(load.victims)

    def _is_barred(self, model: _Model) -> bool:
        return any(model.id in unloading.named for unloading in self._unloadings)

    def _victims_of(self, model: _Model) -> frozenset[ModelId]:
        """Ask the planner, once per model and running set: this is on the path of every request."""
        victims = self._victims.get(model.id)
        if victims is None:
            victims = self._victims[model.id] = self._planner.victims(model.id, self._running)
        return victims

    def _grant(self, request: _Request) -> None:
        request.is_granted = True
        request.load = None
        request.model.in_flight += 1
        self._effects.append(Grant(request.id))

    def _reject(self, request: _Request, error: LlamaSwapError) -> None:
        del self._requests[request.id]
        request.model.reserved -= 1
        self._effects.append(Reject(request.id, error))

    def _wait_for(self, request: _Request, load: _Load) -> None:
        request.load = load
        load.waiters.append(request)

    def _look_through_queue(self) -> None:
        """Let everyone go who can, also past blocked ones; within one look a blocked model stays blocked."""
        blocked: set[ModelId] = set()
        for request in list(self._queue.values()):
            if request.model.id in blocked:
                continue
            if self._place(request):
                del self._queue[request.id]
            else:
                blocked.add(request.model.id)

    # -- loads

    def _begin_load(self, model: _Model, victims: frozenset[ModelId]) -> _Load:
        load = _Load(model, victims, leaving=set())
        model.load = load
        self._loads.append(load)
        for victim_id in sorted(victims):
            victim = self._models[victim_id]
            victim.condemned_by = load
            load.leaving.add(victim_id)
            if victim.state is ProcessState.READY:
                self._order_stop(victim, StopReason.EVICTED)
        if model.state is ProcessState.STOPPING:
            load.leaving.add(model.id)
        self._running_changed()
        self._start_if_clear(load)
        return load

    def _start_if_clear(self, load: _Load) -> None:
        if load.leaving:
            return
        model = load.target
        if model.state is ProcessState.READY:
            self._load_succeeded(load)  # it ran all along, only its victims had to go
            return
        model.state = ProcessState.STARTING
        self._effects.append(Start(self._new_order(model), model.id))

    def _load_succeeded(self, load: _Load) -> None:
        self._end_load(load)
        for request in load.waiters:
            self._grant(request)
        if load.target.in_flight == 0:
            self._fell_idle(load.target)
        self._look_through_queue()

    def _end_load(self, load: _Load) -> None:
        self._loads.remove(load)
        load.target.load = None
        for victim in load.victims:
            if self._models[victim].condemned_by is load:
                self._models[victim].condemned_by = None
        self._running_changed()

    def _cancel_load(self, load: _Load, error: Callable[[], LlamaSwapError]) -> None:
        self._end_load(load)
        for request in load.waiters:
            self._reject(request, error())

    # -- what the processes report

    def _if_current(self, report: _Report, act: Callable[[_Model, _Report], None]) -> None:
        model = self._models[report.model]
        if model.order == report.order:
            act(model, report)

    def _on_ready(self, model: _Model, _report: Ready) -> None:
        model.state = ProcessState.READY
        if model.load is not None:  # else an unload has cancelled the load and will come to this model
            self._load_succeeded(model.load)

    def _on_failed(self, model: _Model, report: Failed) -> None:
        model.state = ProcessState.STOPPED
        if model.load is not None:
            self._cancel_load(model.load, lambda: report.error)
        self._has_left(model)

    def _on_stopped(self, model: _Model, _report: Stopped) -> None:
        model.state = ProcessState.STOPPED
        self._has_left(model)

    def _on_died(self, event: Died) -> None:
        model = self._models[event.model]
        if model.state is ProcessState.READY:
            model.state = ProcessState.STOPPED
            self._new_order(model)
            self._has_left(model)

    def _has_left(self, model: _Model) -> None:
        self._running_changed()
        for load in list(self._loads):
            if model.id in load.leaving:
                load.leaving.discard(model.id)
                self._start_if_clear(load)
        for unloading in list(self._unloadings):
            if model.id in unloading.leaving:
                unloading.leaving.discard(model.id)
                self._go_on_unloading(unloading)
        self._look_through_queue()

    # -- unloading

    def _on_unload(self, event: Unload) -> None:
        named = frozenset(event.models or self._models)
        self._unload(event.ticket, named, StopReason.UNLOADED, ModelUnloaded)

    def _on_shut_down(self, event: ShutDown) -> None:
        self._is_shutting_down = True
        self._unload(event.ticket, frozenset(self._models), StopReason.SHUTDOWN, ShuttingDown)

    def _unload(
        self,
        ticket: Ticket,
        named: frozenset[ModelId],
        reason: StopReason,
        error: Callable[[], LlamaSwapError],
    ) -> None:
        """Answer whoever waits for these models, bar them, and stop them, those with the shortest grace first."""
        models = [self._models[model] for model in sorted(named)]
        for model in models:
            if model.load is not None:
                self._cancel_load(model.load, error)
        for request in list(self._queue.values()):
            if request.model.id in named:
                del self._queue[request.id]
                self._reject(request, error())
        unloading = _Unloading(ticket, reason, named, _batches(models, at_once=reason is StopReason.SHUTDOWN))
        self._unloadings.append(unloading)
        self._go_on_unloading(unloading)
        self._look_through_queue()

    def _go_on_unloading(self, unloading: _Unloading) -> None:
        while not unloading.leaving:
            if not unloading.batches:
                self._unloadings.remove(unloading)
                self._effects.append(Unloaded(unloading.ticket))
                return
            for model in unloading.batches.pop(0):
                self._send_away(model, unloading)

    def _send_away(self, model: _Model, unloading: _Unloading) -> None:
        match model.state:
            case ProcessState.READY:
                self._order_stop(model, unloading.reason)
            case ProcessState.STARTING:
                model.state = ProcessState.STOPPING
                self._effects.append(Abort(self._new_order(model), model.id, unloading.reason))
            case ProcessState.STOPPING:
                pass
            case _:
                return
        unloading.leaving.add(model.id)

    # -- idleness

    def _fell_idle(self, model: _Model) -> None:
        """Start the idle clock: at the later of becoming ready and the end of the last answer (section 14.12)."""
        model.idle_since = self._now
        if self._may_idle_out(model):
            self._wake_by(model.idle_since + model.rules.ttl_s)

    def _on_tick(self) -> None:
        self._wake_at = None
        for model in self._models.values():
            if not self._may_idle_out(model):
                continue
            due = model.idle_since + model.rules.ttl_s
            if self._now >= due:
                self._order_stop(model, StopReason.IDLE)
            else:
                self._wake_by(due)

    def _may_idle_out(self, model: _Model) -> bool:
        return (
            model.rules.ttl_s > 0
            and model.state is ProcessState.READY
            and model.in_flight == 0
            and model.load is None
            and model.condemned_by is None
            and not self._is_barred(model)
        )

    def _wake_by(self, time: float) -> None:
        """Ask for a tick unless one comes early enough: not every request may look at every model."""
        if self._wake_at is None or time < self._wake_at:
            self._wake_at = time
            self._effects.append(WakeAt(time))

    # -- orders and bookkeeping

    def _order_stop(self, model: _Model, reason: StopReason) -> None:
        model.state = ProcessState.STOPPING
        self._effects.append(Stop(self._new_order(model), model.id, reason))

    def _new_order(self, model: _Model) -> Order:
        self._orders += 1
        model.order = Order(self._orders)
        return model.order

    def _running_changed(self) -> None:
        """Note who counts as running: every process that is not stopped, and the targets of loads decided."""
        self._running = tuple(
            sorted(
                model.id
                for model in self._models.values()
                if model.state is not ProcessState.STOPPED or model.load is not None
            )
        )
        self._victims.clear()


def _batches(models: Iterable[_Model], *, at_once: bool) -> list[list[_Model]]:
    """Put models of equal grace together, the shortest first, so that a slow giant never delays the quick ones."""
    by_grace: dict[float, list[_Model]] = {}
    for model in models:
        by_grace.setdefault(0.0 if at_once else model.rules.unload_timeout_s, []).append(model)
    return [by_grace[grace] for grace in sorted(by_grace)]
