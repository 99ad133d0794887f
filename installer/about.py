"""What a build says of itself: version, commit and date, and the block of facts that Windows shows."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from installer.contents import PACKAGE, TRAY_NAME, git

NAME = "llama-swap Desktop"

_VERSION_RESOURCE = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0x0, OS=0x40004, fileType=0x1,
                    subtype=0x0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable("040904B0", [
{strings}
    ])]),
    VarFileInfo([VarStruct("Translation", [1033, 1200])]),
  ],
)
"""


def version() -> str:
    """Return the program's version, as its ``__init__`` has it."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert found is not None, "the package has no __version__"
    return found[1]


def numbers(of: str) -> tuple[int, int, int, int]:
    """Return a version as Windows counts: a candidate has the numbers of the release that it is for."""
    major, minor, patch = (int(part) for part in re.findall(r"\d+", of)[:3])
    return major, minor, patch, 0


def built_at() -> datetime:
    """Return ``SOURCE_DATE_EPOCH``, as everywhere, or else the commit's date: two builds of one commit say the same."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git("show", "-s", "--format=%ct", "HEAD")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)


def build_facts() -> dict[str, str]:
    """Return the commit that is being built, and when.  A tree with changes that are in no commit has a ``+``."""
    changed = "+" if git("status", "--porcelain", "--untracked-files=no") else ""
    return {
        "commit": git("rev-parse", "--short=10", "HEAD") + changed,
        "build_date": built_at().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write_build(folder: str) -> str:
    """Write ``build.json``, which ``llamaswap_desktop/build.py`` reads; return its path."""
    path = Path(folder) / "build.json"
    path.write_text(json.dumps(build_facts()) + "\n", encoding="utf-8")
    return str(path)


def version_resource(executable: str) -> str:
    """Return the version block of an executable, as PyInstaller wants it written.

    ``FileDescription`` is the name that Windows shows in notifications, in Task Manager and in the firewall's dialog.
    """
    description = NAME if executable == TRAY_NAME else f"{NAME} (command line)"
    strings = {
        "CompanyName": NAME,
        "FileDescription": description,
        "FileVersion": version(),
        "InternalName": executable,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{executable}.exe",
        "ProductName": NAME,
        "ProductVersion": version(),
    }
    lines = ",\n".join(f'      StringStruct("{name}", "{value}")' for name, value in strings.items())
    return _VERSION_RESOURCE.format(numbers=numbers(version()), strings=lines)


def write_version_resource(folder: str, executable: str) -> str:
    """Write the version block of ``executable`` into a file of its own; return its path."""
    path = Path(folder) / f"{executable}.version.txt"
    path.write_text(version_resource(executable), encoding="utf-8")
    return str(path)
