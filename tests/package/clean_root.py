"""A Debian with nothing installed, for packages to live and die in."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from llamaswap_desktop.desktop.autostart.linux import XdgAutostart
from tests.needs import need
from tests.package.installed import files_below, user_environment

WORDS = ["llamaswap-desktop", "serve", "--user"]
PROGRAM = "/usr/lib/llamaswap-desktop/llamaswap-desktop-tray"
_CHANGES_BY_ITSELF = ("/proc", "/tmp", "/var/lib/dpkg", "/var/lib/rpm", "/var/log", "/var/cache", "/dev", "/sys")


class CleanRoot:
    """Commands run inside it, as root; Emma has a home there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / "home" / "emma"
        self.environment = user_environment("/home/emma")

    def run(self, *words: str) -> str:
        environment = {**user_environment("/root"), "DEBIAN_FRONTEND": "noninteractive"}
        answer = subprocess.run(
            ["chroot", self.path, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def program(self, *words: str) -> list[str]:
        """Return the words that start the installed program in here."""
        return ["chroot", str(self.path), *words]

    def files(self) -> set[str]:
        return files_below(self.path, *_CHANGES_BY_ITSELF)

    def start_at_login(self) -> None:
        """Leave what the program's switch leaves in Emma's home."""
        folder = self.home / ".config" / "autostart"
        XdgAutostart(folder, (PROGRAM, "--autostart")).turn(True)

    def starts_at_login(self) -> bool:
        """Whether Emma's desktop would find the program that her entry names."""
        [entry] = (self.home / ".config" / "autostart").iterdir()
        [tried] = [line for line in entry.read_text().splitlines() if line.startswith("TryExec=")]
        return os.access(f"{self.path}/{tried.removeprefix('TryExec=')}", os.X_OK)


def make_clean_root(path: Path) -> Iterator[CleanRoot]:
    """Make it below ``path``; it goes when the generator goes on."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a clean root")
    suite, *mirror = _origin()
    subprocess.run([need("debootstrap", "debootstrap"), "--variant=minbase", suite, path, *mirror], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["mount", "-t", "proc", "proc", path / "proc"], check=True)
    yield CleanRoot(path)
    subprocess.run(["umount", path / "proc"], check=True)
    shutil.rmtree(path)


def _origin() -> list[str]:
    """Which Debian, and where it comes from: as this machine has its own, else as debootstrap knows it."""
    if "\nID=debian\n" not in Path("/etc/os-release").read_text():
        return ["bookworm"]
    words = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return ["bookworm", next(site for site in found if "security" not in site)]
