"""What a message is, and what every way of showing one can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of a message; ``accept`` is called when it is pressed, on whatever thread hears of it."""

    label: str
    accept: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.  A later one of the same ``kind`` takes its place on the screen.

    A click on the message itself takes the first offer.  ``was_asked_for`` marks an answer to a click, which nobody
    wants held back.
    """

    kind: str
    title: str
    text: str
    offers: tuple[Offer, ...] = ()
    was_asked_for: bool = False


class Notifier(Protocol):
    """Shows messages, somewhere beside the program's own windows."""

    def show(self, notice: Notice) -> None:
        """Have it shown soon; never blocks, never raises."""

    async def close(self) -> None:
        """End; offers of messages that are still on the screen lead nowhere from then on."""


class NullNotifier:
    """Shows nothing: where there is no desktop, or nobody wants to be told."""

    def show(self, notice: Notice) -> None:
        pass

    async def close(self) -> None:
        pass
