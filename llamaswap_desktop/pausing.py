"""Pauses models while something else wants the GPU (a listed program, a game, a full screen, heavy use), no longer.

The user's word stands above the rules: who resumes while the game goes on is not paused again by it, and a pause that
the user began is not ended by a rule.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from llamaswap_desktop.commands import Command, PauseModels, ResumeModels
from llamaswap_desktop.core import Core
from llamaswap_desktop.desktop import Sense, build_full_screen_sense, build_game_sense, first_running
from llamaswap_desktop.gpu_use import GpuRule, GpuUse
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
            return PauseModels(None, holds, reason)
        return None


class PauseWatch:
    """Looks every few seconds for as long as the settings have a rule, and not at all otherwise.

    ``others_on_gpus`` tells what other programs use of each GPU; it is asked only where the settings set a limit.
    """

    def __init__(
        self,
        core: Core,
        settings: SettingsFile,
        *,
        others_on_gpus: Callable[[], Iterable[GpuUse]],
        find_program: Callable[[tuple[str, ...]], str] = first_running,
        build_game_sense: Callable[[], Sense] = build_game_sense,
        build_full_screen_sense: Callable[[], Sense] = build_full_screen_sense,
        now: Callable[[], float] = time.monotonic,
        interval_s: float = _LOOK_INTERVAL_S,
    ) -> None:
        self._core = core
        self._settings = settings
        self._others_on_gpus = others_on_gpus
        self._find_program = find_program
        self._build_game_sense = build_game_sense
        self._build_full_screen_sense = build_full_screen_sense
        self._now = now
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
        look = _Look(self._build_game_sense(), self._build_full_screen_sense(), GpuRule())
        try:
            while _has_rules(self._settings.now.pause):
                pause = self._settings.now.pause
                self._obey(await self._reason(pause, look), pause)
                await asyncio.sleep(self._interval_s)
            self._obey("", self._settings.now.pause)
        finally:
            self._task = None
            await look.games.close()
            await look.full_screen.close()

    async def _reason(self, pause: Pause, look: "_Look") -> str:
        """Return what wants the GPU now, in the words of the menu; empty for nothing."""
        limits = {"percent": pause.gpu_percent, "memory_mib": pause.gpu_memory_mib}
        uses = self._others_on_gpus() if any(limits.values()) else ()
        is_gpu_wanted = look.gpus.is_wanted(uses, self._now(), **limits)  # at each look: it knows what has lasted
        if pause.programs and (program := await asyncio.to_thread(self._find_program, pause.programs)):
            return program
        if pause.games and await look.games.is_on():
            return "a game"
        if pause.full_screen and await look.full_screen.is_on():
            return "a program in full screen"
        return "another program on the GPU" if is_gpu_wanted else ""

    def _obey(self, reason: str, pause: Pause) -> None:
        holds = pause.requests is WaitingRequests.HOLD
        command = self._rule.decide(reason, is_paused=self._core.snapshot().paused is not None, holds=holds)
        if command is not None:
            _log.info("models pause for %s" if reason else "what models paused for has ended%s", reason)
            self._core.execute(command)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is looked with."""

    games: Sense
    full_screen: Sense
    gpus: GpuRule


def _has_rules(pause: Pause) -> bool:
    return bool(pause.programs) or pause.games or pause.full_screen or pause.gpu_percent > 0 or pause.gpu_memory_mib > 0
