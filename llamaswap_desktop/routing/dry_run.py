"""What each policy would do, without doing it (runtime specification, section 14.14)."""

from collections.abc import Mapping

from llamaswap_desktop.routing.contained import ContainedPlanner
from llamaswap_desktop.routing.planner import Picture, Plan, Planner
from llamaswap_desktop.types import ModelId


def dry_run(target: ModelId, picture: Picture, planners: Mapping[str, Planner]) -> dict[str, Plan]:
    """Return every planner's plan for ``target`` in the same picture; see ``Scheduler.picture``.

    A planner of the user's own that goes wrong here has a plan with its ``problem``, and stays in use.
    """
    return {name: _rehearsed(planner, target, picture) for name, planner in planners.items()}


def _rehearsed(planner: Planner, target: ModelId, picture: Picture) -> Plan:
    if isinstance(planner, ContainedPlanner):
        return planner.rehearse(target, picture)
    return planner.plan(target, picture)
