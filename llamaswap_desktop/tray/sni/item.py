"""The icon as ``org.kde.StatusNotifierItem`` wants it.  Pure: a snapshot in, properties out."""

from dataclasses import dataclass

from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tray.icon import IconState, argb_pixmaps, frame_at, icon_state
from llamaswap_desktop.tray.sni.dbusmenu import Properties, Variant
from llamaswap_desktop.tray.texts import APP_NAME, tooltip

MENU_PATH = "/MenuBar"
"""Where the item says that its menu is."""


@dataclass(frozen=True, slots=True)
class StatusItem:
    """What the panel shows: the icon, and the text beside the pointer."""

    icon: IconState
    tooltip: str
    frame: int = 0

    @classmethod
    def of(cls, snapshot: Snapshot, now_s: float = 0.0) -> "StatusItem":
        """Return the item for ``snapshot``, with the frame of its icon that is due at ``now_s``."""
        icon = icon_state(snapshot)
        return cls(icon, tooltip(snapshot), frame_at(icon, now_s))

    def changes_since(self, old: "StatusItem") -> tuple[str, ...]:
        """Return the names of the signals that tell hosts what differs from ``old``."""
        news = []
        if (self.icon, self.frame) != (old.icon, old.frame):
            news.append("NewIcon")
        if self.tooltip != old.tooltip:
            news.append("NewToolTip")
        return tuple(news)

    def properties(self) -> Properties:
        """Return every property of the interface.

        Icons travel as pixels, not as theme names: hosts differ in where they look for names (a blank icon on some).
        """
        title, _, details = self.tooltip.partition("\n")
        no_pixmaps: Variant = ("a(iiay)", [])
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", "llamaswap-desktop"),
            "Title": ("s", APP_NAME),
            "Status": ("s", "Active"),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconThemePath": ("s", ""),
            "IconPixmap": ("a(iiay)", list(argb_pixmaps(self.icon, self.frame))),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": no_pixmaps,
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": no_pixmaps,
            "AttentionMovieName": ("s", ""),
            "ToolTip": ("(sa(iiay)ss)", ("", [], title, details)),
            "ItemIsMenu": ("b", True),
            "Menu": ("o", MENU_PATH),
        }
