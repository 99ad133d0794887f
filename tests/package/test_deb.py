"""The Debian package in a clean root: installed, upgraded while it runs, removed, purged."""

import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from installer import about
from tests.package.clean_root import WORDS, CleanRoot
from tests.package.installed import OLD, gone, old_and_new, running

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(600)]


def install(root: CleanRoot, package: Path) -> str:
    shutil.copy(package, root.path / "tmp" / package.name)
    return root.run("dpkg", "-i", f"/tmp/{package.name}")


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> dict[str, Path]:
    return old_and_new("deb", tmp_path_factory.mktemp("deb"))


def test_its_life(clean_root, packages, tmp_path):
    words = clean_root.program(*WORDS)
    before = clean_root.files()

    install(clean_root, packages[OLD])
    assert clean_root.run("llamaswap-desktop", "--version").startswith("llamaswap-desktop ")
    with running(words, tmp_path / "old.log", clean_root.environment) as program:
        assert "demo" in program.chat()
        family = program.family()
        assert len(family) == 3, "the program, its guard and a model"
        install(clean_root, packages[about.version()])
        assert program.process.wait(5) == 0, "the upgrade has ended it in order"
        assert gone(family)
    assert f"Version: {about.version()}" in clean_root.run("dpkg", "-s", "llamaswap-desktop")

    clean_root.start_at_login()
    assert clean_root.starts_at_login()
    with running(words, tmp_path / "new.log", clean_root.environment) as program:
        assert "demo" in program.chat()
        family = program.family()
        clean_root.run("dpkg", "--remove", "llamaswap-desktop")
        assert program.process.wait(5) == 0
        assert gone(family)
    assert not clean_root.starts_at_login(), "the entry in Emma's home is inert"
    clean_root.run("dpkg", "--purge", "llamaswap-desktop")
    left = clean_root.files() - before
    assert {place for place in left if not place.startswith("/home/emma/.")} == set()
    assert "/home/emma/.config/llamaswap-desktop/config.yaml" in left


def test_a_first_installation_ends_no_stranger(clean_root, packages):
    clean_root.run("cp", "/bin/sleep", "/tmp/llamaswap-desktop")
    stranger = subprocess.Popen(clean_root.program("/tmp/llamaswap-desktop", "60"))
    try:
        install(clean_root, packages[about.version()])
        clean_root.run("dpkg", "--purge", "llamaswap-desktop")
        assert psutil.pid_exists(stranger.pid)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
