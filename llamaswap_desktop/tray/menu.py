"""The menu as a pure function of the snapshot.

A menu is a tuple of immutable entries.  Each has a key that is unique among its neighbours and stays the same for as
long as the entry means the same thing, so that a backend can tell an entry that changed from one that is new: the
first may change under the pointer in an open menu, the second must wait.  For that reason what a model is doing
stands in its text, and entries come and go only with the configuration or when the program cannot serve.
"""

from dataclasses import dataclass
from enum import StrEnum

from llamaswap_desktop.commands import Command, LoadModel, Quit, UnloadAll, UnloadModel
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray.texts import is_loading, model_line, problem_lines, size, status_line
from llamaswap_desktop.types import Phase, ProcessState


class Local(StrEnum):
    """What a click asks of this desktop rather than of the core."""

    OPEN_DASHBOARD = "open dashboard"
    COPY_ADDRESS = "copy address"
    TRY_AGAIN = "try again"
    """Read the configuration and listen once more, after a start that failed."""
    END_UNLESS_SERVING = "end unless serving"
    """Nobody can see the icon: end a program that could not start, for nobody can ask it to try again."""


Action = Command | Local


class Tick(StrEnum):
    """The mark of an entry that is on or off; ``PARTLY`` is for what has parts."""

    OFF = "off"
    PARTLY = "partly"
    ON = "on"


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


def menu_for(snapshot: Snapshot, *, can_copy: bool = True) -> Menu:
    """Return the whole menu; ``can_copy`` says whether this desktop lets us fill the clipboard."""
    is_serving = snapshot.phase is Phase.SERVING
    problems = problem_lines(snapshot)
    trouble: Menu = ()
    if problems:
        trouble = (
            *(Item(f"problem {number}", line) for number, line in enumerate(problems)),
            Item("try again", "Try again", Local.TRY_AGAIN),
        )
    return (
        Item("status", status_line(snapshot)),
        *trouble,
        Separator("after status"),
        Submenu("models", "Models", tuple(_model_item(model) for model in snapshot.models if not model.unlisted)),
        _free_item(snapshot.models, is_serving=is_serving),
        Separator("after models"),
        Item("dashboard", "Open dashboard", Local.OPEN_DASHBOARD if is_serving else None),
        _copy_item(snapshot, can_copy=can_copy),
        Separator("before quit"),
        Item("quit", "Quit", None if snapshot.phase is Phase.STOPPING else Quit()),
    )


def _model_item(model: ModelSnapshot) -> Item:
    """Tick what is loaded; a click on what is loading calls it off."""
    is_ready = model.state is ProcessState.READY
    wants_it_gone = is_ready or is_loading(model)
    return Item(
        key=model.id,
        label=model_line(model),
        action=UnloadModel(model.id) if wants_it_gone else LoadModel(model.id),
        tick=Tick.ON if is_ready else Tick.OFF,
    )


def _free_item(models: tuple[ModelSnapshot, ...], *, is_serving: bool) -> Item:
    held = [model for model in models if model.state in {ProcessState.READY, ProcessState.STARTING} or model.waiting]
    known = sum(model.memory_bytes or 0 for model in held)
    label = f"Free memory now ({size(known)})" if known else "Free memory now"
    return Item("free", label, UnloadAll() if held and is_serving else None)


def _copy_item(snapshot: Snapshot, *, can_copy: bool) -> Item:
    if snapshot.phase is not Phase.SERVING or not snapshot.address:
        return Item("copy", "Copy address")
    if not can_copy:
        # The dashboard's own button can: a browser may always fill the clipboard.
        return Item("copy", f"Copy {snapshot.address} in the dashboard", Local.OPEN_DASHBOARD)
    return Item("copy", f"Copy address  ·  {snapshot.address}", Local.COPY_ADDRESS)
