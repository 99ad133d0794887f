"""The default planner: groups (runtime specification, section 4.2)."""

from collections.abc import Iterable, Sequence

from llamaswap_desktop.config import Group
from llamaswap_desktop.types import ModelId


class GroupPlanner:
    """Says who must leave when a model is wanted, from the groups' three switches alone.

    A running model R of group H is a victim of target T of group G exactly if they share a group that swaps, or if
    they don't, G is exclusive and H is not persistent.  H's own ``swap`` and ``exclusive`` play no part: loading a
    member of a non-exclusive group never stops an exclusive one (one-way, on purpose).
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self._group_of = {member: group for group in groups for member in group.members}

    def victims(self, target: ModelId, running: Iterable[ModelId]) -> frozenset[ModelId]:
        """Return the members of ``running`` that may not run beside ``target``; never the target itself."""
        home = self._group_of[target]
        return frozenset(other for other in running if other != target and self._must_leave(home, other))

    def _must_leave(self, home: Group, other: ModelId) -> bool:
        its_group = self._group_of[other]
        if its_group is home:
            return home.swap
        return home.exclusive and not its_group.persistent
