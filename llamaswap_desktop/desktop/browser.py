"""Opens pages in the user's browser, in the user's environment."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping

_OPENERS = (("xdg-open",), ("gio", "open"), ("sensible-browser",), ("x-www-browser",))
"""The first that there is; the last two are Debian's."""


def open_url(url: str, environment: Mapping[str, str]) -> None:
    """Show ``url``; ``environment`` is the user's own, without what a bundle added to it.  Raises ``OSError``."""
    if sys.platform == "win32":
        os.startfile(url)  # noqa: S606 - an address of our own
        return
    for opener, *words in _OPENERS:
        if path := shutil.which(opener, path=environment.get("PATH")):
            opened = subprocess.Popen(
                [path, *words, url],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            # It may become the browser itself and live for days; somebody has to take note of its end.
            threading.Thread(target=opened.wait, name="browser", daemon=True).start()
            return
    raise OSError(f"none of {', '.join(opener for opener, *_ in _OPENERS)} is installed")
