"""The main thread's half of the program with a tray: shows what the core says, does what is this desktop's business."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from llamaswap_desktop.build import origin_of, read_build
from llamaswap_desktop.commands import Quit, ReloadConfig
from llamaswap_desktop.config import Sources, load_config
from llamaswap_desktop.core_thread import CoreThread
from llamaswap_desktop.desktop import Autostart, Paths, can_copy, copy_text, licences_folder, open_path, open_url
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.logs import APP_FILE, model_file_name
from llamaswap_desktop.notices import config_checked, diagnostics_collected, no_panel, trouble
from llamaswap_desktop.settings import Settings, SettingsFile, WaitingRequests, placed
from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tray import (
    Action,
    CopyText,
    Local,
    OpenFolder,
    OpenPage,
    ShowLog,
    Surroundings,
    Switch,
    Together,
    Tray,
    Turn,
    View,
    Wishes,
)

UNEXPECTED = "unexpected"
"""Source of the report that something went wrong inside."""

_log = logging.getLogger("llamaswap_desktop")


class Desk:
    """Stands between tray and core; ``act`` and what the core's thread calls may come from either thread."""

    def __init__(
        self, core: CoreThread, paths: Paths, sources: Sources, autostart: Autostart, environment: Mapping[str, str]
    ) -> None:
        self.core = core
        self._paths = paths
        self._sources = sources
        self._autostart = autostart
        self._environment = environment
        self._build = read_build()
        self._licences = licences_folder()
        self._tray: Tray | None = None
        self._latest = Snapshot()
        self._can_copy = can_copy(environment)
        self._settings = Settings()
        self._starts_at_login: bool | None = False
        self._pause_end = ""
        self.message_clicked: Callable[[], None] = lambda: None
        self._signals_seen = 0

    @property
    def wishes(self) -> Wishes:
        """Where a tray takes what it is asked."""
        return Wishes(self.act, self.core.end_session, self.core.prepare_for_sleep)

    def run(self, tray: Tray) -> int:
        """Run core and tray until the core has ended; return its exit status."""
        self._tray = tray
        self._look_around()
        self._handle_signals()
        try:
            self.core.start(self.show, ended=tray.stop)
            try:
                tray.run()
            except Exception:  # noqa: BLE001 - a desktop's libraries fail in their own ways; we serve all the same
                _log.exception("the tray failed; going on without it")
            return self.core.join()
        except BaseException:  # whatever ends this thread ends the models too, and before what they live on is closed
            self.core.end_session()
            raise

    # -- what is shown

    def show(self, snapshot: Snapshot) -> None:
        """Show a newer picture."""
        self._latest = snapshot
        self._pause_end = _pause_end(snapshot)
        self._draw()

    def settings_changed(self, settings: Settings) -> None:
        """Show other settings."""
        self._settings = settings
        self._draw()

    def _look_around(self) -> None:
        self._starts_at_login = self._autostart.is_on()
        self._draw()

    def _draw(self) -> None:
        if self._tray is not None:
            self._tray.show(View(self._latest, self._around()))

    def _around(self) -> Surroundings:
        settings = self._settings
        return Surroundings(
            version=self._build.version,
            build=origin_of(self._build),
            has_licences=self._licences is not None,
            can_copy=self._can_copy,
            starts_at_login=self._starts_at_login,
            notifies=settings.notifications,
            shares_on_lan=settings.share_on_lan,
            pause_end=self._pause_end,
            pause_holds=settings.pause.requests is WaitingRequests.HOLD,
            model_folders=settings.folders.models,
        )

    def tell(self, title: str, text: str) -> bool:
        """Show a message beside the icon, where trays have such messages."""
        return self._tray is not None and self._tray.tell(title, text)

    # -- what is asked for

    def act(self, action: Action) -> None:
        """Do what a click asks for, or have the core do it."""
        match action:
            case Local():
                self._act_here(action)
            case CopyText(text):
                self._copy(text)
            case ShowLog(model):
                if model is None:
                    self.core.report(UNEXPECTED, "")  # whoever looks knows now
                self._open(self._paths.log_dir / (APP_FILE if model is None else model_file_name(model)))
            case OpenFolder(folder):
                self._open(placed(folder))
            case OpenPage(url):
                self._open_page(url)
            case Turn(switch, is_on):
                self._turn(switch, is_on)
            case Together(commands):
                for command in commands:
                    self.core.post(command)
            case _:
                self.core.post(action)

    def _act_here(self, wish: Local) -> None:
        match wish:
            case Local.OPEN_DASHBOARD:
                self._open_dashboard()
            case Local.OPEN_LOG_FOLDER:
                self._open(self._paths.log_dir)
            case Local.EDIT_CONFIG:
                self._open(self._config_path())
            case Local.OPEN_CONFIG_FOLDER:
                self._open(path if (path := self._config_path()).is_dir() else path.parent)
            case Local.CHECK_CONFIG:
                self._aside("check the configuration", self._check_config)
            case Local.EDIT_SETTINGS:
                self._edit_settings()
            case Local.SHOW_LICENCES:
                self._show_licences()
            case Local.COLLECT_DIAGNOSTICS:
                self._aside("collect diagnostics", self._collect_diagnostics)
            case Local.TRY_AGAIN:
                self.core.try_again()
            case Local.END_UNLESS_SERVING:
                self.core.end_unless_serving()
            case Local.NO_PANEL:
                self._say_once_that_there_is_no_panel()
                self.core.end_unless_serving()
            case Local.MESSAGE_CLICKED:
                self.message_clicked()
            case Local.LOOK_AROUND:
                self._look_around()

    def _say_once_that_there_is_no_panel(self) -> None:
        said = self._paths.state_dir / "said-that-there-is-no-panel"
        if self._latest.address and not said.exists():
            self.core.notify(no_panel(self._latest.address, self.act))
            with contextlib.suppress(OSError):
                said.touch()

    def _open_dashboard(self) -> None:
        if self._latest.address:
            self._open_page(f"{self._latest.address}/ui/")

    def _open_page(self, url: str) -> None:
        try:
            open_url(url, self._environment)
        except OSError as error:
            self._fail("A browser could not be opened", f"{error}; the page is {url}")

    def _copy(self, text: str) -> None:
        try:
            copy_text(text, self._environment)
        except OSError as error:
            self._fail("Nothing was copied", f"{error}; the dashboard shows the address")

    def _open(self, path: Path) -> None:
        try:
            open_path(path, self._environment)
        except FileNotFoundError:
            self._fail("There is nothing to show yet", f"{path} has not been written so far")
        except OSError as error:
            self._fail("That could not be opened", f"{error}; it is {path}")

    def _config_path(self) -> Path:
        return self._sources.file or self._sources.directory or self._paths.config_file

    def _show_licences(self) -> None:
        if self._licences is not None:
            self._open(self._licences)

    def _edit_settings(self) -> None:
        if not self._paths.settings_file.exists():
            self.core.write_settings()  # so that there is something to edit
        self._open(self._paths.settings_file)

    def _turn(self, switch: Switch, is_on: bool) -> None:
        match switch:
            case Switch.START_AT_LOGIN:
                try:
                    self._autostart.turn(is_on)
                except OSError as error:
                    self._fail("Start at login could not be changed", str(error))
                self._look_around()
            case Switch.NOTIFICATIONS:
                self.core.change_settings({"notifications": is_on})
            case Switch.SHARE_ON_LAN:
                self.core.change_settings({"shareOnLan": is_on})

    def _check_config(self) -> None:
        try:
            config = load_config(self._sources, environment=os.environ)
        except ConfigError as error:
            self.core.notify(config_checked(error, 0, (), self.act))
        else:
            self.core.notify(config_checked(None, len(config.models), tuple(config.warnings), self.act))

    def _collect_diagnostics(self) -> None:
        # Zip archives and package metadata: seldom wanted, and 11 ms of every start.
        from llamaswap_desktop.archive import archive_name  # noqa: PLC0415
        from llamaswap_desktop.diagnose import collect_diagnostics  # noqa: PLC0415

        now = datetime.now().astimezone()
        file = self._paths.log_dir / archive_name(now)
        try:
            collect_diagnostics(file, self._paths, SettingsFile(self._paths.settings_file), self._sources, now)
        except OSError as error:
            self._fail("Diagnostics could not be written", str(error))
        else:
            self.core.notify(diagnostics_collected(file, self.act))

    def _aside(self, name: str, work: Callable[[], None]) -> None:
        """Do something that takes a while on a thread of its own: a menu never waits."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def _fail(self, title: str, text: str) -> None:
        _log.warning("%s: %s", title, text)
        self.core.notify(trouble(title, text))

    # -- signals

    def _handle_signals(self) -> None:
        """Python calls these on this thread; the tray's loop is interrupted for them."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        if sys.platform == "win32":
            signal.signal(signal.SIGBREAK, self._on_signal)
        else:
            signal.signal(signal.SIGHUP, lambda *_: self.core.post(ReloadConfig()))

    def _on_signal(self, *_: object) -> None:
        """Once: end in order.  Twice: end now.  Three times: the core hears nothing any more, so end without it."""
        self._signals_seen += 1
        if self._signals_seen > 2:
            os._exit(130)  # the guard ends the models
        self.core.post(Quit())


def _pause_end(snapshot: Snapshot) -> str:
    """Return the time of day at which the pause ends by itself."""
    if snapshot.paused is None or snapshot.paused.left_s is None:
        return ""
    return time.strftime("%H:%M", time.localtime(time.time() + snapshot.paused.left_s + 30))
