"""Decides, purely, which model serves now, who waits and who must leave."""

from llamaswap_desktop.routing import alphabet
from llamaswap_desktop.routing.groups import GroupPlanner
from llamaswap_desktop.routing.planner import Planner
from llamaswap_desktop.routing.scheduler import Counts, ModelRules, Scheduler

__all__ = ["Counts", "GroupPlanner", "ModelRules", "Planner", "Scheduler", "alphabet"]
