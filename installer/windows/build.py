"""Makes the Windows installer from a finished bundle: ``python -m installer.windows.build``.

Reads ``dist/llamaswap-desktop`` and writes into ``dist``; needs NSIS, which runs on Linux too.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from installer import about, contents, icons

SCRIPT = Path(__file__).with_name("installer.nsi")
_USUAL_PLACE = Path(os.environ.get("PROGRAMFILES(X86)", "")) / "NSIS" / "makensis.exe"


def build_installer(payload: Path, out: Path, version: str, icon: Path) -> Path:
    """Pack the folder ``payload`` into an installer; warnings of the compiler are errors."""
    target = out / f"{contents.CONSOLE_NAME}-{version}-windows-x86_64-setup.exe"
    numbers = ".".join(map(str, about.numbers(version)))
    given = {"VERSION": version, "NUMBERS": numbers, "PAYLOAD": payload, "ICON": icon, "OUT": target}
    words = [f"-D{name}={value}" for name, value in given.items()]
    subprocess.run([_makensis(), "-V2", "-WX", *words, str(SCRIPT)], check=True)
    return target


def build_portable(payload: Path, out: Path, version: str) -> Path:
    """Pack the folder with the marker that makes it keep everything beside the executable."""
    name = f"{contents.CONSOLE_NAME}-{version}-windows-x86_64-portable"
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / name
        shutil.copytree(payload, copy)
        (copy / "portable.ini").write_text("; This file makes the program keep everything in 'data' beside it.\n")
        return Path(shutil.make_archive(str(out / name), "zip", place, name))


def _makensis() -> str:
    return shutil.which("makensis") or str(_USUAL_PLACE)


def main() -> int:
    """Make the installer and the portable archive."""
    dist = contents.ROOT / "dist"
    bundle = dist / contents.CONSOLE_NAME
    work = contents.ROOT / "build" / "windows"
    work.mkdir(parents=True, exist_ok=True)
    icon = Path(icons.write_ico(str(work)))
    for path in (build_installer(bundle, dist, about.version(), icon), build_portable(bundle, dist, about.version())):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
