"""Start at login on Linux desktops: a desktop entry in the user's autostart folder (XDG Autostart 0.5).

Desktops switch an entry off by a key in it, so a file that is there need not mean that we are started.  ``TryExec``
makes it inert when the program has been removed: the removal of a package never touches what lies in homes.
"""

import os
from collections.abc import Sequence
from pathlib import Path

_NAME = "llamaswap-desktop.desktop"
_ENTRY = """[Desktop Entry]
Type=Application
Name=llama-swap Desktop
Comment=One local address for all your AI models
TryExec={program}
Exec={command}
Icon=llamaswap-desktop
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
"""


class XdgAutostart:
    """The entry in ``folder`` that runs ``command``."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self._path = folder / _NAME
        self._command = command

    def is_on(self) -> bool | None:
        try:
            keys = _keys_of(self._path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return False
        if (program := keys.get("TryExec")) and not os.access(program.replace("\\\\", "\\"), os.X_OK):
            return False
        return keys.get("Hidden", "").lower() != "true" and keys.get("X-GNOME-Autostart-enabled", "").lower() != "false"

    def turn(self, is_on: bool) -> None:
        if not is_on:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        program = self._command[0].replace("\\", "\\\\")
        entry = _ENTRY.format(program=program, command=" ".join(map(_quoted, self._command)))
        new.write_text(entry, encoding="utf-8")
        new.replace(self._path)


def _keys_of(text: str) -> dict[str, str]:
    """Return the keys of the entry's main group."""
    keys: dict[str, str] = {}
    is_main = False
    for line in text.splitlines():
        if line.startswith("["):
            is_main = line.strip() == "[Desktop Entry]"
        elif is_main and "=" in line:
            key, _, value = line.partition("=")
            keys[key.strip()] = value.strip()
    return keys


def _quoted(word: str) -> str:
    """Quote as the Desktop Entry specification wants it: first the argument, then the string that holds it."""
    if word and not set(word) & set(" \t\n\"'\\><~|&;$*?#()`%"):
        return word
    escaped = "".join(f"\\{character}" if character in '"`$\\' else character for character in word)
    return f'"{escaped}"'.replace("\\", "\\\\").replace("%", "%%")
