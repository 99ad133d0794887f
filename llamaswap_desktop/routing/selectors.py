"""Virtual models that pick a real one per request (runtime specification, section 5.2)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from llamaswap_desktop.config import PeerModel, Selector, SelectorId, Strategy
from llamaswap_desktop.errors import NoSpilloverTarget
from llamaswap_desktop.types import ModelId, ProcessState

Target = ModelId | PeerModel
"""A target with its name resolved."""

StateOf = Callable[[ModelId], ProcessState]

_ACTIVE = {ProcessState.STARTING, ProcessState.READY}
_UNAVAILABLE = {ProcessState.STOPPING, ProcessState.SHUTDOWN}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice: ``name`` is the target as configured.  It is given back exactly once, when the request has ended."""

    selector: SelectorId
    name: str
    target: Target


class Selectors:
    """Chooses, and counts the requests that each selector has on each of its targets."""

    def __init__(self, selectors: Mapping[SelectorId, Selector], resolve: Callable[[str], Target | None]) -> None:
        self._counts: dict[SelectorId, Counter[Target]] = {}
        self.reconfigure(selectors, resolve)

    def reconfigure(self, selectors: Mapping[SelectorId, Selector], resolve: Callable[[str], Target | None]) -> None:
        """Go by other selectors from now on; counts of what is under way stay."""
        self._selectors = selectors
        self._targets = {id_: _resolved(selector, resolve) for id_, selector in selectors.items()}
        self._turns: Counter[SelectorId] = Counter()
        self._counts = {id_: counts for id_, counts in self._counts.items() if id_ in selectors or counts.total()}

    def choose(self, selector: SelectorId, state_of: StateOf) -> Chosen:
        """Pick a target and count the request; raises ``NoSpilloverTarget`` if none can be used."""
        its = self._selectors[selector]
        targets = self._targets[selector]
        match its.strategy:
            case Strategy.PIN:
                name, target = targets[0]
            case Strategy.WARM:
                name, target = _warm(targets, state_of)
            case Strategy.SPILLOVER:
                name, target = self._spill(its, targets, state_of)
        self._counts.setdefault(selector, Counter())[target] += 1
        return Chosen(selector, name, target)

    def give_back(self, chosen: Chosen) -> None:
        """Count the request no more."""
        counts = self._counts[chosen.selector]
        counts[chosen.target] -= 1
        assert counts[chosen.target] >= 0
        if not counts[chosen.target]:
            del counts[chosen.target]

    def count(self, selector: SelectorId, target: Target) -> int:
        """Return how many requests the selector has on the target."""
        return self._counts.get(selector, Counter())[target]

    def _spill(self, its: Selector, targets: Sequence[tuple[str, Target]], state_of: StateOf) -> tuple[str, Target]:
        active: list[tuple[str, Target]] = []
        cold: list[tuple[str, Target]] = []
        for entry in targets:
            count, state = self.count(its.id, entry[1]), _state(entry[1], state_of)
            if state in _UNAVAILABLE:
                continue
            (active if count or state in _ACTIVE else cold).append(entry)
        if not active:
            if not cold:
                raise NoSpilloverTarget(its.id)
            return cold[0]
        least = min(self.count(its.id, target) for _, target in active)
        if least >= its.settings.spillover and cold:
            return cold[0]
        tied = [entry for entry in active if self.count(its.id, entry[1]) == least]
        turn = self._turns[its.id]
        self._turns[its.id] += 1
        return tied[turn % len(tied)]


def _warm(targets: Sequence[tuple[str, Target]], state_of: StateOf) -> tuple[str, Target]:
    for wanted in (ProcessState.READY, ProcessState.STARTING):
        for entry in targets:
            if _state(entry[1], state_of) is wanted:
                return entry
    return targets[0]


def _state(target: Target, state_of: StateOf) -> ProcessState:
    """Return the state of a local target; of a peer's nothing is known, and it counts as cold."""
    return ProcessState.STOPPED if isinstance(target, PeerModel) else state_of(target)


def _resolved(selector: Selector, resolve: Callable[[str], Target | None]) -> list[tuple[str, Target]]:
    resolved = [(name, resolve(name)) for name in selector.targets]
    return [(name, target) for name, target in resolved if target is not None]
