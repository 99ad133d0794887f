"""The start with a tray: the tray on the main thread, the core on its own; one of them per user and session."""

import sys
from typing import TYPE_CHECKING

from llamaswap_desktop.companions import Companions
from llamaswap_desktop.config import Sources
from llamaswap_desktop.core_thread import CoreThread
from llamaswap_desktop.desk import UNEXPECTED, Desk
from llamaswap_desktop.desktop import (
    BalloonNotifier,
    NoAutostart,
    Notifier,
    QuietNotifier,
    build_autostart,
    take_lock,
    user_paths,
)
from llamaswap_desktop.notices import crashed, unexpected_error
from llamaswap_desktop.process import user_environment
from llamaswap_desktop.program import Program, started_program
from llamaswap_desktop.second_start import bring_up_the_first
from llamaswap_desktop.tray import app_picture, build_tray

if TYPE_CHECKING:
    from llamaswap_desktop.cli import ServeOptions


def run_desktop(options: "ServeOptions") -> int:
    """Serve with a tray, or without one where there can be none; return the exit status.

    If another tray of this user runs already, that one's dashboard is brought up instead.  Raises ``ConfigError`` and
    ``ListenFailed`` only where there is no tray to show them.
    """
    paths = user_paths()
    unlock = take_lock(paths.lock_name, paths.state_dir)
    if unlock is None:
        return bring_up_the_first(paths, is_autostart=options.is_autostart)
    try:
        with started_program(keeps_files=True) as program:
            return _run(options, program)
    finally:
        unlock()


def _run(options: "ServeOptions", program: Program) -> int:
    def build_companions() -> Companions:
        notifier = QuietNotifier(build_notifier(), is_wanted=lambda: program.settings.now.notifications)
        if program.has_crashed:
            notifier.show(crashed(desk.act))
        return Companions(
            program.settings,
            notifier,
            act=desk.act,
            changed=desk.settings_changed,
            has_own_port=options.listen is not None,
        )

    def build_notifier() -> Notifier:
        if sys.platform == "linux":
            from llamaswap_desktop.dbus import session_bus_address  # noqa: PLC0415 - on Linux only
            from llamaswap_desktop.desktop.notify.linux import FreedesktopNotifier  # noqa: PLC0415

            return FreedesktopNotifier(session_bus_address(), app_picture(48))
        balloons = BalloonNotifier(desk.tell)
        desk.message_clicked = balloons.clicked
        return balloons

    environment = user_environment()
    sources = options.sources or Sources(file=program.paths.config_file)
    core = CoreThread(options, program, build_companions)
    autostart = NoAutostart() if program.paths.is_portable else build_autostart(environment)
    desk = Desk(core, program.paths, sources, autostart, environment)

    def tell_unexpected(what: str) -> None:
        core.report(UNEXPECTED, f"something went wrong inside: {what}; the log has details")
        core.notify(unexpected_error(what, desk.act))

    program.unexpected.tell = tell_unexpected
    tray = build_tray(desk.wishes)
    if tray is None:
        return program.serve(options)
    return desk.run(tray)
