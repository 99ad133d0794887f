"""The RPM package: unpacked by rpm into a root of its own, and run from there."""

import os
import shutil
import subprocess

import pytest

from installer import about
from installer.linux import build
from tests.needs import need
from tests.package.installed import files_below, need_bundle

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("rpm")
    build.lay_out(need_bundle(), out / "root", about.version())
    [made] = build.build_packages(out / "root", out, about.version(), ["rpm"])
    shutil.rmtree(out / "root")
    return made


def test_it_is_installed_and_erased_without_a_trace(package, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("rpm changes its root as root only")
    root = tmp_path / "root"
    # The root has no shell and no other packages: neither scripts nor dependencies can be looked at here.
    rpm = [need("rpm", "rpm"), "--root", str(root)]
    subprocess.run([*rpm, "--initdb"], check=True)
    subprocess.run([*rpm, "-i", "--nodeps", "--noscripts", package], check=True)
    program = root / "usr/bin/llamaswap-desktop"
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(f"llamaswap-desktop {about.version()}")
    assert (root / "usr/share/zsh/site-functions/_llamaswap-desktop").is_file()
    subprocess.run([*rpm, "-e", "--nodeps", "--noscripts", "llamaswap-desktop"], check=True)
    assert [place for place in sorted(files_below(root)) if "llamaswap" in place] == []


def test_it_says_what_it_needs_and_does(package):
    asked = subprocess.run(
        [need("rpm", "rpm"), "-qp", "--requires", package], capture_output=True, text=True, check=False
    )
    assert "glibc >= 2." in asked.stdout
    scripts = subprocess.run(["rpm", "-qp", "--scripts", package], capture_output=True, text=True, check=False).stdout
    assert "preinstall scriptlet" in scripts
    assert "preuninstall scriptlet" in scripts
