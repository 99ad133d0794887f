"""The tarball and its script: for one user, in a home whose name has all that shells and desktops stumble over."""

import shutil
import subprocess
import tarfile

import pytest

from installer import about, contents
from installer.linux import build
from llamaswap_desktop.desktop.autostart.linux import XdgAutostart
from tests.package.installed import files_below, gone, need_bundle, running, user_environment

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    out = tmp_path_factory.mktemp("tar")
    build.lay_out(need_bundle(), out / "root", about.version())
    made = build.build_tarball(out / "root", out, about.version())
    with tarfile.open(made) as tar:
        tar.extractall(out, filter="tar")
    [folder] = out.glob(f"{contents.CONSOLE_NAME}-*-linux-*[!z]")
    return folder


def install(script, home, *words: str) -> str:
    answer = subprocess.run(
        ["sh", script, "--user", *words], env=user_environment(home), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_its_life(unpacked, tmp_path):
    home = tmp_path / "Emma & Söhne $1"
    home.mkdir()
    program = home / ".local/bin/llamaswap-desktop"
    assert "installed in" in install(unpacked / "install.sh", home)
    entry = home / ".local/share/applications/llamaswap-desktop.desktop"
    quoted = str(home).replace("$", r"\\$")
    assert f'Exec="{quoted}/.local/bin/llamaswap-desktop-tray"' in entry.read_text()
    if checker := shutil.which("desktop-file-validate"):
        assert subprocess.run([checker, entry], capture_output=True, text=True, check=True).stdout == ""
    unit = (home / ".local/share/systemd/user/llamaswap-desktop.service").read_text()
    assert f'ExecStart="{home}/.local/bin/llamaswap-desktop" serve' in unit

    with running([str(program), "serve", "--user"], tmp_path / "log", user_environment(home)) as running_one:
        assert "demo" in running_one.chat()
        family = running_one.family()
        install(unpacked / "install.sh", home)
        assert running_one.process.wait(5) == 0, "the upgrade has ended it in order"
        assert gone(family)
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(f"llamaswap-desktop {about.version()}")

    autostart = home / ".config" / "autostart"
    XdgAutostart(autostart, (f"{home}/.local/lib/llamaswap-desktop/llamaswap-desktop-tray", "--autostart")).turn(True)
    said = install(home / ".local/lib/llamaswap-desktop/install.sh", home, "--uninstall")
    assert "removed" in said
    left = files_below(home)
    assert not [place for place in left if place.startswith(("/.local/bin", "/.local/lib", "/.local/share"))]
    assert "/.config/llamaswap-desktop/config.yaml" in left
    assert list(autostart.iterdir()) == [], "there the user has asked, and it is the user's home"


@pytest.mark.parametrize("words", [[], ["--nonsense"]])
def test_words_that_make_no_sense_are_answered_with_what_does(unpacked, tmp_path, words):
    answer = subprocess.run(
        ["sh", unpacked / "install.sh", *words],
        env=user_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "--user" in answer.stdout
