"""Keeps the switches of groups that were changed live over restarts: in the settings, never in the user's own file."""

import contextlib
from collections.abc import Mapping

from llamaswap_desktop.commands import SetGroup
from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import GroupNotFound
from llamaswap_desktop.events import ConfigChanged, Event
from llamaswap_desktop.settings import SettingsFile

_SWITCHES = ("swap", "exclusive", "persistent")


class GroupSwitches:
    """Gives the core the switches that the settings remember, and the settings those that somebody changes."""

    def __init__(self, core: Core, settings: SettingsFile) -> None:
        self._core = core
        self._settings = settings
        for group, switches in settings.now.groups.items():
            with contextlib.suppress(GroupNotFound):  # it may come back with another edit of the configuration
                core.execute(SetGroup(group, switches.swap, switches.exclusive, switches.persistent))
        self._unsubscribe = core.subscribe(self._on_event)

    def stop(self) -> None:
        """Follow no more changes."""
        self._unsubscribe()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ConfigChanged):
            remembered = self._remembered()
            if remembered != {group: _as_keys(its) for group, its in self._settings.now.groups.items()}:
                self._settings.change({"groups": remembered})

    def _remembered(self) -> Mapping[str, Mapping[str, bool]]:
        """Return what differs now, and what was remembered of groups that are not configured now."""
        written = self._core.configured.routing.router.settings.groups
        holding = self._core.config.routing.router.settings.groups
        absent = {group: _as_keys(its) for group, its in self._settings.now.groups.items() if group not in set(written)}
        different = {
            str(group): changed
            for group, now in holding.items()
            if (
                changed := {
                    name: getattr(now, name)
                    for name in _SWITCHES
                    if getattr(now, name) != getattr(written[group], name)
                }
            )
        }
        return {**absent, **different}


def _as_keys(switches: object) -> Mapping[str, bool]:
    return {name: value for name in _SWITCHES if (value := getattr(switches, name)) is not None}
