"""The scheduler's two alphabets: events that go in, effects that come out.  All are plain frozen values.

Those that every request needs are msgspec's, which are made in 0.15 µs; a frozen dataclass takes 1 µs.

An *order* is the number of one ``Start``, ``Stop`` or ``Abort``.  The shell reports under that number, and the
scheduler drops reports of orders it has since replaced (runtime specification, section 14.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

from msgspec import Struct

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.routing.planner import Device, Planner
from llamaswap_desktop.routing.rules import Rules
from llamaswap_desktop.types import ModelId, RequestId, StopReason

Order = NewType("Order", int)
Ticket = NewType("Ticket", int)
"""Counts unloads, so that the caller of one can be told when it is done."""


# -- events


class Requested(Struct, frozen=True, gc=False):
    """Somebody wants to use a model; ``by_hand`` is a person who insists, whatever has failed before."""

    request: RequestId
    model: ModelId
    by_hand: bool = False


class Cancelled(Struct, frozen=True, gc=False):
    """The client left before it was granted anything."""

    request: RequestId


class Served(Struct, frozen=True, gc=False):
    """A granted request has ended, in whatever way."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class Ready:
    """The model that was started is ready."""

    order: Order
    model: ModelId


@dataclass(frozen=True, slots=True)
class Failed:
    """The model that was started did not become ready, and is gone."""

    order: Order
    model: ModelId
    error: LlamaSwapError


@dataclass(frozen=True, slots=True)
class Failing:
    """The model that was started will not become ready, but takes its time to end: ``Stopped`` follows."""

    order: Order
    model: ModelId
    error: LlamaSwapError


@dataclass(frozen=True, slots=True)
class Stopped:
    """The model that was told to stop, or was failing, is gone."""

    order: Order
    model: ModelId


@dataclass(frozen=True, slots=True)
class Stuck:
    """The model that was told to stop has outlived its forced end by 15 s; ``Stopped`` may still follow."""

    order: Order
    model: ModelId


@dataclass(frozen=True, slots=True)
class Checked:
    """The check that was ordered of a ready model has passed, or not."""

    order: Order
    model: ModelId
    is_healthy: bool


@dataclass(frozen=True, slots=True)
class Died:
    """A ready model ended by itself."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class Unload:
    """Somebody wants these models gone, busy or not; all models if none are named."""

    ticket: Ticket
    models: tuple[ModelId, ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """Somebody wants this model to stay: it is neither unloaded for idleness nor evicted for want of memory."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class Unpin:
    """Somebody lifts a pin."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody wants all models gone, and none loaded until ``Resume`` or until the time ``until``.

    Requests wait if ``holds``; else they are refused.
    """

    ticket: Ticket
    until: float | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody ends a pause."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The computer has slept: no ready model is to be believed before it is checked."""


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """Other rules hold from now on.

    ``changed`` names the models of both configurations whose processes would be started differently now.
    """

    rules: Rules
    planner: Planner
    changed: frozenset[ModelId] = frozenset()


@dataclass(frozen=True, slots=True)
class FootprintLearnt:
    """The model was seen to take so much memory, MiB by device."""

    model: ModelId
    memory_mib: Mapping[Device, int]


@dataclass(frozen=True, slots=True)
class MemoryMeasured:
    """Models may use so much memory at all, MiB by device: what there is, less what other programs hold."""

    available_mib: Mapping[Device, int]


@dataclass(frozen=True, slots=True)
class Tick:
    """The time that a ``WakeAt`` asked for has come."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The program ends: nothing new is taken, everything is stopped."""

    ticket: Ticket


Event = (
    Requested
    | Served
    | Cancelled
    | Ready
    | Failed
    | Stopped
    | Failing
    | Stuck
    | Checked
    | Died
    | Unload
    | Pin
    | Unpin
    | Pause
    | Resume
    | Woke
    | Reconfigure
    | FootprintLearnt
    | MemoryMeasured
    | Tick
    | ShutDown
)


# -- effects


class Grant(Struct, frozen=True, gc=False):
    """The request may be forwarded now; it counts as in flight until ``Served``.

    ``waited_s`` and ``reason`` say how long it had to wait and what for; ``reason`` is empty if it had not.
    """

    request: RequestId
    waited_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """The request will not be served; ``waited_s`` and ``reason`` are as those of a grant."""

    request: RequestId
    error: LlamaSwapError
    waited_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadBegun:
    """A load has been decided: these leave, of those who run, and this is why.  For the log; comes once per load."""

    model: ModelId
    victims: frozenset[ModelId]
    running: tuple[ModelId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Start:
    """Make the model ready, and report ``Ready`` or ``Failed``."""

    order: Order
    model: ModelId


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the ready model, and report ``Stopped``."""

    order: Order
    model: ModelId
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Abort:
    """End the start under way, and report ``Stopped``."""

    order: Order
    model: ModelId
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Check:
    """See whether the ready model still answers its check, and report ``Checked``."""

    order: Order
    model: ModelId


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a ``Tick`` at this time; an earlier wish of this kind is void."""

    time: float


@dataclass(frozen=True, slots=True)
class Unloaded:
    """The unload, pause or shutdown of this ticket is done: none of its models is alive, but for stuck ones."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A model that the configuration has no more is gone at last, process and all."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class PlannerReplaced:
    """The user's planner has been replaced by ``group`` until the next reload, because of this."""

    problem: str


Effect = Grant | Reject | LoadBegun | Start | Stop | Abort | Check | WakeAt | Unloaded | Forgotten | PlannerReplaced
