"""The picture of now: one immutable value from which the tray, the web UI and the command line draw."""

from dataclasses import dataclass

from llamaswap_desktop.types import ModelId, Phase, ProcessState


@dataclass(frozen=True, slots=True)
class ModelSnapshot:
    """One configured local model.

    ``waiting`` counts requests that are queued or wait for a load, ``in_flight`` those being answered.
    ``memory_bytes`` is what its process tree holds, or None when that is not known.
    ``problem`` is the reason of its last failure, empty once it has been ready again.
    """

    id: ModelId
    name: str
    state: ProcessState
    unlisted: bool = False
    waiting: int = 0
    in_flight: int = 0
    memory_bytes: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a face of the program shows.

    ``rev`` grows with every change.  ``address`` is the base URL for clients, such as
    ``http://127.0.0.1:9292``.  ``problems`` are lines about the program as a whole.
    """

    rev: int = 0
    phase: Phase = Phase.STARTING
    address: str = ""
    models: tuple[ModelSnapshot, ...] = ()
    problems: tuple[str, ...] = ()
