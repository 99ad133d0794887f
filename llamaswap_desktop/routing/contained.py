"""A planner of the user's own, and what keeps its mistakes from doing harm (runtime specification, section 14.14).

The user names a class in ``routing.router.use: "package.module:Name"``; ``docs/planners.md`` shows one.  Importing it
and measuring its time are the core's; here its answers are judged.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from llamaswap_desktop.config import Group
from llamaswap_desktop.routing.groups import GroupPlanner
from llamaswap_desktop.routing.planner import Picture, Plan, Planner
from llamaswap_desktop.types import ModelId

TIME_LIMIT_S = 0.05
_LIMIT = f"{TIME_LIMIT_S * 1000:.0f} ms"
_SLOW_ANSWERS = 3


class UserPlanner(Protocol):
    """What the user writes."""

    def victims(self, target: ModelId, picture: Picture) -> Collection[ModelId]:
        """Return those of ``picture.running`` that must stop for ``target``; none, any or all of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a user's planner said, and the seconds it took to."""

    victims: Collection[ModelId]
    took_s: float


Ask = Callable[[ModelId, Picture], Answer]
"""Puts the question to the user's planner and takes the time; whatever that raises comes through."""


class ContainedPlanner:
    """Asks the user's planner until one exception, one bad answer, or three that took too long; then ``group``.

    The plan during which that happens carries the ``problem``.  Groups hold as hard rules: what their switches forbid
    leaves beside what the planner names, and a persistent member of another group may not be named.
    """

    reads_facts: ClassVar[bool] = True

    def __init__(self, name: str, ask: Ask, *, hard_rules: Sequence[Group], instead: Planner) -> None:
        self.name = name
        self._ask = ask
        self._hard_rules = GroupPlanner(hard_rules)
        self._instead = instead
        self._slow_answers = 0
        self._problem = ""
        """Why it is asked no more."""

    def plan(self, target: ModelId, picture: Picture) -> Plan:
        if self._problem:
            return self._instead.plan(target, picture)
        said = self._ask_and_judge(target, picture)
        if isinstance(said, str):
            return self._replace(said, target, picture)
        plan, took_s = said
        if took_s > TIME_LIMIT_S:
            self._slow_answers += 1
            if self._slow_answers >= _SLOW_ANSWERS:
                return self._replace(f"it took longer than {_LIMIT} {_SLOW_ANSWERS} times", target, picture)
        return plan

    def rehearse(self, target: ModelId, picture: Picture) -> Plan:
        """Return what ``plan`` would, without consequences: whatever goes wrong here replaces nobody."""
        problem = self._problem
        if not problem:
            said = self._ask_and_judge(target, picture)
            if not isinstance(said, str):
                return said[0]
            problem = f"planner {self.name} would be replaced by {self._instead.name!r}: {said}"
        return replace(self._instead.plan(target, picture), problem=problem)

    def _ask_and_judge(self, target: ModelId, picture: Picture) -> tuple[Plan, float] | str:
        """Return the plan and the seconds it took, or what is wrong with the answer."""
        try:
            answer = self._ask(target, picture)
            victims = frozenset(answer.victims)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is not our code: anything may be wrong with it
            return f"it raised {error!r}"
        if problem := self._problem_with(victims, target, picture):
            return problem
        by_rule = self._hard_rules.plan(target, picture)
        slowly = (
            f", after {answer.took_s * 1000:.0f} ms where {_LIMIT} are allowed" if answer.took_s > TIME_LIMIT_S else ""
        )
        return Plan(victims | by_rule.victims, f"{self.name} says so{slowly}"), answer.took_s

    def _problem_with(self, victims: frozenset[ModelId], target: ModelId, picture: Picture) -> str:
        if target in victims:
            return f"it named the target itself, {target!r}"
        if strangers := victims.difference(picture.running):
            return f"it named {_list(strangers)} for {target!r}, which does not run"
        if protected := [victim for victim in victims if self._hard_rules.protects(victim, target)]:
            return f"it named {_list(protected)} for {target!r}, which is in a persistent group"
        return ""

    def _replace(self, problem: str, target: ModelId, picture: Picture) -> Plan:
        name = self._instead.name
        self._problem = f"planner {self.name} has been replaced by {name!r} until the next reload: {problem}"
        return replace(self._instead.plan(target, picture), problem=self._problem)


def _list(names: Collection[object]) -> str:
    return ", ".join(sorted(repr(name) for name in names))
