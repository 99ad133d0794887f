"""What a menu is made of: immutable entries, and what a click on one asks for.

Each entry has a key that is unique among its neighbours and stays the same for as long as the entry means the same
thing, so that a backend can tell an entry that changed from one that is new: the first may change under the pointer
in an open menu, the second must wait.
"""

from dataclasses import dataclass
from enum import StrEnum

from llamaswap_desktop.commands import Command
from llamaswap_desktop.types import ModelId


class Local(StrEnum):
    """What a click asks of this desktop rather than of the core."""

    OPEN_DASHBOARD = "open dashboard"
    OPEN_LOG_FOLDER = "open log folder"
    EDIT_CONFIG = "edit configuration"
    OPEN_CONFIG_FOLDER = "open configuration folder"
    CHECK_CONFIG = "check configuration"
    EDIT_SETTINGS = "edit settings"
    SHOW_LICENCES = "show licences"
    COLLECT_DIAGNOSTICS = "collect diagnostics"
    TRY_AGAIN = "try again"
    """Read the configuration and listen once more, after a start that failed."""
    END_UNLESS_SERVING = "end unless serving"
    """Nobody can see the icon: end a program that could not start, for nobody can ask it to try again."""
    NO_PANEL = "no panel"
    """This desktop shows no tray icons: say so once, then as above."""
    MESSAGE_CLICKED = "message clicked"
    """The last message beside the icon was clicked: do what it offers."""
    LOOK_AROUND = "look around"
    """The menu opens: find out what only the desktop knows, such as whether we start at login."""


@dataclass(frozen=True, slots=True)
class CopyText:
    """Put ``text`` into the clipboard."""

    text: str


@dataclass(frozen=True, slots=True)
class ShowLog:
    """Show the log of a model, or (None) of the program."""

    model: ModelId | None = None


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Show a page of the web in the browser."""

    url: str


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Show a folder of the user's."""

    folder: str


class Switch(StrEnum):
    """What can be on or off on this desktop."""

    START_AT_LOGIN = "start at login"
    NOTIFICATIONS = "notifications"
    SHARE_ON_LAN = "share on the network"


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn something of this desktop on or off."""

    switch: Switch
    is_on: bool


@dataclass(frozen=True, slots=True)
class Together:
    """Several commands, one after the other."""

    commands: tuple[Command, ...]


Action = Command | Local | CopyText | ShowLog | OpenPage | OpenFolder | Turn | Together


class Tick(StrEnum):
    """The mark of an entry that is on or off; ``PARTLY`` is for what has parts."""

    OFF = "off"
    PARTLY = "partly"
    ON = "on"


def ticked(is_on: bool) -> Tick:
    """Return the mark of what is on or off as a whole."""
    return Tick.ON if is_on else Tick.OFF


@dataclass(frozen=True, slots=True)
class Item:
    """A line that can be clicked, or, without an ``action``, only read.

    ``tick`` None means that there is nothing to tick; ``is_radio`` says that only one of its neighbours is on.
    """

    key: str
    label: str
    action: Action | None = None
    tick: Tick | None = None
    is_radio: bool = False


@dataclass(frozen=True, slots=True)
class Submenu:
    """A line that opens more lines; it cannot be opened when it has none."""

    key: str
    label: str
    entries: "Menu"


@dataclass(frozen=True, slots=True)
class Separator:
    """A thin line between groups of entries."""

    key: str


Entry = Item | Submenu | Separator
Menu = tuple[Entry, ...]
