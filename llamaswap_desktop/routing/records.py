"""The records that the scheduler keeps: models, requests, loads, unloadings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from llamaswap_desktop.routing.alphabet import Order, Ticket
from llamaswap_desktop.routing.backoff import BackOff
from llamaswap_desktop.routing.decisions import Cause
from llamaswap_desktop.routing.estimate import LoadTimes
from llamaswap_desktop.routing.planner import Device
from llamaswap_desktop.routing.rules import ModelRules
from llamaswap_desktop.types import ModelId, ProcessState, RequestId, StopReason


class Closed(StrEnum):
    """Why a process that is alive takes no requests, though nobody has decided on its end for another's sake."""

    UNCHECKED = "unchecked"
    """The computer has slept; its check is under way."""

    OUTDATED = "outdated"
    """Its definition has changed or gone; it finishes what it is answering."""

    STUCK = "stuck"
    """It has survived a forced stop."""


@dataclass(eq=False)
class Load:
    """One decision to bring ``target`` to ready, until it is or cannot be."""

    target: "Model"
    victims: frozenset[ModelId]
    leaving: set[ModelId]
    """Who has to be gone before the target may start."""
    waiters: "list[Request]" = field(default_factory=list)
    started_at: float | None = None


@dataclass(eq=False)
class Unloading:
    """One wish to have ``named`` gone; they are barred until all of them are."""

    ticket: Ticket
    reason: StopReason
    named: frozenset[ModelId]
    batches: "list[list[Model]]"
    leaving: set[ModelId] = field(default_factory=set)


@dataclass(eq=False)
class Model:
    """One model: its rules, its process as far as it has been reported, its requests, its past."""

    id: ModelId
    rules: ModelRules
    priority: int = 0
    state: ProcessState = ProcessState.STOPPED
    order: Order | None = None
    """The latest order; only reports of that one count."""
    load: Load | None = None
    closed: Closed | None = None
    drain_until: float = 0.0
    """When an outdated model is stopped even if it is still answering."""
    is_removed: bool = False
    is_pinned: bool = False
    wants_restart: bool = False
    """It ran when its definition changed, so it is started again if nobody has to leave for it."""
    reserved: int = 0
    in_flight: int = 0
    idle_since: float = 0.0
    learnt_mib: Mapping[Device, int] | None = None
    load_times: LoadTimes = field(default_factory=LoadTimes)
    back_off: BackOff = field(default_factory=BackOff)


class Request:
    """One reservation; ``number`` counts admissions.

    No dataclass: one is made for every request, and what a dataclass makes of its fields cannot be compiled.
    """

    __slots__ = ("arrived", "cause", "id", "is_granted", "load", "model", "number")

    def __init__(self, id: RequestId, number: int, model: Model, arrived: float) -> None:  # noqa: A002 - its name
        self.id = id
        self.number = number
        self.model = model
        self.arrived = arrived
        self.load: Load | None = None
        self.is_granted = False
        self.cause: Cause | None = None
        """What it was last seen waiting for in the queue."""
