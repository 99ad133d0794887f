"""Switches of groups that somebody has changed while the program runs; the configuration file stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from llamaswap_desktop.commands import SetGroup
from llamaswap_desktop.config import Config, Group
from llamaswap_desktop.errors import GroupNotFound
from llamaswap_desktop.types import GroupId


@dataclass(frozen=True, slots=True)
class GroupOverrides:
    """What differs from the configuration, group by group."""

    switches: Mapping[GroupId, Mapping[str, bool]] = field(default_factory=dict)

    def changed_by(self, command: SetGroup, config: Config) -> "GroupOverrides":
        """Return what holds after ``command``; raises ``GroupNotFound``.

        A switch that is set to what the configuration says is no difference: it follows the file from then on.
        """
        group = GroupId(command.group)
        if (written := config.routing.router.settings.groups.get(group)) is None:
            raise GroupNotFound(command.group)
        wished = {"swap": command.swap, "exclusive": command.exclusive, "persistent": command.persistent}
        switches = {name: value for name, value in wished.items() if value not in {None, getattr(written, name)}}
        rest = {name: its for name, its in self.switches.items() if name != group}
        return GroupOverrides({**rest, group: switches} if switches else rest)

    def applied_to(self, config: Config) -> Config:
        """Return ``config`` with the groups as they are to be now."""
        if not self.switches:
            return config
        groups = {name: self._applied(group) for name, group in config.routing.router.settings.groups.items()}
        settings = msgspec.structs.replace(config.routing.router.settings, groups=groups)
        router = msgspec.structs.replace(config.routing.router, settings=settings)
        return msgspec.structs.replace(config, routing=msgspec.structs.replace(config.routing, router=router))

    def _applied(self, group: Group) -> Group:
        return msgspec.structs.replace(group, **self.switches.get(group.id, {}))
