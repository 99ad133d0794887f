"""From a command text to what the system is asked to run (configuration specification, section 7.3)."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llamaswap_desktop.config import Platform, fill_in_pid, split_command

OWN_NAME = "llamaswap-desktop"
"""As the first word of a command: this very program, whatever ``PATH`` holds."""

_PLATFORM = Platform.WINDOWS if sys.platform == "win32" else Platform.POSIX


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The program's absolute path, and its arguments with the program as the user wrote it in first place."""

    program: str
    arguments: tuple[str, ...]


class BadCommand(Exception):
    """The text cannot be run; says why and what to do."""


def parse_command(text: str, environment: Mapping[str, str]) -> CommandLine:
    """Split ``text`` by this platform's rules and find its program; raises ``BadCommand``."""
    words = split_command(text, _PLATFORM)
    if not words:
        raise BadCommand("the command is empty: say in 'cmd' which server to start")
    if words[0] == OWN_NAME:
        words[:1] = own_command()
    return CommandLine(_find(words[0], environment), tuple(words))


def parse_stop_command(text: str, pid: int, environment: Mapping[str, str]) -> CommandLine:
    """As ``parse_command`` for ``cmdStop``, with the child's process id in place of ``${PID}``."""
    return parse_command(fill_in_pid(text, pid), environment)


def own_command() -> list[str]:
    """Return the words that start this program.

    Of the two executables of a build that is the one with a console, whichever of them is running: on Windows only
    that one can say something, or press Ctrl-C for somebody else.
    """
    if getattr(sys, "frozen", False):
        running = Path(sys.executable)
        return [str(running.with_name(OWN_NAME + running.suffix))]
    return [sys.executable, "-m", "llamaswap_desktop"]


def _find(program: str, environment: Mapping[str, str]) -> str:
    found = shutil.which(program, path=environment.get("PATH"))
    if found is not None:
        return str(Path(found).absolute())
    path = Path(program)
    if path.name == program:
        raise BadCommand(f"{program!r} is nowhere in PATH: install it, or give its full path")
    if path.is_dir():
        raise BadCommand(f"{program!r} is a folder, not a program")
    if path.exists():
        raise BadCommand(f"{program!r} may not be executed: check its permissions")
    raise BadCommand(f"there is no {program!r}: check the path")
