"""Builds everything that a release has for this system: ``python -m installer.release``; the results lie in ``dist``.

With a tag's name as its word (``v1.2.3``) it refuses to build anything but that version, from a tree without changes.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from installer import about, contents

_DIST = contents.ROOT / "dist"


def check_tag(tag: str) -> None:
    """Refuse, with a message, to release something other than what the tag says."""
    if tag.removeprefix("v") != about.version():
        sys.exit(f"the tag is {tag} and the program says {about.version()}: change __version__, or the tag")
    if about.build_facts()["commit"].endswith("+"):
        sys.exit("the tree has changes that are in no commit: a release is built from commits only")


def write_checksums(folder: Path) -> Path:
    """Write ``SHA256SUMS-<system>`` for every file in ``folder``, as ``sha256sum --check`` reads it."""
    target = folder / f"SHA256SUMS-{sys.platform}"
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("SHA256SUMS"))
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    target.write_bytes("".join(lines).encode())
    return target


def main() -> int:
    """Build the bundle, its packages, the list of parts and the checksums."""
    if sys.argv[1:]:
        check_tag(sys.argv[1])
    shutil.rmtree(_DIST, ignore_errors=True)
    packager = "installer.windows.build" if sys.platform == "win32" else "installer.linux.build"
    for words in (("PyInstaller", "--noconfirm", "--log-level", "WARN", "build.spec"), (packager,)):
        subprocess.run([sys.executable, "-m", *words], cwd=contents.ROOT, check=True)
    bundle = _DIST / contents.CONSOLE_NAME
    listed = _DIST / f"{contents.CONSOLE_NAME}-{about.version()}-{sys.platform}.spdx.json"
    shutil.copyfile(bundle / "_internal" / "licences" / "parts.spdx.json", listed)
    sys.stdout.write(write_checksums(_DIST).read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
