"""A menu as pystray's own, for the backends that draw by it.  Import it only where one of them is wanted."""

from collections.abc import Callable
from typing import Any

import pystray

from llamaswap_desktop.tray.entries import Action, Entry, Item, Menu, Separator, Submenu, Tick


def pystray_menu(menu: Menu, act: Callable[[Action], None], *, escaped: Callable[[str], str]) -> Any:
    """Return ``menu`` as a ``pystray.Menu`` whose clicks go to ``act``; ``escaped`` guards a label's special signs."""
    return pystray.Menu(*(_pystray_entry(entry, act, escaped) for entry in menu))


def _pystray_entry(entry: Entry, act: Callable[[Action], None], escaped: Callable[[str], str]) -> Any:
    match entry:
        case Separator():
            return pystray.Menu.SEPARATOR
        case Submenu(_, label, entries) if entries:
            return pystray.MenuItem(escaped(label), pystray_menu(entries, act, escaped=escaped))
        case Submenu(_, label, _):
            return pystray.MenuItem(escaped(label), None, enabled=False)
        case Item(_, label, action, tick, is_radio):
            shown = f"{label} (partly)" if tick is Tick.PARTLY else label  # pystray knows no third mark
            return pystray.MenuItem(
                escaped(shown),
                None if action is None else lambda: act(action),
                checked=None if tick is None else lambda _item: tick is not Tick.OFF,
                radio=is_radio,
                enabled=action is not None,
            )
