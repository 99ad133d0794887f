"""Pauses models while a listed program runs or a game is played, and resumes them when it is over.

The user's word stands above the rules: who resumes while the game goes on is not paused again by it, and a pause that
the user began is not ended by a rule.
"""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto

from llamaswap_desktop.commands import Command, PauseModels, ResumeModels
from llamaswap_desktop.core import Core
from llamaswap_desktop.desktop import GameSense, build_game_sense, first_running
from llamaswap_desktop.settings import Pause, SettingsFile, WaitingRequests
from llamaswap_desktop.tasks import spawn

_log = logging.getLogger("llamaswap_desktop")

_LOOK_INTERVAL_S = 5.0


class _Stand(Enum):
    """Whose the pause is that a rule could have begun."""

    NOBODY = auto()
    OURS = auto()
    OVERRULED = auto()
    """The user has resumed while the reason goes on."""


class PauseRule:
    """Decides, look by look; pure."""

    def __init__(self) -> None:
        self._stand = _Stand.NOBODY

    def decide(self, reason: str, *, is_paused: bool, holds: bool = False) -> Command | None:
        """Return what to do now; ``reason`` is what asks for a pause at this moment, empty for nothing."""
        if not reason:
            was_ours = self._stand is _Stand.OURS
            self._stand = _Stand.NOBODY
            return ResumeModels() if was_ours and is_paused else None
        if self._stand is _Stand.OURS and not is_paused:
            self._stand = _Stand.OVERRULED
        if self._stand is _Stand.NOBODY and not is_paused:
            self._stand = _Stand.OURS
            return PauseModels(None, holds=holds)
        return None


class PauseWatch:
    """Looks every few seconds for as long as the settings have a rule, and not at all otherwise."""

    def __init__(
        self,
        core: Core,
        settings: SettingsFile,
        *,
        find_program: Callable[[tuple[str, ...]], str] = first_running,
        build_sense: Callable[[], GameSense] = build_game_sense,
        interval_s: float = _LOOK_INTERVAL_S,
    ) -> None:
        self._core = core
        self._settings = settings
        self._find_program = find_program
        self._build_sense = build_sense
        self._interval_s = interval_s
        self._rule = PauseRule()
        self._task: asyncio.Task[object] | None = None
        self._unwatch = settings.watch(lambda _settings: self.start())

    def start(self) -> None:
        """Look from now on, if there is a rule.  Safe to repeat."""
        if self._task is None and _has_rules(self._settings.now.pause):
            self._task = spawn("watch for programs that want the GPU", self._watch())

    async def stop(self) -> None:
        """Look no more."""
        self._unwatch()
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _watch(self) -> None:
        sense = self._build_sense()
        try:
            while _has_rules(self._settings.now.pause):
                await self._look(sense)
                await asyncio.sleep(self._interval_s)
            self._obey("", self._settings.now.pause)
        finally:
            self._task = None
            await sense.close()

    async def _look(self, sense: GameSense) -> None:
        pause = self._settings.now.pause
        reason = await asyncio.to_thread(self._find_program, pause.programs) if pause.programs else ""
        if not reason and pause.games and await sense.is_on():
            reason = "a game"
        self._obey(reason, pause)

    def _obey(self, reason: str, pause: Pause) -> None:
        holds = pause.requests is WaitingRequests.HOLD
        command = self._rule.decide(reason, is_paused=self._core.snapshot().paused is not None, holds=holds)
        if command is not None:
            _log.info("models pause for %s" if reason else "what models paused for has ended%s", reason)
            self._core.execute(command)


def _has_rules(pause: Pause) -> bool:
    return bool(pause.programs) or pause.games
