"""A menu as the ``com.canonical.dbusmenu`` protocol wants it: numbered, and told apart from its last version.

Pure: menus in, message bodies out.  An entry keeps its number for as long as its key path exists, and a number is
never used again, because hosts remember them.  If only properties differ, ``ItemsPropertiesUpdated`` lets an open menu
stay open and change; ``LayoutUpdated`` makes hosts rebuild it, so it is sent only when entries came or went.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from llamaswap_desktop.tray.entries import Action, Entry, Item, Menu, Separator, Submenu, Tick

Variant = tuple[str, object]
Properties = dict[str, Variant]
Layout = tuple[int, Properties, list[tuple[str, object]]]

ROOT = 0

_TOGGLE_STATES = {Tick.OFF: 0, Tick.ON: 1, Tick.PARTLY: -1}
_DOT = "  ·  "
_LAYOUT_SIGNATURE = "(ia{sv}av)"


@dataclass(frozen=True, slots=True)
class PropertiesUpdated:
    """Body of ``ItemsPropertiesUpdated``: new values, and names of properties that went back to their defaults."""

    updated: list[tuple[int, Properties]]
    removed: list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class LayoutUpdated:
    """Body of ``LayoutUpdated``: the new revision of everything."""

    revision: int


def properties_of(entry: Entry) -> Properties:
    """Return what a host has to know to draw ``entry``."""
    match entry:
        case Separator():
            return {"type": ("s", "separator")}
        case Submenu(_, label, entries):
            return {
                **_worded(label),
                "enabled": ("b", bool(entries)),
                "children-display": ("s", "submenu"),
            }
        case Item(_, label, action, tick, is_radio):
            properties: Properties = {
                **_worded(label),
                "enabled": ("b", action is not None),
            }
            if tick is not None:
                properties["toggle-type"] = ("s", "radio" if is_radio else "checkmark")
                properties["toggle-state"] = ("i", _TOGGLE_STATES[tick])
            return properties
        case _:
            assert_never(entry)


def _worded(label: str) -> Properties:
    """Return the label for the eye and, where that has dots, for the ear: a screen reader pauses at a comma.

    Every underscore is doubled: a single one marks the letter after it as the entry's key.
    """
    words: Properties = {"label": ("s", label.replace("_", "__"))}
    if _DOT in label:
        words["accessible-desc"] = ("s", label.replace(_DOT, ", "))
    return words


class ExportedMenu:
    """The menu that hosts see now.  Unknown numbers raise ``KeyError``."""

    def __init__(self) -> None:
        self.revision = 1
        self._numbers: dict[tuple[str, ...], int] = {}
        self._next_number = itertools.count(ROOT + 1)
        self._entries: dict[int, Entry] = {}
        self._children: dict[int, list[int]] = {ROOT: []}
        self._properties: dict[int, Properties] = {ROOT: {"children-display": ("s", "submenu")}}

    def update(self, menu: Menu) -> PropertiesUpdated | LayoutUpdated | None:
        """Take over a new version; return what to tell the hosts, None if nothing that they see has changed."""
        old_children, old_properties = self._children, self._properties
        self._entries, self._children = {}, {ROOT: []}
        for parent, number, entry in self._numbered(menu, ROOT, ()):
            self._entries[number] = entry
            self._children[parent].append(number)
            if isinstance(entry, Submenu):
                self._children[number] = []
        entries = self._entries.items()
        self._properties = {ROOT: old_properties[ROOT], **{number: properties_of(entry) for number, entry in entries}}
        if self._children != old_children:
            self.revision += 1
            return LayoutUpdated(self.revision)
        return self._difference(old_properties)

    def _numbered(self, menu: Menu, parent: int, path: tuple[str, ...]) -> Iterator[tuple[int, int, Entry]]:
        """Yield parent, number and entry, parents first."""
        for entry in menu:
            own_path = (*path, entry.key)
            number = self._numbers.get(own_path)
            if number is None:
                number = self._numbers[own_path] = next(self._next_number)
            yield parent, number, entry
            if isinstance(entry, Submenu):
                yield from self._numbered(entry.entries, number, own_path)

    def _difference(self, old: dict[int, Properties]) -> PropertiesUpdated | None:
        updated: list[tuple[int, Properties]] = []
        removed: list[tuple[int, list[str]]] = []
        for number, properties in self._properties.items():
            was = old[number]
            if changed := {name: value for name, value in properties.items() if was.get(name) != value}:
                updated.append((number, changed))
            if gone := [name for name in was if name not in properties]:
                removed.append((number, gone))
        return PropertiesUpdated(updated, removed) if updated or removed else None

    # -- what hosts ask

    def layout(self, parent: int, depth: int, names: Sequence[str] = ()) -> Layout:
        """Return ``parent`` and what is below it, ``depth`` levels (-1: all), with these properties (none: all)."""
        children = (self._children.get(parent) or []) if depth else []
        below = [(_LAYOUT_SIGNATURE, self.layout(child, depth - 1, names)) for child in children]
        return parent, self._selected(parent, names), list(below)

    def group_properties(self, numbers: Sequence[int], names: Sequence[str]) -> list[tuple[int, Properties]]:
        """Return the properties of these entries (none: of all); unknown ones are left out."""
        wanted = numbers or tuple(self._properties)
        return [(number, self._selected(number, names)) for number in wanted if number in self._properties]

    def property(self, number: int, name: str) -> Variant:
        """Return one property of one entry."""
        return self._properties[number][name]

    def _selected(self, number: int, names: Sequence[str]) -> Properties:
        properties = self._properties[number]
        return {name: value for name, value in properties.items() if name in names} if names else properties

    def knows(self, number: int) -> bool:
        """Whether there is such an entry now."""
        return number in self._properties

    def action_of(self, number: int) -> Action | None:
        """Return what a click on this entry means; None if nothing, or if the entry has gone."""
        entry = self._entries.get(number)
        return entry.action if isinstance(entry, Item) else None
