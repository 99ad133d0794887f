"""The two objects that hosts call: the item with its icon, and its menu.

Hosts differ in what they call; what none of them may meet is silence.  An unknown method is answered with an error,
a click on an entry that has just gone is answered and means nothing.
"""

from collections.abc import Callable

from jeepney import DBusAddress

from llamaswap_desktop.dbus import NoSuchMethod, Reply
from llamaswap_desktop.tray.entries import Action, Local
from llamaswap_desktop.tray.menu import menu_for
from llamaswap_desktop.tray.sni.dbusmenu import ROOT, ExportedMenu, LayoutUpdated, Properties, PropertiesUpdated
from llamaswap_desktop.tray.sni.item import MENU_PATH, StatusItem
from llamaswap_desktop.tray.view import View

ITEM = DBusAddress("/StatusNotifierItem", interface="org.kde.StatusNotifierItem")
MENU = DBusAddress(MENU_PATH, interface="com.canonical.dbusmenu")

_PROPERTIES = "org.freedesktop.DBus.Properties"
_INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
_PEER = "org.freedesktop.DBus.Peer"

_MENU_PROPERTIES: Properties = {
    "Version": ("u", 3),
    "TextDirection": ("s", "ltr"),
    "Status": ("s", "normal"),
    "IconThemePath": ("as", []),
}

_DOUBLE_DUTY = {"Activate": Local.OPEN_DASHBOARD}
_IGNORED = {"SecondaryActivate", "ContextMenu", "Scroll", "ProvideXdgActivationToken"}

SignalToSend = tuple[DBusAddress, str, str | None, tuple[object, ...]]


class TrayObjects:
    """What hosts see of a view; ``act`` is told what they click on."""

    def __init__(self, view: View, act: Callable[[Action], None]) -> None:
        self._act = act
        self._drawn = view
        self._item = StatusItem.of(view.snapshot)
        self._menu = ExportedMenu()
        self._menu.update(menu_for(view))

    def draw(self, view: View, now_s: float = 0.0) -> list[SignalToSend]:
        """Take over a view; return the signals that tell hosts what has changed."""
        item = StatusItem.of(view.snapshot, now_s)
        signals: list[SignalToSend] = [(ITEM, name, None, ()) for name in item.changes_since(self._item)]
        self._item = item
        if view is self._drawn:
            return signals
        self._drawn = view
        match self._menu.update(menu_for(view)):
            case PropertiesUpdated(updated, removed):
                signals.append((MENU, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", (updated, removed)))
            case LayoutUpdated(revision):
                signals.append((MENU, "LayoutUpdated", "ui", (revision, ROOT)))
            case None:
                pass
        return signals

    def serve(self, path: str, interface: str, member: str, body: tuple[object, ...]) -> Reply:
        """Answer a call; raises ``NoSuchMethod``."""
        try:
            return self._reply(path, interface, member, body)
        except (KeyError, ValueError, TypeError) as error:  # a name, number or shape that means nothing here
            raise NoSuchMethod(f"{interface}.{member}{body!r} on {path}") from error

    def _reply(self, path: str, interface: str, member: str, body: tuple[object, ...]) -> Reply:
        if interface == _PEER:
            return Reply()
        if interface == _INTROSPECTABLE and member == "Introspect":
            return Reply("s", (_introspection(path),))
        if path == ITEM.object_path:
            if interface == _PROPERTIES:
                return _read(self._item.properties(), member, body)
            return self._on_item_call(member)
        if path == MENU.object_path:
            if interface == _PROPERTIES:
                return _read(_MENU_PROPERTIES, member, body)
            return self._on_menu_call(member, body)
        raise KeyError(path)

    def _on_item_call(self, member: str) -> Reply:
        if member in _IGNORED:
            return Reply()
        # Several hosts call this on a left click, although ItemIsMenu asks them to open the menu.
        self._act(_DOUBLE_DUTY[member])
        return Reply()

    def _on_menu_call(self, member: str, body: tuple[object, ...]) -> Reply:
        match member, body:
            case "GetLayout", (int(parent), int(depth), list(names)):
                return Reply("u(ia{sv}av)", (self._menu.revision, self._menu.layout(parent, depth, names)))
            case "GetGroupProperties", (list(numbers), list(names)):
                return Reply("a(ia{sv})", (self._menu.group_properties(numbers, names),))
            case "GetProperty", (int(number), str(name)):
                return Reply("v", (self._menu.property(number, name),))
            case "Event", (int(number), str(event), *_):
                self._on_event(number, event)
                return Reply()
            case "EventGroup", (list(events),):
                unknown = [number for number, event, *_ in events if not self._on_event(number, event)]
                return Reply("ai", (unknown,))
            case "AboutToShow", (int(number),):
                self._about_to_show([number])
                return Reply("b", (False,))  # nothing to fetch: what it shows is always the latest
            case "AboutToShowGroup", (list(numbers),):
                self._about_to_show(numbers)
                return Reply("aiai", ([], []))
            case _:
                raise KeyError(member)

    def _about_to_show(self, numbers: list[int]) -> None:
        """Have what only the desktop knows looked up again, when the whole menu opens."""
        if ROOT in numbers:
            self._act(Local.LOOK_AROUND)

    def _on_event(self, number: int, event: str) -> bool:
        """Take a host's word for what was done to an entry; return whether there is such an entry."""
        if event == "clicked" and (action := self._menu.action_of(number)) is not None:
            self._act(action)
        return self._menu.knows(number)


def _read(table: Properties, member: str, body: tuple[object, ...]) -> Reply:
    match member, body:
        case "GetAll", _:
            return Reply("a{sv}", (table,))
        case "Get", (_, str(name)):
            return Reply("v", (table[name],))
        case _:
            raise KeyError(member)


def _introspection(path: str) -> str:
    interfaces = {address.object_path: address.interface for address in (ITEM, MENU)}
    if path not in interfaces:
        children = "".join(f'<node name="{child[1:]}"/>' for child in interfaces)
        return f"<node>{children if path == '/' else ''}</node>"
    return f'<node><interface name="{interfaces[path]}"/><interface name="{_PROPERTIES}"/></node>'
