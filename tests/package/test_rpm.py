"""The RPM package: installed by rpm with its scripts, upgraded while it runs, erased."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installer import about
from installer.linux import build
from tests.needs import need
from tests.package.clean_root import WORDS, CleanRoot
from tests.package.installed import OLD, files_below, gone, old_and_new, running

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(600)]


def rpm(root: Path, *words: str | Path) -> str:
    """Run rpm on another root; its dependencies are no part of that, because the root is a Debian or empty."""
    answer = subprocess.run([need("rpm", "rpm"), "--root", root, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "scriptlet" not in answer.stderr, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> dict[str, Path]:
    return old_and_new("rpm", tmp_path_factory.mktemp("rpm"))


@pytest.fixture
def fedora_like(clean_root: CleanRoot) -> CleanRoot:
    """A root with a shell, the folders of Fedora's ``filesystem``, and rpm's own list of what is installed."""
    for folder in build.ALWAYS_THERE:
        (clean_root.path / "usr/share" / folder).mkdir(parents=True, exist_ok=True)
    rpm(clean_root.path, "--initdb")
    return clean_root


def test_its_life(fedora_like, packages, tmp_path):
    root, words = fedora_like.path, fedora_like.program(*WORDS)
    before = fedora_like.files()

    rpm(root, "-i", "--nodeps", packages[OLD])
    assert fedora_like.run("llamaswap-desktop", "--version").startswith("llamaswap-desktop ")
    assert (root / "usr/share/zsh/site-functions/_llamaswap-desktop").is_file()
    with running(words, tmp_path / "old.log", fedora_like.environment) as program:
        assert "demo" in program.chat()
        family = program.family()
        assert len(family) == 3, "the program, its guard and a model"
        rpm(root, "-U", "--nodeps", packages[about.version()])
        assert program.process.wait(5) == 0, "the upgrade has ended it in order"
        assert gone(family)
    assert rpm(root, "-q", "--qf", "%{version}", "llamaswap-desktop") == about.version()
    assert fedora_like.run("llamaswap-desktop", "--version").startswith("llamaswap-desktop ")

    fedora_like.start_at_login()
    with running(words, tmp_path / "new.log", fedora_like.environment) as program:
        assert "demo" in program.chat()
        family = program.family()
        rpm(root, "-e", "--nodeps", "llamaswap-desktop")
        assert program.process.wait(5) == 0
        assert gone(family)
    assert not fedora_like.starts_at_login(), "the entry in Emma's home is inert"
    left = fedora_like.files() - before
    assert {place for place in left if not place.startswith("/home/emma/.")} == set()
    assert "/home/emma/.config/llamaswap-desktop/config.yaml" in left


def test_the_end_of_an_upgrade_does_not_end_the_new_program(fedora_like, packages, tmp_path):
    """The old package's last script runs when the new files are in place, and maybe the new program already."""
    rpm(fedora_like.path, "-i", "--nodeps", packages[about.version()])
    shutil.copy(build.HERE / "stop-running.sh", fedora_like.path / "tmp")
    with running(fedora_like.program(*WORDS), tmp_path / "log", fedora_like.environment) as program:
        fedora_like.run("sh", "/tmp/stop-running.sh", "1")
        assert program.get("/health") == "OK"
        fedora_like.run("sh", "/tmp/stop-running.sh", "0")
        assert program.process.wait(5) == 0
    rpm(fedora_like.path, "-e", "--nodeps", "llamaswap-desktop")


def test_an_empty_root_takes_it_without_its_scripts(packages, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("rpm changes its root as root only")
    root = tmp_path / "root"
    rpm(root, "--initdb")
    rpm(root, "-i", "--nodeps", "--noscripts", packages[about.version()])
    assert "/usr/bin/llamaswap-desktop" in files_below(root)
    rpm(root, "-e", "--nodeps", "--noscripts", "llamaswap-desktop")
    assert [place for place in sorted(files_below(root)) if "llamaswap" in place] == []


def test_it_says_what_it_needs(packages):
    words = [need("rpm", "rpm"), "-qp", "--requires", packages[about.version()]]
    assert "glibc >= 2." in subprocess.run(words, capture_output=True, text=True, check=False).stdout


def test_it_does_not_tell_where_it_was_built(packages):
    words = [need("rpm", "rpm"), "-qp", "--qf", "%{buildhost} %{buildtime}", packages[about.version()]]
    host, time_s = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert host == "localhost"
    assert datetime.fromtimestamp(int(time_s), UTC) == about.built_at()
