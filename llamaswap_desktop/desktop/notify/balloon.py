"""Messages beside the tray icon, as Windows has them: no buttons, but a click."""

from collections.abc import Callable

from llamaswap_desktop.desktop.notify.notice import Notice, Offer


class BalloonNotifier:
    """Shows messages by ``tell(title, text)``; whoever hears of a click on one calls ``clicked``."""

    def __init__(self, tell: Callable[[str, str], object]) -> None:
        self._tell = tell
        self._offers: tuple[Offer, ...] = ()

    def show(self, notice: Notice) -> None:
        self._offers = notice.offers
        self._tell(notice.title, notice.text)

    def clicked(self) -> None:
        """Take the first offer of the last message."""
        offers, self._offers = self._offers, ()
        for offer in offers[:1]:
            offer.accept()

    async def close(self) -> None:
        self._offers = ()
