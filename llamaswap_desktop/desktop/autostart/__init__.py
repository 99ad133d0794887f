"""Start at login: the system's own switch, read each time it is asked for, and never set without a click."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from llamaswap_desktop.desktop.autostart.null import NoAutostart


class Autostart(Protocol):
    """Whether the system starts this program when the user logs in."""

    def is_on(self) -> bool | None:
        """Return the system's word; None where it cannot be asked."""

    def turn(self, is_on: bool) -> None:
        """Have it so.  Raises ``OSError``."""


def build_autostart(environment: Mapping[str, str]) -> Autostart:
    """Return this system's switch for this very program."""
    command = own_command()
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - on Windows only

        from llamaswap_desktop.desktop.autostart.windows import RunKeyAutostart  # noqa: PLC0415

        return RunKeyAutostart(command, winreg)
    if sys.platform == "linux":
        from llamaswap_desktop.desktop.autostart.linux import XdgAutostart  # noqa: PLC0415

        config = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
        return XdgAutostart(Path(config) / "autostart", command)
    return NoAutostart()


def own_command() -> Sequence[str]:
    """Return the words that start this program at login, the first an absolute path."""
    script = Path(sys.argv[0])
    if getattr(sys, "frozen", False):
        return _windowed(Path(sys.executable)), "--autostart"
    if script.stem == "llamaswap-desktop" and script.is_file() and os.access(script, os.X_OK):
        return str(script.resolve()), "--autostart"
    return sys.executable, "-m", "llamaswap_desktop", "--autostart"


def _windowed(executable: Path) -> str:
    """Prefer the program without a console window, where there are two."""
    windowed = executable.with_name(f"llamaswap-desktop-tray{executable.suffix}")
    return str(windowed if windowed.exists() else executable)


__all__ = ["Autostart", "NoAutostart", "build_autostart", "own_command"]
