"""The question a planner answers, and what it may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NewType, Protocol

from llamaswap_desktop.types import ModelId, ProcessState

Device = NewType("Device", str)
"""Where memory is: ``gpu0``, ``gpu1``, … in the order of ``/api/hardware``, and ``ram``."""

RAM = Device("ram")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one model at the moment of the question.

    ``memory_mib`` is its footprint by device, declared or learnt, None while neither is known.  ``reload_s`` is how
    long its last loads took, None before the first.  ``idle_s`` counts from the end of its last answer.
    """

    state: ProcessState = ProcessState.STOPPED
    memory_mib: Mapping[Device, int] | None = None
    reload_s: float | None = None
    idle_s: float = 0.0
    in_flight: int = 0
    is_pinned: bool = False
    is_stuck: bool = False
    """Its process has survived a forced stop: whoever needs its room is refused."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a planner may look at besides the target.

    ``running`` holds, sorted, every model whose process is not stopped and every target of a load already decided.
    ``facts`` has an entry for each of them and for the target; it is empty for a planner that reads no facts.
    ``available_mib`` is the memory by device that models may use at all: what there is, less what other programs hold.
    """

    running: tuple[ModelId, ...] = ()
    facts: Mapping[ModelId, Facts] = field(default_factory=dict)
    available_mib: Mapping[Device, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who must leave, and why in words; ``problem`` says what was wrong with a planner that has just been replaced."""

    victims: frozenset[ModelId]
    reason: str = ""
    problem: str = ""


class Planner(Protocol):
    """A pure function from a target and a picture to who must leave (runtime specification, section 4.1).

    It is asked speculatively and often, so it neither logs nor remembers.  Its answer for a model that is ready is
    kept until the running set changes, whatever it says of facts: that answer is on the path of every request.  Other
    answers are kept as long only if it reads no facts.
    """

    name: str
    """What messages call it, such as ``group``."""

    reads_facts: ClassVar[bool]

    def plan(self, target: ModelId, picture: Picture) -> Plan:
        """Say who of ``picture.running`` must stop for ``target``; never the target itself."""
