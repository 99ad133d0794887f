"""The groups in the menu: loaded and unloaded as one, with their switches."""

from llamaswap_desktop.commands import Command, LoadModel, SetGroup, UnloadModel
from llamaswap_desktop.snapshot import GroupSnapshot, ModelSnapshot, Snapshot
from llamaswap_desktop.tray.entries import Item, Menu, Separator, Submenu, Tick, Together, ticked
from llamaswap_desktop.tray.texts import group_name, is_wanted, loaded_of
from llamaswap_desktop.types import DEFAULT_GROUP, ProcessState


def groups_menu(snapshot: Snapshot) -> Menu:
    """Return one submenu for each group of the configuration; the one of all other models has no switches."""
    by_id = {model.id: model for model in snapshot.models}
    return tuple(
        _group_submenu(group, [by_id[member] for member in group.members if member in by_id])
        for group in snapshot.groups
        if group.id != DEFAULT_GROUP
    )


def _group_submenu(group: GroupSnapshot, members: list[ModelSnapshot]) -> Submenu:
    loaded = [model for model in members if model.state is ProcessState.READY]
    wanted = [model for model in members if is_wanted(model)]
    unload = Together(tuple(UnloadModel(model.id) for model in wanted)) if wanted else None
    load = Together(tuple(LoadModel(model.id) for model in members if model not in wanted))
    can_load = bool(load.commands) and not (group.swap and len(members) > 1)  # of those only one can be loaded
    is_whole = bool(members) and len(loaded) == len(members)
    tick = Tick.ON if is_whole else Tick.PARTLY if loaded else Tick.OFF
    return Submenu(
        f"group {group.id}",
        f"{group_name(group)}  ·  {loaded_of(members)}",
        (
            Item("all", loaded_of(members), unload if is_whole or not can_load else load, tick),
            Item("load all", "Load all", load if can_load else None),
            Item("unload all", "Unload all", unload),
            Separator("before switches"),
            _switch(group, "swap", "Swap: one at a time"),
            _switch(group, "exclusive", "Exclusive: others make room"),
            _switch(group, "persistent", "Persistent: never makes room"),
            Item("configured", "As configured", SetGroup(group.id) if group.is_overridden else None),
        ),
    )


def _switch(group: GroupSnapshot, name: str, label: str) -> Item:
    """Tick the switch as it is now; a click turns it, and says of the others what holds already."""
    now = {"swap": group.swap, "exclusive": group.exclusive, "persistent": group.persistent}
    command: Command = SetGroup(group.id, **{**now, name: not now[name]})
    return Item(name, label, command, ticked(now[name]))
