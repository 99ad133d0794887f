"""The matrix: which models may run together (configuration specification, section 8.3).

A set stands for combinations of models, often for millions of them (ten groups of ten: 10^10), so they are never
written out.  A question concerns few models, the target and what runs; seen through those, almost all combinations
are equal.  Each part of an expression is therefore answered by a short list of *views*: which of the models that
matter are in, and what keeping them is worth.  Of several views that the rest of the expression cannot tell apart,
only the most valuable one is kept, the leftmost on a tie.  The rest can tell two views apart by the target, and by
models that stand on both sides of some ``&`` (the *entangled* ones); as a rule there are none of those.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from llamaswap_desktop.config.expression import AllOf, AnyOf, ExpressionNode, Name, Reference
from llamaswap_desktop.types import ModelId

_MOST_VIEWS = 4096
"""Twelve entangled models running at once are answered exactly; beyond that only the most valuable views are kept."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who must leave for a target, and why: the set (empty: none holds the target), its expression, the cost."""

    victims: frozenset[ModelId]
    set_name: str = ""
    expression: str = ""
    cost: int = 0


@dataclass(frozen=True, slots=True)
class ModelSet:
    """A named set: its text, and its nodes with every ``Name`` being a model's id."""

    name: str
    expression: str
    nodes: tuple[ExpressionNode, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the sets that this one is made of."""
        return tuple(dict.fromkeys(node.name for node in self.nodes if isinstance(node, Reference)))


class CircularSets(Exception):
    """Sets are made of each other; the text is the name of one of them."""


def in_order(sets: Sequence[ModelSet]) -> tuple[ModelSet, ...]:
    """Return the sets in definition order, each behind those that it is made of; raises ``CircularSets``."""
    by_name = {one.name: one for one in sets}
    done: dict[str, ModelSet] = {}
    open_: dict[str, list[str]] = {}
    for first in by_name:
        waiting = [first]
        while waiting:
            name = waiting[-1]
            if name not in open_:
                open_[name] = [] if name in done else list(reversed(by_name[name].references))
            if open_[name]:
                needed = open_[name].pop()
                if needed in open_ and needed not in done:
                    raise CircularSets(needed)
                if needed not in done:
                    waiting.append(needed)
            else:
                done.setdefault(name, by_name[name])
                del open_[waiting.pop()]
    return tuple(done.values())


class _View(NamedTuple):
    """What a combination looks like: the part that others can see, what it is worth, and the models in it (bits)."""

    visible: int
    value: int
    models: int


_Views: TypeAlias = Sequence[_View]
_NOTHING: _Views = (_View(0, 0, 0),)


@dataclass(frozen=True, slots=True)
class _Question:
    """Which models matter, which of them must be told apart, and what each is worth."""

    relevant: int
    visible: int
    values: Mapping[int, int]

    def value_of(self, models: int) -> int:
        total = 0
        while models:
            lowest = models & -models
            total += self.values[lowest]
            models ^= lowest
        return total


class Matrix:
    """Compiled sets and costs.  Choosing never expands products: only the target and what runs matter."""

    def __init__(
        self, sets: Sequence[ModelSet], costs: Mapping[ModelId, int], variables: Mapping[str, str] | None = None
    ) -> None:
        """Compile ``sets``, which must not be circular, and whose names must all be models.

        ``variables`` are the short names that the texts of the sets use; they are kept to be shown.
        """
        self.costs: Mapping[ModelId, int] = dict(costs)
        self.variables: Mapping[str, str] = dict(variables or {})
        self._bits: dict[ModelId, int] = {}
        self._sets = in_order(sets)
        self._index = {one.name: index for index, one in enumerate(self._sets)}
        self._supports: list[list[int]] = []
        self._entangled = 0
        for one in self._sets:
            self._supports.append(self._compile(one))

    def __eq__(self, other: object) -> bool:
        """Whether both let the same models run together at the same costs, and are written alike."""
        if not isinstance(other, Matrix):
            return NotImplemented
        return (self._sets, self.costs, self.variables) == (other._sets, other.costs, other.variables)

    def __hash__(self) -> int:
        return hash(self._sets)

    def __repr__(self) -> str:
        return f"<Matrix: {len(self._sets)} sets of {len(self._bits)} models>"

    @property
    def sets(self) -> tuple[ModelSet, ...]:
        """Every set, in the order in which they count."""
        return self._sets

    def _compile(self, one: ModelSet) -> list[int]:
        """Return for each node the models that occur in it, as bits."""
        supports: list[int] = []
        for node in one.nodes:
            match node:
                case Name(name):
                    supports.append(self._bits.setdefault(ModelId(name), 1 << len(self._bits)))
                case Reference(name):
                    supports.append(self._supports[self._index[name]][-1])
                case AllOf(parts) | AnyOf(parts):
                    support = 0
                    for part in parts:
                        if isinstance(node, AllOf):
                            self._entangled |= support & supports[part]
                        support |= supports[part]
                    supports.append(support)
        return supports

    def choose(self, target: ModelId, running: Iterable[ModelId]) -> Choice:
        """Return the cheapest way to make room for ``target`` beside ``running``."""
        leaving = frozenset(running)
        if target in leaving:
            return Choice(frozenset())
        total = sum(self.costs.get(model, 1) for model in leaving)
        bit = self._bits.get(target, 0)
        values = {self._bits[model]: self.costs.get(model, 1) for model in leaving if model in self._bits}
        best: tuple[ModelSet, _View] | None = None
        for one, views in self._views({**values, bit: 0}, bit) if bit else ():
            for view in views:
                if view.models & bit and (best is None or view.value > best[1].value):
                    best = one, view
        if best is None:
            return Choice(leaving, cost=total)
        one, view = best
        victims = frozenset(model for model in leaving if not self._bits.get(model, 0) & view.models)
        return Choice(victims, one.name, one.expression, total - view.value)

    def holds_together(self, models: Iterable[ModelId]) -> bool:
        """Whether some combination holds all of ``models``."""
        wanted = {self._bits.get(model, 0): 1 for model in models}
        if 0 in wanted:
            return False
        return any(view.value == len(wanted) for _, views in self._views(wanted, 0) for view in views)

    def _views(self, values: Mapping[int, int], must_see: int) -> Iterable[tuple[ModelSet, _Views]]:
        """Yield what each set looks like that has to do with every model that must be seen."""
        relevant = sum(values)
        question = _Question(relevant, (self._entangled | must_see) & relevant, values)
        needed = self._needed(must_see)
        answers: dict[str, _Views] = {}
        for index, one in enumerate(self._sets):
            if needed[index]:
                answers[one.name] = self._answer(one, self._supports[index], question, answers)
                yield one, answers[one.name]

    def _needed(self, must_see: int) -> list[bool]:
        """Mark the sets that hold all of ``must_see``, and those that they are made of."""
        needed = [supports[-1] & must_see == must_see for supports in self._supports]
        for index in range(len(self._sets) - 1, -1, -1):
            if needed[index]:
                for name in self._sets[index].references:
                    needed[self._index[name]] = True
        return needed

    @staticmethod
    def _answer(one: ModelSet, supports: Sequence[int], question: _Question, sets: Mapping[str, _Views]) -> _Views:
        views: list[_Views] = []
        for node, support in zip(one.nodes, supports, strict=True):
            if not support & question.relevant:
                views.append(_NOTHING)
                continue
            match node:
                case Name():
                    views.append((_View(support & question.visible, question.values[support], support),))
                case Reference(name):
                    views.append(sets[name])
                case AnyOf(parts):
                    views.append(_distinct(view for part in parts for view in views[part]))
                case AllOf(parts):
                    together = _NOTHING
                    for part in parts:
                        if views[part] is not _NOTHING:
                            together = _together(together, views[part], question)
                    views.append(together)
        return views[-1]


def _together(left: _Views, right: _Views, question: _Question) -> _Views:
    return _distinct(
        _View(
            one.visible | other.visible,
            one.value + other.value - (question.value_of(both) if (both := one.models & other.models) else 0),
            one.models | other.models,
        )
        for one in left
        for other in right
    )


def _distinct(views: Iterable[_View]) -> _Views:
    """Keep the most valuable of the views that look alike, the earliest on a tie; the order stays."""
    best: dict[int, _View] = {}
    for view in views:
        known = best.get(view.visible)
        if known is None:
            best[view.visible] = view
        elif view.value > known.value:
            del best[view.visible]
            best[view.visible] = view
    if len(best) <= _MOST_VIEWS:
        return tuple(best.values())
    kept = sorted(best.values(), key=lambda view: view.value, reverse=True)[:_MOST_VIEWS]
    keep = {view.visible for view in kept}
    return tuple(view for view in best.values() if view.visible in keep)
