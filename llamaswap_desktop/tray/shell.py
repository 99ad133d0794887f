"""What every tray can do, whatever draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llamaswap_desktop.tray.entries import Action
from llamaswap_desktop.tray.view import View


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a tray takes what it is asked; all are called on the tray's own thread.

    ``act`` returns at once.  ``end_session`` is called when the system is about to end the user's session,
    ``prepare_for_sleep`` when the computer is about to sleep: they return when the models have stopped (before a sleep,
    if the user wants that), or shortly before the system loses its patience.
    """

    act: Callable[[Action], None]
    end_session: Callable[[], None]
    prepare_for_sleep: Callable[[], None]


class Tray(Protocol):
    """A face of the program that lives in the desktop's panel and draws the latest view."""

    def show(self, view: View) -> None:
        """Draw this from now on; any thread may call it, at most four times a second."""

    def run(self) -> None:
        """Live until ``stop``; the main thread calls it, once."""

    def tell(self, title: str, text: str) -> bool:
        """Show a message beside the icon; False if this kind of tray has no messages.  Any thread may call it."""

    def stop(self) -> None:
        """Let ``run`` return soon, with the icon gone; any thread may call it, also before ``run``."""
