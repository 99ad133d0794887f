"""Everything that a tray shows: the core's snapshot, and what this desktop adds to it."""

from dataclasses import dataclass, field

from llamaswap_desktop.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desktop knows.

    ``can_copy`` says whether the clipboard can be filled.  ``starts_at_login`` is the system's own word for it, None
    where it has none.  ``pause_end`` is the time of day (``15:30``) at which a pause ends by itself, else empty;
    ``pause_holds`` is whether requests wait in a pause that the menu begins.  ``model_folders`` are where the user
    keeps model files.  ``build`` says where this version comes from, and ``has_licences`` whether the licences of its
    parts can be shown.
    """

    version: str = ""
    build: str = ""
    has_licences: bool = False
    can_copy: bool = True
    starts_at_login: bool | None = False
    notifies: bool = True
    shares_on_lan: bool = False
    pause_end: str = ""
    pause_holds: bool = False
    model_folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """One picture for a tray to draw."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    around: Surroundings = field(default_factory=Surroundings)
