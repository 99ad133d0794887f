"""Decides, purely, which model serves now, who waits and who must leave."""

from llamaswap_desktop.routing import alphabet
from llamaswap_desktop.routing.contained import TIME_LIMIT_S, Answer, Ask, ContainedPlanner, UserPlanner
from llamaswap_desktop.routing.dry_run import dry_run
from llamaswap_desktop.routing.explain import LoadUnderWay, WaitingRequest
from llamaswap_desktop.routing.groups import GroupPlanner
from llamaswap_desktop.routing.matrix import MatrixPlanner
from llamaswap_desktop.routing.memory import MemoryPlanner
from llamaswap_desktop.routing.planner import RAM, Device, Facts, Picture, Plan, Planner
from llamaswap_desktop.routing.profiles import Pinned, pin_for
from llamaswap_desktop.routing.rules import ModelRules, Rules
from llamaswap_desktop.routing.scheduler import Counts, Scheduler
from llamaswap_desktop.routing.selectors import Chosen, Selectors

__all__ = [
    "RAM",
    "TIME_LIMIT_S",
    "Answer",
    "Ask",
    "Chosen",
    "ContainedPlanner",
    "Counts",
    "Device",
    "Facts",
    "GroupPlanner",
    "LoadUnderWay",
    "MatrixPlanner",
    "MemoryPlanner",
    "ModelRules",
    "Picture",
    "Pinned",
    "Plan",
    "Planner",
    "Rules",
    "Scheduler",
    "Selectors",
    "UserPlanner",
    "WaitingRequest",
    "alphabet",
    "dry_run",
    "pin_for",
]
