"""Makes the Linux packages from a finished bundle: ``python -m installer.linux.build [deb] [rpm] [tar]``.

Reads ``dist/llamaswap-desktop`` and writes into ``dist``.  What is in the packages is laid out once, below a prefix
with ``bin``, ``lib`` and ``share``; the tarball is that tree with ``install.sh``, which puts it where it is wanted.
"""

import gzip
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from installer import about, contents, icons
from llamaswap_desktop.client import VERBS
from llamaswap_desktop.client.completion import script_for

HERE = Path(__file__).resolve().parent
ID = contents.CONSOLE_NAME
_TEXTS = {
    "applications/llamaswap-desktop.desktop": "llamaswap-desktop.desktop",
    "systemd/user/llamaswap-desktop.service": "llamaswap-desktop.service",
}
"""Place below ``share``, and the file here that it is made from; ``@BIN@`` in it is where the programs are."""

ALWAYS_THERE = ("applications", "doc", "icons", "man", "man/man1")
"""Folders below ``share`` that every system has, and no package but the system's own removes."""

_SCRIPTS = ("install.sh", "stop-running.sh")

_GLIBC = re.compile(rb"\0GLIBC_2\.(\d+)(?=\0)")
_DESCRIPTION = """One local address for all your AI models
Every program talks to one OpenAI- or Anthropic-compatible address, and the model that it asks for is started, swapped
in, and unloaded again when nobody needs it.  With an icon in the tray and a dashboard in the browser."""
"""The first line is what lists of packages show: 80 characters at most."""


def lay_out(bundle: Path, prefix: Path, version: str) -> None:
    """Put everything that gets installed below ``prefix``, which is emptied first."""
    shutil.rmtree(prefix, ignore_errors=True)
    shutil.copytree(bundle, prefix / "lib" / ID, symlinks=True)
    (prefix / "bin").mkdir()
    for name in (contents.CONSOLE_NAME, contents.TRAY_NAME):
        (prefix / "bin" / name).symlink_to(f"../lib/{ID}/{name}")
    share = prefix / "share"
    for place, source in _TEXTS.items():
        _write(share / place, (HERE / source).read_bytes())
    for size_px in icons.HICOLOR_SIZES_PX:
        _write(share / f"icons/hicolor/{size_px}x{size_px}/apps/{ID}.png", icons.picture(size_px).read_bytes())
    _write(share / f"icons/hicolor/scalable/apps/{ID}.svg", (contents.ROOT / "assets/icons/app.svg").read_bytes())
    _write(share / f"man/man1/{ID}.1.gz", gzip.compress(manual(version).encode(), mtime=0))
    (share / f"man/man1/{contents.TRAY_NAME}.1.gz").symlink_to(f"{ID}.1.gz")
    _write(share / f"bash-completion/completions/{ID}", script_for("bash", VERBS).encode())
    _write(share / f"zsh/site-functions/_{ID}", script_for("zsh", VERBS).encode())
    _write(share / f"fish/vendor_completions.d/{ID}.fish", script_for("fish", VERBS).encode())
    _write(share / f"doc/{ID}/copyright", _copyright().encode())


def manual(version: str) -> str:
    """Return the manual page, with a line for each verb of the command line."""
    text = (HERE / f"{ID}.1").read_text(encoding="utf-8").replace("@VERSION@", version)
    verbs = "\n".join(f".TP\n.B {name}\n{verb.about}" for name, verb in VERBS.items())
    return text.replace("@VERBS@", verbs.replace("'", "\\(aq"))


def glibc_needed(folder: Path) -> str:
    """Return the oldest glibc that everything in ``folder`` runs with, such as ``2.35``."""
    libraries = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    minors = (int(minor) for path in libraries for minor in _GLIBC.findall(path.read_bytes()))
    return f"2.{max(minors)}"


def nfpm_config(root: Path, version: str, glibc: str) -> str:
    """Return what nfpm is to package: the tree ``root`` laid out for ``/usr``, as JSON, which YAML contains."""
    facts = {
        "name": ID,
        "arch": "amd64" if platform.machine() == "x86_64" else "arm64",
        "platform": "linux",
        "version": version,
        "section": "utils",
        "priority": "optional",
        "maintainer": "llama-swap Desktop",
        "description": _DESCRIPTION,
        "license": "MIT",
        "mtime": about.build_facts()["build_date"],
        "contents": [
            {"src": str(root / "lib" / ID), "dst": f"/usr/lib/{ID}", "type": "tree"},
            *_folders(root / "share"),
            *_package_contents(root),
        ],
        "scripts": {"preinstall": str(HERE / "stop-running.sh"), "preremove": str(HERE / "stop-running.sh")},
        "overrides": {
            "deb": {"depends": [f"libc6 (>= {glibc})", "libstdc++6", "libgcc-s1"], "recommends": ["xdg-utils"]},
            "rpm": {"depends": [f"glibc >= {glibc}", "libstdc++", "libgcc"], "recommends": ["xdg-utils"]},
        },
        "deb": {"compression": "xz"},
        "rpm": {"compression": "xz", "group": "Applications/System", "buildhost": "localhost"},  # alike everywhere
    }
    return json.dumps(facts, indent=2)


def _folders(share: Path) -> Iterator[dict[str, str]]:
    """Yield the folders that RPM is to remove when nobody has anything in them any more; Debian does so by itself."""
    folders = (path.relative_to(share) for path in sorted(share.rglob("*")) if path.is_dir())
    for folder in folders:
        if str(folder) not in ALWAYS_THERE:
            yield {"dst": f"/usr/share/{folder}", "type": "dir", "packager": "rpm"}


def _package_contents(root: Path) -> Iterator[dict[str, str]]:
    for path in sorted((*(root / "bin").iterdir(), *(root / "share").rglob("*"))):
        place = f"/usr/{path.relative_to(root)}"
        if path.is_symlink():
            yield {"src": str(path.readlink()), "dst": place, "type": "symlink"}
        elif path.is_file():
            debian = place.replace("site-functions", "vendor-completions")  # where each of them looks
            if debian != place:
                yield {"src": str(path), "dst": debian, "packager": "deb"}
                yield {"src": str(path), "dst": place, "packager": "rpm"}
            else:
                yield {"src": str(path), "dst": place}


def build_packages(root: Path, out: Path, version: str, kinds: list[str]) -> Iterator[Path]:
    """Make a package of each of ``kinds`` (deb, rpm) from the tree, which is meant for ``/usr`` from here on."""
    for place in _TEXTS:
        file = root / "share" / place
        file.write_text(file.read_text(encoding="utf-8").replace("@BIN@", "/usr/bin"), encoding="utf-8")
    when = about.built_at().timestamp()
    for path in (root, *root.rglob("*")):
        os.utime(path, (when, when), follow_symlinks=False)
    config = root.parent / "nfpm.json"
    config.write_text(nfpm_config(root, version, glibc_needed(root / "lib")), encoding="utf-8")
    for kind in kinds:
        target = out / f"{ID}-{version}-linux-{platform.machine()}.{kind}"
        subprocess.run([_nfpm(), "package", "-f", str(config), "-p", kind, "-t", str(target)], check=True)
        yield target


def build_tarball(root: Path, out: Path, version: str) -> Path:
    """Make the tarball from the tree; two from the same tree are the same, byte for byte."""
    name = f"{ID}-{version}-linux-{platform.machine()}"
    for script in _SCRIPTS:
        shutil.copy(HERE / script, root / script)
    target = out / f"{name}.tar.xz"

    def nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = 0
        return entry

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=6) as tar:
        tar.add(root, arcname=name, filter=nobodys)
    target.write_bytes(packed.getvalue())
    for script in _SCRIPTS:
        (root / script).unlink()
    return target


def _nfpm() -> str:
    beside = Path(sys.executable).with_name("nfpm")
    return str(beside) if beside.exists() else "nfpm"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _copyright() -> str:
    own = (contents.ROOT / "LICENSE").read_text(encoding="utf-8")
    return f"{own}\nThe licences of the parts that come along are in ../../../lib/{ID}/_internal/licences.\n"


def main() -> int:
    """Make what the command line names, or everything."""
    kinds = sys.argv[1:] or ["tar", "deb", "rpm"]
    dist = contents.ROOT / "dist"
    version = about.version()
    root = contents.ROOT / "build" / "linux" / "root"
    lay_out(dist / ID, root, version)
    made = [build_tarball(root, dist, version)] if "tar" in kinds else []
    made += build_packages(root, dist, version, [kind for kind in kinds if kind != "tar"])
    for path in made:
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
