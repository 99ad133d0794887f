"""The planner that needs no groups: as many models as memory allows (runtime specification, section 14.13).

Each device has a budget: what the user has set, else what is available there less a reserve.  Each model has a
footprint, declared or learnt.  If a target does not fit beside what runs, the cheapest models that make room leave.
A model is cheap to evict if it loads quickly and has long been idle.  A busy model is in the plan only if the idle ones
do not suffice, and the scheduler waits for it; a pinned one never is.  Groups stay hard rules: what their switches
forbid leaves whatever it costs, and persistent members never leave for another group's sake.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from llamaswap_desktop.config import Group, MemorySettings
from llamaswap_desktop.routing.estimate import UNKNOWN_LOAD_S
from llamaswap_desktop.routing.groups import GroupPlanner
from llamaswap_desktop.routing.planner import Device, Facts, Picture, Plan
from llamaswap_desktop.types import ModelId, ProcessState

_IDLE_HALVES_COST_S = 60.0
_BUSY_COST = 1e6
"""More than any set of idle models costs."""

_STUCK_COST = 1e9
"""More than any set of busy models costs: the target is refused, so only if nothing else makes room."""

_EXACT_UP_TO = 8
"""Among so many candidates every subset is looked at (256 at most: 0.3 ms), among more only the most promising ones."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    model: ModelId
    memory_mib: Mapping[Device, int]
    cost: float


class MemoryPlanner:
    """Evicts the cheapest models whose memory makes room for the target."""

    name = "memory"
    reads_facts: ClassVar[bool] = True

    def __init__(self, settings: MemorySettings, groups: Sequence[Group] = ()) -> None:
        self._settings = settings
        self._groups = GroupPlanner(groups)

    def plan(self, target: ModelId, picture: Picture) -> Plan:
        by_rule = self._groups.plan(target, picture)
        if target in picture.running:
            return by_rule  # it has its memory already
        others = [other for other in picture.running if other != target and other not in by_rule.victims]
        evictable = [other for other in others if self._is_evictable(other, target, picture.facts[other])]
        needed = picture.facts[target].memory_mib
        if needed is None:
            return _Verdict(by_rule, frozenset(evictable), f"how much memory {target} needs is not known yet").plan()
        unknown = frozenset(other for other in evictable if picture.facts[other].memory_mib is None)
        staying = [other for other in others if other not in unknown]
        short = self._short(needed, staying, picture)
        if not short:
            why = f"how much memory {', '.join(sorted(unknown))} holds is not known" if unknown else "all fit"
            return _Verdict(by_rule, unknown, why).plan()
        candidates = [_candidate(other, picture.facts[other]) for other in evictable if other not in unknown]
        leaving = _cheapest(candidates, short)
        why = ", ".join(f"{target} lacks {mib} MiB on {device}" for device, mib in sorted(short.items()))
        if leaving is None:
            return _Verdict(by_rule, frozenset(evictable), f"{why}, whoever leaves").plan()
        return _Verdict(by_rule, unknown | leaving, why).plan()

    def _is_evictable(self, other: ModelId, target: ModelId, facts: Facts) -> bool:
        return not facts.is_pinned and not self._groups.protects(other, target)

    def _short(self, needed: Mapping[Device, int], staying: Sequence[ModelId], picture: Picture) -> dict[Device, int]:
        """Return how much is lacking on each device where something is, if ``staying`` stay."""
        short = {}
        for device, mib in needed.items():
            held = sum((picture.facts[other].memory_mib or {}).get(device, 0) for other in staying)
            lacking = held + mib - self._budget_mib(device, picture)
            if mib and lacking > 0:
                short[device] = lacking
        return short

    def _budget_mib(self, device: Device, picture: Picture) -> int:
        if device in self._settings.budgets_mib:
            return self._settings.budgets_mib[device]
        return picture.available_mib.get(device, 0) - self._settings.reserve_mib


@dataclass(frozen=True, slots=True)
class _Verdict:
    by_rule: Plan
    for_room: frozenset[ModelId]
    why: str

    def plan(self) -> Plan:
        reasons = [self.by_rule.reason] if self.by_rule.victims else []
        return Plan(self.by_rule.victims | self.for_room, "; ".join([*reasons, self.why]))


def _candidate(model: ModelId, facts: Facts) -> _Candidate:
    assert facts.memory_mib is not None
    return _Candidate(model, facts.memory_mib, _cost(facts))


def _cost(facts: Facts) -> float:
    """Return what it costs to evict a model: the seconds of its reload, less and less the longer it has been idle."""
    if facts.is_stuck:
        return _STUCK_COST
    if facts.state is ProcessState.STOPPING:
        return 0.0  # it is leaving anyway
    reload_s = UNKNOWN_LOAD_S if facts.reload_s is None else facts.reload_s
    cost = reload_s * _IDLE_HALVES_COST_S / (_IDLE_HALVES_COST_S + facts.idle_s)
    is_busy = facts.in_flight > 0 or facts.state is not ProcessState.READY
    return cost + _BUSY_COST if is_busy else cost


def _cheapest(candidates: Sequence[_Candidate], short: Mapping[Device, int]) -> frozenset[ModelId] | None:
    """Return the cheapest set that frees what is lacking, None if all together don't.

    Among very many candidates it may not be the cheapest, but nobody in it leaves in vain.
    """
    if not _suffice(candidates, short):
        return None
    if len(candidates) > _EXACT_UP_TO:
        ranked = sorted(candidates, key=lambda candidate: (_price(candidate, short), candidate.model))
        if not _suffice(ranked[:_EXACT_UP_TO], short):
            return _without_surplus(ranked, short)
        candidates = ranked[:_EXACT_UP_TO]
    best: tuple[float, int, tuple[ModelId, ...]] | None = None
    for bits in range(1, 1 << len(candidates)):
        chosen = [candidate for index, candidate in enumerate(candidates) if bits >> index & 1]
        rank = (sum(candidate.cost for candidate in chosen), len(chosen), tuple(each.model for each in chosen))
        if (best is None or rank < best) and _suffice(chosen, short):
            best = rank
    assert best is not None
    return frozenset(best[2])


def _price(candidate: _Candidate, short: Mapping[Device, int]) -> float:
    """Return the cost of each MiB that is lacking and that this one frees."""
    freed = sum(min(mib, candidate.memory_mib.get(device, 0)) for device, mib in short.items())
    return candidate.cost / freed if freed else math.inf


def _without_surplus(ranked: Sequence[_Candidate], short: Mapping[Device, int]) -> frozenset[ModelId]:
    """Spare everybody, the dearest first, without whom the others suffice."""
    leaving = list(ranked)
    for candidate in reversed(ranked):
        rest = [other for other in leaving if other is not candidate]
        if _suffice(rest, short):
            leaving = rest
    return frozenset(candidate.model for candidate in leaving)


def _suffice(chosen: Sequence[_Candidate], short: Mapping[Device, int]) -> bool:
    return all(sum(candidate.memory_mib.get(device, 0) for candidate in chosen) >= mib for device, mib in short.items())
