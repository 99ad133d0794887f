"""What each policy would do to load a model, for the faces to show (runtime specification, section 14.14)."""

from collections.abc import Mapping
from dataclasses import dataclass

from llamaswap_desktop.routing import MemoryPlanner, Picture, Planner, dry_run
from llamaswap_desktop.types import ModelId


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """Who would leave if ``policy`` decided, and why in words; one policy is in force.

    ``busy`` are those of ``leaving`` that are answering: the load would wait for them.  ``problem`` says what is wrong
    with a planner of the user's own; the plan is then that of ``group``.
    """

    policy: str
    is_in_force: bool
    leaving: tuple[ModelId, ...]
    busy: tuple[ModelId, ...]
    reason: str
    problem: str


def plans_for(
    model: ModelId, picture: Picture, in_force: Planner, alternatives: Mapping[str, Planner]
) -> tuple[PolicyPlan, ...]:
    """Return the plan of each policy for ``model``, first that of the one in force.

    ``memory`` is among the others only where it is known how much memory there is.
    """
    planners = {in_force.name: in_force, **{name: its for name, its in alternatives.items() if name != in_force.name}}
    if not picture.available_mib and in_force.name != MemoryPlanner.name:
        planners.pop(MemoryPlanner.name, None)
    plans = []
    for policy, plan in dry_run(model, picture, planners).items():
        leaving = tuple(sorted(plan.victims))
        busy = tuple(victim for victim in leaving if picture.facts[victim].in_flight)
        plans.append(PolicyPlan(policy, policy == in_force.name, leaving, busy, plan.reason, plan.problem))
    return tuple(plans)
