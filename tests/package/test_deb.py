"""The Debian package in a clean root: installed, upgraded while it runs, removed, purged."""

import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from installer import about
from installer.linux import build
from tests.needs import need
from tests.package.installed import files_below, gone, need_bundle, running, user_environment

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(600)]

OLD = "0.0.1"
NOT_OURS = ("/proc", "/tmp", "/var/lib/dpkg", "/var/log", "/var/cache", "/dev", "/sys")


def origin() -> list[str]:
    """Which Debian, and where it comes from: as this machine has its own, else as debootstrap knows it."""
    if "\nID=debian\n" not in Path("/etc/os-release").read_text():
        return ["bookworm"]
    words = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return ["bookworm", next(site for site in found if "security" not in site)]


class CleanRoot:
    """A Debian with nothing installed; commands run inside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *words: str) -> str:
        environment = {**user_environment("/root"), "DEBIAN_FRONTEND": "noninteractive"}
        answer = subprocess.run(
            ["chroot", self.path, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def install(self, package: Path) -> str:
        shutil.copy(package, self.path / "tmp" / package.name)
        return self.run("dpkg", "-i", f"/tmp/{package.name}")


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> dict[str, Path]:
    """An older package and this one."""
    found = {}
    for version in (OLD, about.version()):
        out = tmp_path_factory.mktemp(version)
        build.lay_out(need_bundle(), out / "root", version)
        [found[version]] = build.build_packages(out / "root", out, version, ["deb"])
        shutil.rmtree(out / "root")
    return found


@pytest.fixture(scope="module")
def clean_root(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("only root can make a clean root")
    path = tmp_path_factory.mktemp("clean") / "root"
    suite, *mirror = origin()
    subprocess.run([need("debootstrap", "debootstrap"), "--variant=minbase", suite, path, *mirror], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["mount", "-t", "proc", "proc", path / "proc"], check=True)
    yield CleanRoot(path)
    subprocess.run(["umount", path / "proc"], check=True)
    shutil.rmtree(path)


def test_its_life(clean_root, packages, tmp_path):
    home = clean_root.path / "home" / "emma"
    words = ["chroot", str(clean_root.path), "llamaswap-desktop", "serve", "--user"]
    before = files_below(clean_root.path, *NOT_OURS)
    home.mkdir()

    clean_root.install(packages[OLD])
    assert clean_root.run("llamaswap-desktop", "--version").startswith("llamaswap-desktop ")
    with running(words, tmp_path / "old.log", user_environment("/home/emma")) as program:
        assert "demo" in program.chat()
        family = program.family()
        assert len(family) == 3, "the program, its guard and a model"
        clean_root.install(packages[about.version()])
        assert program.process.wait(5) == 0, "the upgrade has ended it in order"
        assert gone(family)
    assert f"Version: {about.version()}" in clean_root.run("dpkg", "-s", "llamaswap-desktop")

    with running(words, tmp_path / "new.log", user_environment("/home/emma")) as program:
        assert "demo" in program.chat()
        family = program.family()
        clean_root.run("dpkg", "--remove", "llamaswap-desktop")
        assert program.process.wait(5) == 0
        assert gone(family)
    clean_root.run("dpkg", "--purge", "llamaswap-desktop")
    left = files_below(clean_root.path, *NOT_OURS) - before
    assert {place for place in left if not place.startswith("/home/emma")} == set()
    assert "/home/emma/.config/llamaswap-desktop/config.yaml" in left


def test_a_first_installation_ends_no_stranger(clean_root, packages):
    clean_root.run("cp", "/bin/sleep", "/tmp/llamaswap-desktop")
    stranger = subprocess.Popen(["chroot", clean_root.path, "/tmp/llamaswap-desktop", "60"])
    try:
        clean_root.install(packages[about.version()])
        clean_root.run("dpkg", "--purge", "llamaswap-desktop")
        assert psutil.pid_exists(stranger.pid)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
