"""Groups: read, checked, and completed with ``(default)`` (specification, section 8.2)."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from msgspec.structs import replace

from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.nodes import Node, Path, is_null
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Group
from llamaswap_desktop.types import DEFAULT_GROUP, GroupId, ModelId


def default_group(groups: Iterable[Group], models: Iterable[ModelId]) -> Group:
    """Return the group ``(default)`` of all ``models`` that are in none of ``groups``: one at a time."""
    grouped = {member for group in groups for member in group.members}
    return Group(id=DEFAULT_GROUP, members=tuple(sorted(model for model in models if model not in grouped)))


def read_groups(node: Node | None, path: Path, reader: Reader, report: Report) -> dict[GroupId, Group]:
    """Read a map of groups; a null entry is a group with every switch off."""
    groups = {}
    for key, value in reader.mapping(node, path) or ():
        prototype = Group(id=GroupId(key))
        if is_null(value):
            report.warn((*path, key), f"group '{key}' is empty: it has no members, and every switch is off")
            prototype = replace(prototype, swap=False, exclusive=False)
        groups[GroupId(key)] = reader.block(value, prototype, (*path, key))
    return groups


class GroupChecks:
    """What has to hold for the groups of one configuration."""

    def __init__(self, groups: MappingType[GroupId, Group], path: Path, names: Names, report: Report) -> None:
        self._groups = groups
        self._path = path
        self._names = names
        self._report = report

    def settle(self, models: MappingType[ModelId, object], *, has_default: bool) -> dict[GroupId, Group]:
        """Return the groups with real members only, and with ``(default)`` for all other models if there is one."""
        self._check_members()
        groups = {group.id: self._with_real_members(group, models) for group in self._groups.values()}
        if not has_default:
            return groups
        own = groups.pop(DEFAULT_GROUP, None)
        if own is not None:
            message = "this name belongs to the built-in group: this entry counts for nothing, its members as ungrouped"
            self._report.warn((*self._path, DEFAULT_GROUP), message)
        groups[DEFAULT_GROUP] = default_group(groups.values(), models)
        return groups

    def _check_members(self) -> None:
        home: dict[str, GroupId] = {}
        for group in self._groups.values():
            own: set[str] = set()
            for index, member in enumerate(group.members):
                path: Path = (*self._path, group.id, "members", index)
                shown = self._report.quote(member)
                first = home.setdefault(member, group.id)
                if first != group.id:
                    self._report.error(path, f"model {shown} is in two groups, '{first}' and '{group.id}': choose one")
                elif member in own:
                    self._report.error(path, f"model {shown} stands twice in group '{group.id}': remove one")
                elif self._names.resolve_local(member) is None:
                    message = f"member {shown} of group '{group.id}' is no model: use one of the ids under models"
                    self._report.error(path, message)
                own.add(member)

    def _with_real_members(self, group: Group, models: MappingType[ModelId, object]) -> Group:
        for index, member in enumerate(group.members):
            if member not in models and (model := self._names.resolve_local(member)):
                message = f"{self._report.quote(member)} is an alias, which counts for nothing here: write '{model}'"
                self._report.warn((*self._path, group.id, "members", index), message)
        return replace(group, members=tuple(member for member in group.members if member in models))
