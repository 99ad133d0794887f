"""What accompanies the core on its own thread while it serves a desktop: settings, messages, memory of group switches.

Everything here lives on the core's loop; what a message's button asks for goes back to the desk.
"""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from llamaswap_desktop.app import App
from llamaswap_desktop.config import Sources, Watcher
from llamaswap_desktop.desktop import Notifier, Offer
from llamaswap_desktop.errors import ConfigError, ListenFailed, LlamaSwapError
from llamaswap_desktop.group_switches import GroupSwitches
from llamaswap_desktop.notices import Act, Notices, shared_on_lan, start_failed, trouble, update_found
from llamaswap_desktop.pausing import PauseWatch
from llamaswap_desktop.settings import Settings, SettingsFile, SettingsRefused
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.updates import UpdateWatch

if TYPE_CHECKING:
    from llamaswap_desktop.desktop.logind import Logind

_log = logging.getLogger("llamaswap_desktop")

_SESSION_END_BUDGET_S = 4.0
"""logind waits five seconds, if it does."""

_PORTS_TRIED = 50

BuildCompanions = Callable[[], "Companions"]
"""Builds them, on the core's loop."""


class Companions:
    """``changed`` is told of the settings, ``act`` of what buttons of messages ask for.

    ``has_own_port`` is whether the command line has named the port that stays.
    """

    def __init__(
        self,
        settings: SettingsFile,
        notifier: Notifier,
        *,
        has_own_port: bool,
        act: Act = lambda _action: None,
        changed: Callable[[Settings], None] = lambda _settings: None,
    ) -> None:
        self.notifier = notifier
        self._settings = settings
        self._act = act
        self._changed = changed
        self._has_own_port = has_own_port
        self._app: App | None = None
        self._notices: Notices | None = None
        self._held = settings.now
        settings.watch(self._on_settings)
        changed(settings.now)

    @contextlib.asynccontextmanager
    async def attend(self, app: App) -> AsyncIterator[None]:
        """Accompany ``app``, from before it serves until it has ended."""
        self._app = app
        app.core.report("settings", self._settings.problem)
        self._notices = notices = Notices(app.core, self.notifier.show, self._act)
        groups = GroupSwitches(app.core, self._settings)
        pauses = PauseWatch(app.core, self._settings, others_on_gpus=app.others_on_gpus)
        pauses.start()
        updates = UpdateWatch(self._settings, lambda release: self.notifier.show(update_found(release, self._act)))
        updates.start()
        logind = self._listen_to_logind(app)
        edits = spawn("watch settings.yaml", Watcher(Sources(self._settings.path)).run(self._settings.read_again))
        try:
            yield
        finally:
            edits.cancel()
            await asyncio.wait({edits})
            if logind is not None:
                await logind.close()
            await updates.stop()
            await pauses.stop()
            groups.stop()
            notices.stop()
            self._app = self._notices = None

    def _listen_to_logind(self, app: App) -> "Logind | None":
        if sys.platform != "linux":
            return None
        from llamaswap_desktop.dbus import system_bus_address  # noqa: PLC0415 - on Linux only
        from llamaswap_desktop.desktop.logind import Logind  # noqa: PLC0415

        def shutting_down() -> None:
            app.quit(_SESSION_END_BUDGET_S)

        return Logind(system_bus_address(), before_sleep=self.before_sleep, shutting_down=shutting_down)

    async def close(self) -> None:
        """End."""
        await self.notifier.close()

    async def before_sleep(self) -> None:
        """Have the models leave, if the settings say so; the computer is about to sleep."""
        if self._app is not None and self._settings.now.unload_before_sleep:
            await self._app.core.unload()

    # -- what the desk wishes

    def change_settings(self, keys: Mapping[str, Any]) -> None:
        """Set these keys anew; a failure is told by a message."""
        try:
            self._settings.change(keys)
        except (SettingsRefused, OSError) as error:
            _log.warning("cannot change the settings: %s", error)
            self.notifier.show(trouble("The settings could not be changed", str(error)))

    def write_settings(self) -> None:
        """Have a file with all settings in it, for whoever wants to edit it."""
        try:
            self._settings.save()
        except OSError as error:
            self.notifier.show(trouble("The settings could not be written", str(error)))

    def memory_will_be_freed(self) -> None:
        """Know that somebody has asked for memory."""
        if self._notices is not None:
            self._notices.memory_will_be_freed()

    def start_failed(self, error: LlamaSwapError, try_again: Callable[[], None]) -> None:
        """Tell why the program cannot serve, and offer another port where one is taken."""
        port = None
        if isinstance(error, ListenFailed) and not self._has_own_port:
            port = next_free_port(*self._settings.now.served_at)
        other_port = None if port is None else Offer(f"Use port {port}", lambda: self._use_port(port, try_again))
        self.notifier.show(start_failed(error, try_again, other_port, self._act))

    def _use_port(self, port: int, then: Callable[[], None]) -> None:
        host, _ = self._settings.now.host_and_port
        self.change_settings({"listen": f"[{host}]:{port}" if ":" in host else f"{host}:{port}"})
        then()

    # -- following the settings

    def _on_settings(self, settings: Settings) -> None:
        before, self._held = self._held, settings
        self._changed(settings)
        if self._app is not None:
            self._app.core.report("settings", self._settings.problem)
            if _reach(settings) != _reach(before):
                spawn("follow the address in the settings", self._follow(self._app, before, settings))

    async def _follow(self, app: App, before: Settings, settings: Settings) -> None:
        """Serve where the settings say, or go back to what they said; no door is opened before its key is asked for."""
        try:
            await app.reload_now()
            host, port = settings.served_at
            await app.move(host, app.port if self._has_own_port else port)
        except ConfigError as error:
            self._go_back(before)
            self.notifier.show(trouble("Not changed: the configuration cannot be read", str(error.problems[0])))
        except LlamaSwapError as error:
            self._go_back(before)
            app.reload()  # the key is asked for no more
            self.notifier.show(trouble("The address could not be changed", str(error)))
        else:
            if settings.share_on_lan:
                self.notifier.show(shared_on_lan(f"port {app.port} of this computer", settings.api_key, self._act))

    def _go_back(self, before: Settings) -> None:
        """Have the settings say again what holds."""
        self._held = msgspec.structs.replace(self._held, listen=before.listen, share_on_lan=before.share_on_lan)
        self.change_settings({"listen": before.listen, "shareOnLan": before.share_on_lan})


def next_free_port(host: str, port: int) -> int | None:
    """Return the first port above ``port`` that nobody has, as far as one look can tell."""
    for candidate in range(port + 1, min(port + 1 + _PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe, contextlib.suppress(OSError):
            probe.bind((host, candidate))
            return candidate
    return None


def _reach(settings: Settings) -> tuple[str, bool, str]:
    return settings.listen, settings.share_on_lan, settings.api_key if settings.share_on_lan else ""
