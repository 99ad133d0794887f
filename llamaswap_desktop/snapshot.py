"""The picture of now: one immutable value from which the tray, the web UI and the command line draw."""

import time
from dataclasses import dataclass

from llamaswap_desktop.types import ModelId, Phase, ProcessState


class Deadline:
    """A moment of the monotonic clock to come, which is shown as the seconds that are left until then.

    So a picture in which only time has passed equals the one before.  (No dataclass: msgspec would write it as one.)
    """

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at

    @property
    def left_s(self) -> float:
        """The seconds from now, 0 when it is over."""
        return max(0.0, self.at - time.monotonic())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Deadline) and self.at == other.at

    def __hash__(self) -> int:
        return hash(self.at)

    def __repr__(self) -> str:
        return f"Deadline(at={self.at})"


@dataclass(frozen=True, slots=True)
class ModelSnapshot:
    """One configured local model.

    ``waiting`` counts requests that are queued or wait for a load, ``in_flight`` those being answered.
    ``memory_bytes`` is what its process tree holds, or None when that is not known.
    ``problem`` is the reason of its last failure, empty once it has been ready again.
    ``unloads_in_s`` is when it will be unloaded for idleness, None while nothing leads to that.
    """

    id: ModelId
    name: str
    state: ProcessState
    unlisted: bool = False
    waiting: int = 0
    in_flight: int = 0
    memory_bytes: int | None = None
    problem: str = ""
    is_pinned: bool = False
    is_stuck: bool = False
    unloads_in_s: Deadline | None = None


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """One group of the configuration, with the switches that hold now; ``is_overridden`` if they were changed live."""

    id: str
    members: tuple[ModelId, ...]
    swap: bool
    exclusive: bool
    persistent: bool
    is_overridden: bool = False


@dataclass(frozen=True, slots=True)
class WaitingSnapshot:
    """One request that waits; ``position`` is its place in the queue from 1, None when it waits for a load."""

    model: ModelId
    waited_s: float
    position: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class LoadSnapshot:
    """One load under way; ``loading_s`` is None while ``leaving`` have to be gone before the model may start.

    ``usual_s`` is what the model's last loads took, None before the first.
    """

    model: ModelId
    leaving: tuple[ModelId, ...]
    loading_s: float | None
    usual_s: float | None


@dataclass(frozen=True, slots=True)
class PauseSnapshot:
    """A pause; ``left_s`` is None when it lasts until somebody resumes, ``reason`` what a rule began it for."""

    left_s: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a face of the program shows.

    ``rev`` grows with every change.  ``address`` is the base URL for clients, such as
    ``http://127.0.0.1:9292``.  ``problems`` are lines about the program as a whole; ``troubles`` are those of them that
    have come up while it runs, rather than stand in the configuration.
    """

    rev: int = 0
    phase: Phase = Phase.STARTING
    address: str = ""
    models: tuple[ModelSnapshot, ...] = ()
    groups: tuple[GroupSnapshot, ...] = ()
    profiles: tuple[str, ...] = ()
    profile: str | None = None
    paused: PauseSnapshot | None = None
    loads: tuple[LoadSnapshot, ...] = ()
    waiting: tuple[WaitingSnapshot, ...] = ()
    problems: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
