"""The clipboard on Linux belongs to whoever last filled it, for as long as that program lives and answers.

That takes a window, which we have not got; small programs made for it have.  They stay behind, as they should: the
text is to outlive the click.
"""

import shutil
import subprocess
from collections.abc import Mapping

_FILLERS = {
    "WAYLAND_DISPLAY": (("wl-copy",),),
    "DISPLAY": (("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")),
}
"""By the variable that says that they have a display to talk to."""

_TIMEOUT_S = 2.0


def can_copy(environment: Mapping[str, str]) -> bool:
    """Whether ``copy_text`` has something to do it with."""
    return _filler(environment) is not None


def copy_text(text: str, environment: Mapping[str, str]) -> None:
    """Put ``text`` into the clipboard.  Raises ``OSError`` saying what went wrong."""
    command = _filler(environment)
    if command is None:
        raise OSError("none of wl-copy, xclip and xsel is installed")
    try:
        subprocess.run(
            command,
            input=text.encode(),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"{command[0]} failed: {error}") from error


def _filler(environment: Mapping[str, str]) -> list[str] | None:
    for variable, commands in _FILLERS.items():
        for name, *words in commands:
            if environment.get(variable) and (path := shutil.which(name, path=environment.get("PATH"))):
                return [path, *words]
    return None
