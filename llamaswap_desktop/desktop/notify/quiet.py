"""Keeps messages rare."""

import time
from collections.abc import Callable

from llamaswap_desktop.desktop.notify.notice import Notice, Notifier

_PAUSE_S = 60.0


class QuietNotifier:
    """Passes on what the user asked for, and of all else one message of a kind a minute, if ``is_wanted`` says so."""

    def __init__(
        self, loud: Notifier, *, is_wanted: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loud = loud
        self._is_wanted = is_wanted
        self._clock = clock
        self._shown_at: dict[str, float] = {}

    def show(self, notice: Notice) -> None:
        now = self._clock()
        if not notice.was_asked_for:
            last = self._shown_at.get(notice.kind)
            if not self._is_wanted() or (last is not None and now - last < _PAUSE_S):
                return
            self._shown_at[notice.kind] = now
        self._loud.show(notice)

    async def close(self) -> None:
        await self._loud.close()
