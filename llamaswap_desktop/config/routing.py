"""Which engine decides what runs together, and with which settings (specification, sections 8 and 20)."""

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingType
from typing import NamedTuple

from msgspec.structs import replace

from llamaswap_desktop.config.groups import GroupChecks, read_groups
from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.nodes import Mapping, Path, Scalar, at
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Group, Model, Router, RouterSettings, Routing
from llamaswap_desktop.config.sets import MatrixChecks, MatrixSource, read_matrix
from llamaswap_desktop.types import GroupId, ModelId

ROUTER: Path = ("routing", "router")
SETTINGS: Path = (*ROUTER, "settings")
FIFO: Path = ("routing", "scheduler", "settings", "fifo")

GROUP, MATRIX, MEMORY = "group", "matrix", "memory"
_IDENTIFIERS = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_USER_PLANNER = re.compile(rf"{_IDENTIFIERS}:{_IDENTIFIERS}")


def is_user_planner(use: str) -> bool:
    """Whether ``use`` has the form ``package.module:Name``; nothing is imported."""
    return _USER_PLANNER.fullmatch(use) is not None


FitTogether = Callable[[Iterable[ModelId]], bool]
"""Whether the engine ever lets these models run at the same time."""


class Style(NamedTuple):
    """The engines' settings in one of the two styles, and where they stand."""

    groups: MappingType[GroupId, Group]
    groups_path: Path
    matrix: MatrixSource | None
    matrix_path: Path


class RoutingSource(NamedTuple):
    """Routing as written: both styles, nothing decided."""

    routing: Routing
    new: Style
    legacy: Style


def read_routing(root: Mapping, reader: Reader, report: Report) -> RoutingSource:
    """Read ``routing`` and the legacy keys; settings that their engine does not use are not even looked at."""
    use = at(root, (*ROUTER, "use"))
    is_memory = isinstance(use, Scalar) and use.value == MEMORY
    is_planner = isinstance(use, Scalar) and is_user_planner(use.text)
    if not is_memory:
        reader.leave_out((*SETTINGS, "memory"))
    return RoutingSource(
        routing=reader.block(root.get("routing"), Routing(router=Router(use="")), ("routing",)),
        new=_read_style(root, SETTINGS, reader, report, has_matrix=not (is_memory or is_planner)),
        legacy=_read_style(root, (), reader, report, has_matrix=True),
    )


def _read_style(root: Mapping, path: Path, reader: Reader, report: Report, *, has_matrix: bool) -> Style:
    groups, matrix = (*path, "groups"), (*path, "matrix")
    return Style(
        groups=read_groups(at(root, groups), groups, reader, report),
        groups_path=groups,
        matrix=read_matrix(at(root, matrix), matrix, reader) if has_matrix else None,
        matrix_path=matrix,
    )


def settle_routing(source: RoutingSource, models: MappingType[ModelId, Model], names: Names, report: Report) -> Routing:
    """Return routing in the new style with one engine and its settings; reports what is wrong with it."""
    router = source.routing.router
    style, use = _engine(source, report)
    settings = RouterSettings(memory=router.settings.memory)
    if use == MATRIX:
        if style.matrix is None:
            report.error((*ROUTER, "use"), "the engine is 'matrix', but settings.matrix is missing: add it")
        else:
            settings = replace(settings, matrix=MatrixChecks(style.matrix, style.matrix_path, names, report).build())
    else:
        checks = GroupChecks(style.groups, style.groups_path, names, report)
        settings = replace(settings, groups=checks.settle(models, has_default=use == GROUP))
    _check_scheduler(source.routing, models, names, report)
    return replace(source.routing, router=Router(use=use, settings=settings))


def _engine(source: RoutingSource, report: Report) -> tuple[Style, str]:
    """Decide between the styles and the engines (section 8.1)."""
    use = source.routing.router.use
    new, legacy = source.new, source.legacy
    is_legacy = bool(legacy.groups) or legacy.matrix is not None
    is_new = bool(use or new.groups) or new.matrix is not None
    if is_legacy and is_new:
        old = "groups" if legacy.groups else "matrix"
        report.error((old,), f"'{old}' and 'routing.router' both say what runs together: move it to {_home(old)}")
    if is_legacy:
        if legacy.groups and legacy.matrix is not None:
            report.error(("matrix",), "'groups' and 'matrix' exclude each other: keep one of them")
        return legacy, MATRIX if legacy.matrix is not None else GROUP
    if use not in {"", GROUP, MATRIX, MEMORY} and not is_user_planner(use):
        choices = "use group, matrix, memory, or a planner of your own as package.module:Name"
        report.error((*ROUTER, "use"), f"unknown engine {report.quote(use)}: {choices}")
        return new, GROUP
    return new, use or GROUP


def _home(key: str) -> str:
    return f"routing.router.settings.{key}"


def _check_scheduler(routing: Routing, models: MappingType[ModelId, Model], names: Names, report: Report) -> None:
    scheduler = routing.scheduler
    if scheduler.use not in {"", "fifo"}:
        message = f"unknown scheduler {report.quote(scheduler.use)}: there is only fifo"
        report.error(("routing", "scheduler", "use"), message)
    for name in scheduler.settings.fifo.priority:
        path: Path = (*FIFO, "priority", name)
        model = names.resolve_local(name)
        if model is None:
            report.error(path, f"{report.quote(name)} is no model: use one of the ids under models")
        elif name not in models:
            report.warn(path, f"{report.quote(name)} is an alias, which counts for nothing here: write '{model}'")


def fit_together(routing: Routing) -> FitTogether:
    """Return the test whether the engine in use ever lets several models run at the same time."""
    settings, use = routing.router.settings, routing.router.use
    home = {member: group for group in settings.groups.values() for member in group.members}

    def in_one_combination(models: Iterable[ModelId]) -> bool:
        return settings.matrix is None or settings.matrix.holds_together(models)

    def in_one_open_group(models: Iterable[ModelId]) -> bool:
        first, *others = (home[model] for model in models)
        return not first.swap and all(other is first for other in others)

    def not_kept_apart(models: Iterable[ModelId]) -> bool:
        swapping = [group.id for model in models if (group := home.get(model)) and group.swap]
        return len(swapping) == len(set(swapping))

    if use == MATRIX:
        return in_one_combination
    return in_one_open_group if use == GROUP else not_kept_apart
