"""What can be decided about a request, and what it may have to wait for."""

from dataclasses import dataclass

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.types import ModelId

# -- what somebody may be waiting for in the queue


@dataclass(frozen=True, slots=True)
class Answers:
    """These have to leave, and are answering so many requests."""

    busy: tuple[tuple[ModelId, int], ...]


@dataclass(frozen=True, slots=True)
class OtherLoad:
    """A load of this model is under way that a load of ours would disturb."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class Turn:
    """Another model has waited too long already and goes first."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class ItsUnload:
    """The model itself is being unloaded."""


@dataclass(frozen=True, slots=True)
class ItsCheck:
    """The model itself is being checked, after the computer has slept."""


@dataclass(frozen=True, slots=True)
class ItsRenewal:
    """The model itself is finishing what it answers under its former definition."""

    in_flight: int


@dataclass(frozen=True, slots=True)
class EndOfPause:
    """Somebody has paused all models."""


Cause = Answers | OtherLoad | Turn | ItsUnload | ItsCheck | ItsRenewal | EndOfPause


# -- what can be decided


@dataclass(frozen=True, slots=True)
class Forward:
    """The model is ready and nobody is in its way."""


@dataclass(frozen=True, slots=True)
class Join:
    """A load of this model is under way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to end first."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Load:
    """These models can be stopped now, then the target can start."""

    victims: frozenset[ModelId]
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Waiting would not help."""

    error: LlamaSwapError


Decision = Forward | Join | Wait | Load | Refuse
FORWARD, JOIN = Forward(), Join()
