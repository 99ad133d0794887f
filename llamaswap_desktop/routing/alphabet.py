"""The scheduler's two alphabets: events that go in, effects that come out.  All are plain frozen values.

An *order* is the number of one ``Start``, ``Stop`` or ``Abort``.  The shell reports under that number, and the
scheduler drops reports of orders it has since replaced (runtime specification, section 14.3).
"""

from dataclasses import dataclass
from typing import NewType

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.types import ModelId, RequestId, StopReason

Order = NewType("Order", int)
Ticket = NewType("Ticket", int)
"""Counts unloads, so that the caller of one can be told when it is done."""


# -- events


@dataclass(frozen=True, slots=True)
class Requested:
    """Somebody wants to use a model."""

    request: RequestId
    model: ModelId


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The client left before it was granted anything."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class Served:
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
class Stopped:
    """The model that was told to stop is gone."""

    order: Order
    model: ModelId


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
class Tick:
    """The time that a ``WakeAt`` asked for has come."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The program ends: nothing new is taken, everything is stopped."""

    ticket: Ticket


Event = Requested | Cancelled | Served | Ready | Failed | Stopped | Died | Unload | Tick | ShutDown


# -- effects


@dataclass(frozen=True, slots=True)
class Grant:
    """The request may be forwarded now; it counts as in flight until ``Served``."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class Reject:
    """The request will not be served."""

    request: RequestId
    error: LlamaSwapError


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
class WakeAt:
    """Send a ``Tick`` at this time; an earlier wish of this kind is void."""

    time: float


@dataclass(frozen=True, slots=True)
class Unloaded:
    """The unload (or the shutdown) of this ticket is done: none of its models is alive."""

    ticket: Ticket


Effect = Grant | Reject | Start | Stop | Abort | WakeAt | Unloaded
