"""Everything the scheduler remembers, and the effects of the event in hand."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.routing.alphabet import Abort, Effect, Grant, Order, Reject, Requested, Stop, WakeAt
from llamaswap_desktop.routing.explain import why_it_waited
from llamaswap_desktop.routing.planner import Device
from llamaswap_desktop.routing.queue import Queue
from llamaswap_desktop.routing.records import Load, Model, Request, Unloading
from llamaswap_desktop.routing.rules import ModelRules, Rules
from llamaswap_desktop.types import ModelId, ProcessState, RequestId, StopReason

_PAUSE_WITHOUT_END_S = 60
"""What clients are told to wait for when nobody knows how long a pause will last."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """A pause: until when if it ends by itself, and whether requests wait or are refused."""

    until: float | None
    holds: bool


class State:
    """The one picture that all parts of the scheduler share; everything in it is changed by one event at a time."""

    def __init__(self, rules: Rules) -> None:
        self.now = 0.0
        self.effects: list[Effect] = []
        self.fifo = rules.fifo
        self.retry = rules.retry
        self.models: dict[ModelId, Model] = {}
        for model, its_rules in rules.models.items():
            self.add_model(model, its_rules)
        self.requests: dict[RequestId, Request] = {}
        self.queue = Queue(rules.fifo)
        self.loads: list[Load] = []
        self.unloadings: list[Unloading] = []
        self.running: tuple[ModelId, ...] = ()
        self.available_mib: Mapping[Device, int] = {}
        self.facts_revision = 0
        """Grows whenever kept answers of a planner have become void."""
        self.pausing: Pausing | None = None
        self.is_shutting_down = False
        self.is_look_due = False
        """Something has ended: the queue has to be looked through before this event is done with."""
        self._wake_at: float | None = None
        self._orders = 0
        self._admissions = 0

    # -- models

    def add_model(self, model: ModelId, rules: ModelRules) -> None:
        """Take a model in, stopped."""
        priority = self.fifo.priority.get(model, 0)
        self.models[model] = Model(model, rules, priority, is_pinned=rules.is_pinned)

    def new_order(self, model: Model) -> Order:
        """Return the number of the next order to the model; reports of its earlier ones count no more."""
        self._orders += 1
        model.order = Order(self._orders)
        return model.order

    def order_stop(self, model: Model, reason: StopReason) -> None:
        """Have the ready model stopped."""
        model.state = ProcessState.STOPPING
        model.closed = None
        self.effects.append(Stop(self.new_order(model), model.id, reason))

    def order_abort(self, model: Model, reason: StopReason) -> None:
        """Have the start that is under way given up."""
        model.state = ProcessState.STOPPING
        self.effects.append(Abort(self.new_order(model), model.id, reason))

    def running_changed(self) -> None:
        """Note who counts as running: every process that is not stopped, and the targets of loads decided."""
        self.running = tuple(
            sorted(
                model.id
                for model in self.models.values()
                if model.state is not ProcessState.STOPPED or model.load is not None
            )
        )
        self.facts_revision += 1

    def running_models(self) -> Iterator[Model]:
        """Yield everybody who counts as running, by name."""
        return (self.models[model] for model in self.running)

    def is_barred(self, model: Model) -> bool:
        """Tell whether the model is being unloaded."""
        return any(model.id in unloading.named for unloading in self.unloadings)

    # -- requests

    def admit(self, event: Requested, model: Model) -> Request:
        """Take a reservation for the request."""
        self._admissions += 1
        request = Request(event.request, self._admissions, model, arrived=self.now)
        self.requests[request.id] = request
        model.reserved += 1
        return request

    def enqueue(self, request: Request) -> None:
        """Put the request into the queue, and see to it that it does not stay there for too long."""
        self.queue.add(request)
        self.watch_timeout(request)

    def dequeue(self, request: Request) -> None:
        """Take the request out of the queue; others may have waited for it to have its turn."""
        self.queue.remove(request)
        self.is_look_due = True

    def watch_timeout(self, request: Request) -> None:
        """Have somebody look at the queued request when it has waited for as long as its model allows."""
        if timeout_s := request.model.rules.queue_timeout_s:
            self.wake_by(max(self.now, request.arrived + timeout_s))

    def grant(self, request: Request) -> None:
        """Let the request be forwarded."""
        model = request.model
        self.effects.append(Grant(request.id, *self.waited(request)))
        request.is_granted = True
        request.load = None
        model.in_flight += 1

    def reject(self, request: Request, error: LlamaSwapError) -> None:
        """Tell the request, which has left queue and load already, that it will not be served."""
        del self.requests[request.id]
        request.model.reserved -= 1
        self.effects.append(Reject(request.id, error, *self.waited(request)))

    def waited(self, request: Request) -> tuple[float, str]:
        """Return for how many seconds the request has waited, and what for; nothing if it has not."""
        has_waited = request.load is not None or request.cause is not None
        return self.now - request.arrived, why_it_waited(request) if has_waited else ""

    # -- time

    def wake_by(self, time: float) -> None:
        """Ask for a tick unless one comes early enough: not every request may look at every model."""
        if self._wake_at is None or time < self._wake_at:
            self._wake_at = time
            self.effects.append(WakeAt(time))

    def rest_of_pause_s(self) -> int:
        """Return the whole seconds that are left of the pause, at least 1."""
        if self.pausing is None or self.pausing.until is None:
            return _PAUSE_WITHOUT_END_S
        return max(1, math.ceil(self.pausing.until - self.now))

    def woken(self) -> None:
        """Note that the tick asked for has come."""
        self._wake_at = None
