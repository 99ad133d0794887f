"""What each policy would do, without doing it (runtime specification, section 14.14)."""

from collections.abc import Mapping

from llamaswap_desktop.routing.planner import Picture, Plan, Planner
from llamaswap_desktop.types import ModelId


def dry_run(target: ModelId, picture: Picture, planners: Mapping[str, Planner]) -> dict[str, Plan]:
    """Return every planner's plan for ``target`` in the same picture; see ``Scheduler.picture``."""
    return {name: planner.plan(target, picture) for name, planner in planners.items()}
