"""Whether the desktop session that the program was started in is still there."""

import socket
from collections.abc import Mapping
from pathlib import Path

_LOOK_TIMEOUT_S = 1.0


def has_display_gone(environment: Mapping[str, str]) -> bool:
    """Whether a display was there at the start (these variables name it) and nobody answers for it any more.

    A display on another computer is taken to be there: whether the network is up says nothing about the session.
    """
    sockets = list(_sockets(environment))
    return bool(sockets) and not any(_answers(address) for address in sockets)


def _sockets(environment: Mapping[str, str]) -> list[str]:
    found = []
    if wayland := environment.get("WAYLAND_DISPLAY"):
        found.append(str(Path(environment.get("XDG_RUNTIME_DIR", "/")) / wayland))
    display = environment.get("DISPLAY", "")
    if display.startswith(":"):
        number = display[1:].partition(".")[0]
        found += [f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"]  # noqa: S108 - where X servers listen
    return found


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:  # type: ignore[attr-defined, unused-ignore] # not on Windows
        probe.settimeout(_LOOK_TIMEOUT_S)
        try:
            probe.connect(address)
        except OSError:
            return False
        return True
