"""Opens pages, files and folders in the programs that the user has chosen for them, in the user's environment."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

_OPENERS = (("xdg-open",), ("gio", "open"), ("sensible-browser",), ("x-www-browser",))
"""The first that there is; the last two are Debian's."""


def open_url(url: str, environment: Mapping[str, str]) -> None:
    """Show ``url``; ``environment`` is the user's own, without what a bundle added to it.  Raises ``OSError``."""
    _open(url, environment)


def open_path(path: Path, environment: Mapping[str, str]) -> None:
    """Show a file or a folder.  Raises ``OSError``, also when there is no such path."""
    path.stat()
    try:
        _open(str(path), environment)
    except OSError:
        if sys.platform != "win32" or path.is_dir():
            raise
        subprocess.Popen(["notepad.exe", str(path)])  # noqa: S607 - no program is registered for such files


def _open(target: str, environment: Mapping[str, str]) -> None:
    if sys.platform == "win32":
        os.startfile(target)  # noqa: S606 - an address or a path of our own
        return
    for opener, *words in _OPENERS:
        if path := shutil.which(opener, path=environment.get("PATH")):
            opened = subprocess.Popen(
                [path, *words, target],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            # It may become the browser itself and live for days; somebody has to take note of its end.
            threading.Thread(target=opened.wait, name="opened program", daemon=True).start()
            return
    raise OSError(f"none of {', '.join(opener for opener, *_ in _OPENERS)} is installed")
