"""Wine, where it is: what plays Windows here."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.needs import need

COMPILER = ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32")
_DEBIANS = Path("/usr/lib/wine/wine64")


def wine() -> str:
    """Return the program that runs Windows programs, or do without the test."""
    return shutil.which("wine64") or (str(_DEBIANS) if _DEBIANS.exists() else need("wine64", "wine64"))


def environment(home: Path) -> dict[str, str]:
    """A Wine of the test's own, below ``home``."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    return {**kept, "HOME": str(home), "USER": "Emma Söhne", "WINEPREFIX": str(home / "wine"), "WINEDEBUG": "-all",
            "LC_ALL": "C.UTF-8", "WINEDLLOVERRIDES": "mscoree,mshtml="}  # fmt: skip


def end(home: Path) -> None:
    """End everything that runs there."""
    server = shutil.which("wineserver64", path="/usr/lib/wine") or shutil.which("wineserver", path="/usr/lib/wine")
    subprocess.run([server or "wineserver", "-k"], env=environment(home), check=False)
