"""The default planner: groups (runtime specification, section 4.2)."""

from collections.abc import Sequence
from typing import ClassVar

from llamaswap_desktop.config import Group
from llamaswap_desktop.routing.planner import Picture, Plan
from llamaswap_desktop.types import ModelId


class GroupPlanner:
    """Says who must leave when a model is wanted, from the groups' three switches alone.

    A running model R of group H is a victim of target T of group G exactly if they share a group that swaps, or if
    they don't, G is exclusive and H is not persistent.  H's own ``swap`` and ``exclusive`` play no part: loading a
    member of a non-exclusive group never stops an exclusive one (one-way, on purpose).  A model in no group is bound
    by no rule.
    """

    name = "group"
    reads_facts: ClassVar[bool] = False

    def __init__(self, groups: Sequence[Group]) -> None:
        self._group_of = {member: group for group in groups for member in group.members}

    def plan(self, target: ModelId, picture: Picture) -> Plan:
        home = self._group_of.get(target)
        if home is None:
            return Plan(frozenset())
        victims = frozenset(
            other for other in picture.running if other != target and self._must_leave(home, self._group_of.get(other))
        )
        return Plan(victims, f"group {home.id}: swap {_on(home.swap)}, exclusive {_on(home.exclusive)}")

    def protects(self, other: ModelId, target: ModelId) -> bool:
        """Tell whether ``other`` may never be evicted for ``target``: it is persistent, in a group of its own."""
        its_group = self._group_of.get(other)
        return its_group is not None and its_group.persistent and its_group is not self._group_of.get(target)

    def _must_leave(self, home: Group, its_group: Group | None) -> bool:
        if its_group is None:
            return False
        if its_group is home:
            return home.swap
        return home.exclusive and not its_group.persistent


def _on(switch: bool) -> str:
    return "on" if switch else "off"
