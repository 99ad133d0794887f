"""Who is served now, who waits, who must leave: a state machine without time, threads or I/O.

Theory of operation.  Everything that happens is an event; ``handle`` takes one with the time and returns the effects
to carry out, in order.  Nothing else changes the state, so any interleaving of clients, loads, crashes and unloads is
a list of events, and a bug report is such a list too.

A request is in one of three places.  *Queued*: nothing is under way for it.  *Waiting*: it has joined the load of its
model.  *Granted*: it is being forwarded and keeps its model from being evicted or unloaded for idleness.  All three
hold a reservation, and reservations are what ``concurrencyLimit`` bounds.

``Decider.decide`` is the one place where the next step of a request is chosen; new arrivals and every look through the
queue ask it.  Because later requests of a queue may pass blocked ones, a queue ``A B C A B C`` is served
``A A B B C C``: one load per model.  Whatever ends something only notes that a look is due; the look comes at the end
of the event, so that no part calls another in the middle of its work.

Every order to the outside has a number, and a report counts only if it carries the number of the model's latest
order: a late answer of an abandoned load reaches nobody.

The parts, one idea each, share one ``State``: ``decide`` (what next), ``barrier`` (the bound on waiting), ``loading``,
``unloading``, ``pausing``, ``idleness``, ``suspicion`` (after a sleep), ``renewal`` (new rules), ``advice`` (the
planner's answers).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, assert_never

from llamaswap_desktop.errors import (
    ConcurrencyLimit,
    LlamaSwapError,
    ModelUnloaded,
    ProcessStuck,
    QueueFull,
    ShuttingDown,
    WaitedTooLong,
)
from llamaswap_desktop.routing.advice import Advice
from llamaswap_desktop.routing.alphabet import (
    Cancelled,
    Checked,
    Died,
    Effect,
    Event,
    Failed,
    Failing,
    FootprintLearnt,
    MemoryMeasured,
    Pause,
    Pin,
    PlannerReplaced,
    Ready,
    Reconfigure,
    Reject,
    Requested,
    Resume,
    Served,
    ShutDown,
    Stopped,
    Stuck,
    Tick,
    Unload,
    Unpin,
    Woke,
)
from llamaswap_desktop.routing.backoff import BackOff
from llamaswap_desktop.routing.decide import Decider
from llamaswap_desktop.routing.decisions import Decision, Forward, Join, Load, Refuse, Turn, Wait
from llamaswap_desktop.routing.estimate import retry_after_s
from llamaswap_desktop.routing.explain import LoadUnderWay, WaitingRequest, cause_in_words, sentence, under_way
from llamaswap_desktop.routing.idleness import Idleness
from llamaswap_desktop.routing.loading import Loading
from llamaswap_desktop.routing.pausing import Pauses
from llamaswap_desktop.routing.planner import Picture, Planner
from llamaswap_desktop.routing.records import Closed, Model, Request
from llamaswap_desktop.routing.renewal import Renewal
from llamaswap_desktop.routing.rules import Rules
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.routing.suspicion import Suspicion
from llamaswap_desktop.routing.unloading import Unloads
from llamaswap_desktop.types import ModelId, ProcessState, RequestId, StopReason

_Report = TypeVar("_Report", Ready, Failed, Failing, Stopped, Stuck, Checked)


@dataclass(frozen=True, slots=True)
class Counts:
    """How busy a model is: requests without a grant, and requests being answered."""

    waiting: int
    in_flight: int


class Scheduler:
    """Turns events into effects; see the module's theory of operation."""

    def __init__(self, rules: Rules, planner: Planner) -> None:
        self._state = state = State(rules)
        self._advice = Advice(state, planner)
        self._decider = Decider(state, self._advice)
        self._idleness = Idleness(state)
        self._loading = Loading(state, self._idleness)
        self._unloads = Unloads(state, self._loading)
        self._pauses = Pauses(state, self._loading, self._unloads)
        self._suspicion = Suspicion(state, self._loading, self._idleness)
        self._renewal = Renewal(state, self._advice, self._loading, self._idleness)

    def __repr__(self) -> str:
        busy = ", ".join(
            f"{model.id} {model.state} {model.in_flight}/{model.reserved}"
            for model in self._state.models.values()
            if model.reserved or model.state is not ProcessState.STOPPED
        )
        queued, loading = len(self._state.queue), len(self._state.loads)
        return f"<Scheduler: {busy or 'nothing runs'}; {queued} queued, {loading} loading>"

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event at the monotonic time ``now`` (seconds); return what is to be done about it, in order."""
        state = self._state
        state.now = now
        effects = state.effects = []
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
            case Failing():
                self._if_current(event, self._on_failing)
            case Stopped():
                self._if_current(event, self._on_stopped)
            case Stuck():
                self._if_current(event, self._on_stuck)
            case Checked():
                self._if_current(event, self._suspicion.checked)
            case Died():
                self._on_died(event)
            case Unload():
                named = event.models or state.models
                self._unloads.unload(event.ticket, named, StopReason.UNLOADED, self._unloaded)
            case Pin():
                self._pin(event.model, is_pinned=True)
            case Unpin():
                self._pin(event.model, is_pinned=False)
            case Pause():
                self._pauses.pause(event)
            case Resume():
                self._pauses.resume()
            case Woke():
                self._suspicion.woke()
            case Reconfigure():
                self._renewal.reconfigure(event)
            case FootprintLearnt():
                self._on_footprint_learnt(event)
            case MemoryMeasured():
                self._on_memory_measured(event)
            case Tick():
                self._on_tick()
            case ShutDown():
                self._on_shut_down(event)
            case _:
                assert_never(event)
        if state.is_look_due:
            self._look_around()
        if problem := self._advice.take_problem():
            effects.append(PlannerReplaced(problem))
        return effects

    # -- what may be asked, without changing anything

    def counts(self, model: ModelId) -> Counts:
        """Return how busy ``model`` is."""
        its = self._state.models[model]
        return Counts(waiting=its.reserved - its.in_flight, in_flight=its.in_flight)

    def is_pinned(self, model: ModelId) -> bool:
        """Tell whether ``model`` is kept from idle unload and from eviction by memory."""
        return self._state.models[model].is_pinned

    def is_stuck(self, model: ModelId) -> bool:
        """Tell whether the process of ``model`` has survived a forced stop."""
        return self._state.models[model].closed is Closed.STUCK

    def unloads_at(self, model: ModelId) -> float | None:
        """Return when ``model`` will be unloaded for idleness, None while nothing leads to that."""
        return self._idleness.due(self._state.models[model])

    def is_paused(self) -> bool:
        """Tell whether models are paused."""
        return self._state.pausing is not None

    def priority(self, model: ModelId) -> int:
        """Return the configured priority of requests for ``model``."""
        return self._state.models[model].priority

    def position(self, request: RequestId) -> int | None:
        """Return the request's place in the queue, from 1; None when it is not queued."""
        its = self._state.requests.get(request)
        if its is None or its.is_granted or its.load is not None:
            return None
        return self._state.queue.position(its)

    def waiting(self, now: float) -> list[WaitingRequest]:
        """Return everybody who waits, with the reason in words: those who wait for a load, then the queue in order."""
        self._state.now = now
        joined = [(None, request) for load in self._state.loads for request in load.waiters]
        queued = list(enumerate(self._state.queue, start=1))
        return [
            WaitingRequest(request.id, request.model.id, now - request.arrived, position, self._sentence(request))
            for position, request in [*joined, *queued]
        ]

    def loads(self, now: float) -> list[LoadUnderWay]:
        """Return what is being loaded, or waits for others to leave, in the order in which that was decided."""
        return [under_way(load, now) for load in self._state.loads]

    def waited(self, request: RequestId, now: float) -> tuple[float, str]:
        """Return for how many seconds a request that waits has done so, and what for, told as if it were over."""
        self._state.now = now
        return self._state.waited(self._state.requests[request])

    @property
    def planner(self) -> Planner:
        """The planner in use."""
        return self._advice.planner

    def picture(self, target: ModelId, now: float) -> Picture:
        """Return the picture that a planner which reads facts would be shown for ``target``; see ``dry_run``."""
        self._state.now = now
        return self._advice.full_picture(self._state.models[target])

    # -- requests

    def _on_requested(self, event: Requested) -> None:
        state = self._state
        model = state.models[event.model]
        if state.is_shutting_down:
            state.effects.append(Reject(event.request, ShuttingDown(self._advice.planner.name)))
            return
        if model.reserved >= model.rules.limit:
            state.effects.append(Reject(event.request, ConcurrencyLimit()))
            return
        if event.by_hand:
            model.back_off = BackOff()
        request = state.admit(event, model)
        decision = self._decider.decide(model)
        if not isinstance(decision, Wait):
            self._follow(request, decision)
        elif 0 < state.fifo.max_queued <= len(state.queue):
            state.reject(request, QueueFull(model.id, len(state.queue), self._retry_after_s(model)))
        else:
            request.cause = decision.cause
            state.enqueue(request)

    def _on_served(self, event: Served) -> None:
        request = self._state.requests.pop(event.request)
        assert request.is_granted
        model = request.model
        model.reserved -= 1
        model.in_flight -= 1
        if model.in_flight == 0:
            self._idleness.fell_idle(model)
            self._state.is_look_due = True

    def _on_cancelled(self, event: Cancelled) -> None:
        request = self._state.requests.pop(event.request)
        assert not request.is_granted
        request.model.reserved -= 1
        if request.load is not None:
            request.load.waiters.remove(request)  # the load goes on: the model is probably wanted
        else:
            self._state.dequeue(request)

    def _follow(self, request: Request, decision: Forward | Join | Load | Refuse) -> None:
        """Do what has been decided about a request that is not, or no longer, in the queue."""
        model = request.model
        match decision:
            case Forward():
                self._state.grant(request)
            case Join():
                assert model.load is not None
                self._loading.wait(request, model.load)
            case Load(victims, reason):
                self._loading.wait(request, self._loading.begin(model, victims, reason))
            case Refuse(error):
                self._state.reject(request, error)
            case _:
                assert_never(decision)

    # -- looking around, at the end of an event that has ended something

    def _look_around(self) -> None:
        state = self._state
        while state.is_look_due:
            state.is_look_due = False
            if self._renewal.is_at_work:
                self._renewal.look()
            if state.queue:
                self._look_through_queue()
            if self._renewal.is_at_work:
                self._restart_the_renewed()

    def _look_through_queue(self) -> None:
        """Let everyone go who can, also past blocked ones; within one look a blocked model stays blocked."""
        blocked: dict[ModelId, Wait] = {}
        gone: set[ModelId] = set()
        for request in self._state.queue:
            decision: Decision = blocked.get(request.model.id) or self._decider.decide(request.model)
            if isinstance(decision, Wait):
                blocked[request.model.id] = decision
                request.cause = decision.cause
            else:
                self._state.queue.remove(request)
                self._follow(request, decision)
                gone.add(request.model.id)
        if any(isinstance(wait.cause, Turn) and wait.cause.model in gone for wait in blocked.values()):
            self._state.is_look_due = True  # who has had its turn holds nobody back any more

    def _restart_the_renewed(self) -> None:
        """Start again who ran when its definition changed, if nobody has to leave or wait for it."""
        for model in self._renewal.restarts():
            decision = self._decider.decide(model)
            if isinstance(decision, Load) and not decision.victims and not self._state.is_shutting_down:
                self._loading.begin(model, decision.victims, decision.reason)

    # -- what the processes report

    def _if_current(self, report: _Report, act: Callable[[Model, _Report], None]) -> None:
        model = self._state.models.get(report.model)
        if model is not None and model.order == report.order:
            act(model, report)

    def _on_ready(self, model: Model, _report: Ready) -> None:
        model.state = ProcessState.READY
        model.back_off = BackOff()
        load = model.load
        if load is not None:  # else an unload has cancelled the load and will come to this model
            assert load.started_at is not None
            model.load_times.add(self._state.now - load.started_at)
            self._loading.succeed(load)

    def _on_failed(self, model: Model, report: Failed) -> None:
        self._note_failure(model, report.error)
        model.state = ProcessState.STOPPED
        self._has_left(model)

    def _on_failing(self, model: Model, report: Failing) -> None:
        """Answer whoever waits; the room that the model takes is free when it has stopped."""
        if model.state is ProcessState.STARTING:
            model.state = ProcessState.STOPPING
            self._note_failure(model, report.error)

    def _note_failure(self, model: Model, its: LlamaSwapError) -> None:
        error = model.back_off.failed(its, self._state.now, self._state.retry)
        if model.load is not None:
            self._loading.cancel(model.load, lambda: error)

    def _on_stopped(self, model: Model, _report: Stopped) -> None:
        model.state = ProcessState.STOPPED
        self._has_left(model)

    def _on_died(self, event: Died) -> None:
        model = self._state.models.get(event.model)
        if model is not None and model.state is ProcessState.READY:
            model.state = ProcessState.STOPPED
            self._state.new_order(model)
            self._has_left(model)

    def _has_left(self, model: Model) -> None:
        model.closed = None
        self._state.running_changed()
        self._state.is_look_due = True
        self._loading.has_left(model)
        self._unloads.has_left(model)
        self._renewal.forget_if_gone(model)

    def _on_stuck(self, model: Model, _report: Stuck) -> None:
        """Let go of whatever waits for the process to be gone; who needs its room is refused until it is."""
        if model.state is ProcessState.STARTING:  # the start has failed, and what it has started cannot be ended
            model.state = ProcessState.STOPPING
            if model.load is not None:
                self._loading.cancel(model.load, partial(ProcessStuck, model.id, model.id))
        if model.state is not ProcessState.STOPPING:
            return
        model.closed = Closed.STUCK
        self._state.facts_revision += 1
        self._state.is_look_due = True
        for load in [load for load in self._state.loads if model.id in load.leaving]:
            self._loading.cancel(load, partial(ProcessStuck, model.id, load.target.id))
        self._unloads.has_left(model)

    # -- wishes and facts

    def _unloaded(self) -> LlamaSwapError:
        return ModelUnloaded(self._advice.planner.name)

    def _on_shut_down(self, event: ShutDown) -> None:
        self._state.is_shutting_down = True
        name = self._advice.planner.name
        self._unloads.unload(event.ticket, self._state.models, StopReason.SHUTDOWN, lambda: ShuttingDown(name))

    def _pin(self, name: ModelId, *, is_pinned: bool) -> None:
        model = self._state.models[name]
        model.is_pinned = is_pinned
        self._state.facts_revision += 1
        self._state.is_look_due = True
        self._idleness.watch(model)

    def _on_footprint_learnt(self, event: FootprintLearnt) -> None:
        model = self._state.models.get(event.model)
        if model is not None:
            model.learnt_mib = event.memory_mib
            self._state.facts_revision += 1
            self._state.is_look_due = True

    def _on_memory_measured(self, event: MemoryMeasured) -> None:
        self._state.available_mib = event.available_mib
        self._state.facts_revision += 1
        self._state.is_look_due = True

    # -- time

    def _on_tick(self) -> None:
        self._state.woken()
        self._pauses.on_tick()
        self._renewal.on_tick()
        self._idleness.on_tick()
        self._give_up_late_requests()

    def _give_up_late_requests(self) -> None:
        """Refuse who has been queued for as long as its model allows."""
        state = self._state
        for request in state.queue:
            timeout_s = request.model.rules.queue_timeout_s
            waited_s = state.now - request.arrived
            if not timeout_s or waited_s < timeout_s:
                state.watch_timeout(request)
            else:
                assert request.cause is not None
                why = cause_in_words(request.cause, request.model.id)
                state.queue.remove(request)
                state.reject(
                    request, WaitedTooLong(request.model.id, waited_s, why, self._retry_after_s(request.model))
                )

    def _retry_after_s(self, model: Model) -> int:
        """Judge when a request for ``model`` would be served that came behind all others."""
        before = [load.target for load in self._state.loads] + [request.model for request in self._state.queue]
        return retry_after_s(other.load_times for other in dict.fromkeys([*before, model]))

    def _sentence(self, request: Request) -> str:
        if request.load is not None:
            return sentence(request, None, self._state.now)
        decision = self._decider.decide(request.model)
        return sentence(request, decision.cause if isinstance(decision, Wait) else request.cause, self._state.now)
