"""From ``routing.router`` to a planner; a planner of the user's own is imported, timed and watched here."""

import ctypes
import importlib
import os
import sys
import threading
import time
from types import ModuleType
from typing import cast

from llamaswap_desktop.config import Config, default_group
from llamaswap_desktop.errors import ConfigError, Problem, Severity
from llamaswap_desktop.routing import (
    Answer,
    Ask,
    ContainedPlanner,
    GroupPlanner,
    MatrixPlanner,
    MemoryPlanner,
    Picture,
    Planner,
    UserPlanner,
)
from llamaswap_desktop.types import DEFAULT_GROUP, ModelId

_WATCHDOG_S = 1.0


class PlannerNeverEnded(Exception):
    """Raised by the watchdog in a user's planner that does not come to an end."""


def build_planner(config: Config) -> Planner:
    """Return the planner that the configuration names; raises ``ConfigError`` if a user's own cannot be imported."""
    router = config.routing.router
    match router.use:
        case "group":
            return GroupPlanner(config.groups)
        case "matrix":
            assert router.settings.matrix is not None, "loading refuses the engine without its settings"
            return MatrixPlanner(router.settings.matrix)
        case "memory":
            return MemoryPlanner(router.settings.memory, config.groups)
        case path:
            instead = GroupPlanner((*config.groups, default_group(config.groups, config.models)))
            return ContainedPlanner(path, _ask(_import(path)), hard_rules=config.groups, instead=instead)


def build_alternatives(config: Config) -> dict[str, Planner]:
    """Return the planners that need nothing but what the configuration says already, by name."""
    groups = tuple(group for group in config.groups if group.id != DEFAULT_GROUP)
    router = config.routing.router
    alternatives: dict[str, Planner] = {
        GroupPlanner.name: GroupPlanner((*groups, default_group(groups, config.models))),
        MemoryPlanner.name: MemoryPlanner(router.settings.memory, groups),
    }
    if router.settings.matrix is not None:
        alternatives[MatrixPlanner.name] = MatrixPlanner(router.settings.matrix)
    return alternatives


def _import(path: str) -> UserPlanner:
    module_name, _, name = path.partition(":")
    if getattr(sys, "frozen", False):
        _look_along_the_users_path()
    try:
        return cast("UserPlanner", getattr(_module_of_now(module_name), name)())
    except Exception as error:
        why = f"the planner {path!r} cannot be used: {error!r}; check the name, and that it can be imported from here"
        raise ConfigError([Problem(Severity.ERROR, why, path="routing.router.use")]) from error


def _module_of_now(name: str) -> ModuleType:
    """Import a module as its file is now: a reload is how an author tries what has been mended."""
    known = sys.modules.get(name)
    if known is None or known.__spec__ is None:
        importlib.invalidate_caches()  # its file may be younger than the last look into its folder
        return importlib.import_module(name)
    return importlib.reload(known)


def _look_along_the_users_path() -> None:
    """Have modules found in ``PYTHONPATH`` too, behind our own: a built program's Python passes it over."""
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path += [place for place in places if place and place not in sys.path]


def _ask(planner: UserPlanner) -> Ask:
    def ask(target: ModelId, picture: Picture) -> Answer:
        watchdog = threading.Timer(_WATCHDOG_S, _interrupt, [threading.get_ident()])
        watchdog.daemon = True
        watchdog.start()
        began = time.perf_counter()
        try:
            victims = planner.victims(target, picture)
        finally:
            watchdog.cancel()
        return Answer(victims, time.perf_counter() - began)

    return ask


def _interrupt(thread: int) -> None:
    """Raise ``PlannerNeverEnded`` in ``thread``: best effort, a call into C code goes on."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(PlannerNeverEnded))
