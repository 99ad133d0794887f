"""Facts: what has happened, in the past tense.  The core publishes them; whoever cares subscribes."""

from dataclasses import dataclass

from llamaswap_desktop.types import ModelId, ProcessState


@dataclass(frozen=True, slots=True)
class ProcessStateChanged:
    """A model's process went from one state to another; ``old`` and ``new`` always differ."""

    model: ModelId
    old: ProcessState
    new: ProcessState


@dataclass(frozen=True, slots=True)
class ProcessDied:
    """A ready model's process ended by itself; ``detail`` names the exit and the last log line."""

    model: ModelId
    detail: str


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """A request has been answered, or its client has left."""

    client: str
    method: str
    path: str
    protocol: str
    status: int
    body_bytes: int
    user_agent: str
    duration_s: float


Event = ProcessStateChanged | ProcessDied | RequestFinished
