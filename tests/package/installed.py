"""A program installed from a package: started, asked, and looked at from outside."""

import contextlib
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from installer import about, contents
from installer.linux import build
from tests.waiting import wait_until

BUNDLE = contents.ROOT / "dist" / contents.CONSOLE_NAME
OLD = "0.0.1"

CHAT = b'{"model": "demo-alice", "messages": [{"role": "user", "content": "Hello"}]}'
SERVES = re.compile(r"serves on (http://\S+)")


def need_bundle() -> Path:
    """Return the built bundle, or fail with how to build it."""
    if not BUNDLE.is_dir():
        pytest.fail("there is no bundle: pyinstaller --noconfirm build.spec")
    return BUNDLE


def old_and_new(kind: str, folder: Path) -> dict[str, Path]:
    """Make a package of an older version and one of this, ``deb`` or ``rpm``, of the same bundle."""
    found = {}
    for version in (OLD, about.version()):
        out = folder / version
        build.lay_out(need_bundle(), out / "root", version)
        [found[version]] = build.build_packages(out / "root", out, version, [kind])
        shutil.rmtree(out / "root")
    return found


class Installed:
    """A running program; ``address`` is where it serves."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process = process
        self._log = log
        wait_until(lambda: SERVES.search(log.read_text()) or process.poll() is not None, "it serves or ends")
        found = SERVES.search(log.read_text())
        assert found, log.read_text()
        self.address = found[1]

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return answer.read().decode()

    def chat(self) -> str:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.address + "/v1/chat/completions", CHAT, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()

    def family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


@contextlib.contextmanager
def running(words: list[str], log: Path, environment: dict[str, str]) -> Iterator[Installed]:
    """Serve the user's own configuration on any free port, until the end of the block."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [*words, "--listen", "127.0.0.1:0"], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield Installed(process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def user_environment(home: Path | str) -> dict[str, str]:
    """The least that a session gives its programs."""
    return {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}


def gone(processes: list[psutil.Process]) -> bool:
    return not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def files_below(root: Path, *unseen: str) -> set[str]:
    """Return every file and folder below ``root``, without what lies in the places ``unseen``."""
    found = set()
    for folder, folders, files in os.walk(root):
        place = "/" + str(Path(folder).relative_to(root)) if folder != str(root) else ""
        folders[:] = [name for name in folders if not f"{place}/{name}".startswith(unseen)]
        found |= {f"{place}/{name}" for name in (*folders, *files) if not f"{place}/{name}".startswith(unseen)}
    return found
