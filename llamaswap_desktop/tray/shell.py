"""What every tray can do, whatever draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tray.menu import Action


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a tray takes what it is asked; both are called on the tray's own thread.

    ``act`` returns at once.  ``end_session`` is called when the system is about to end the user's session: it returns
    when the models have stopped, or shortly before the system loses its patience.  ``can_copy`` says whether a wish to
    copy the address could be fulfilled.
    """

    act: Callable[[Action], None]
    end_session: Callable[[], None]
    can_copy: bool = True


class Tray(Protocol):
    """A face of the program that lives in the desktop's panel and draws the latest snapshot."""

    def show(self, snapshot: Snapshot) -> None:
        """Draw this from now on; any thread may call it, at most four times a second."""

    def run(self) -> None:
        """Live until ``stop``; the main thread calls it, once."""

    def stop(self) -> None:
        """Let ``run`` return soon, with the icon gone; any thread may call it, also before ``run``."""
