"""What Linux gets beside the program."""

import configparser
import json
import os
import re
import shutil
import subprocess

import pytest

from installer import icons
from installer.linux import build
from llamaswap_desktop.cli import _build_parser
from llamaswap_desktop.client import VERBS

pytestmark = pytest.mark.linux


@pytest.fixture
def prefix(tmp_path):
    """Everything laid out around a bundle of two files."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for name in ("llamaswap-desktop", "llamaswap-desktop-tray"):
        (bundle / name).write_bytes(b"\0GLIBC_2.9\0GLIBC_2.31\0")
    build.lay_out(bundle, tmp_path / "root", "1.2.3")
    return tmp_path / "root"


def test_the_tree(prefix):
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    assert {
        "bin/llamaswap-desktop",
        "bin/llamaswap-desktop-tray",
        "share/applications/llamaswap-desktop.desktop",
        "share/bash-completion/completions/llamaswap-desktop",
        "share/man/man1/llamaswap-desktop.1.gz",
        "share/man/man1/llamaswap-desktop-tray.1.gz",
        "share/systemd/user/llamaswap-desktop.service",
    } <= files
    for size_px in icons.HICOLOR_SIZES_PX:
        assert f"share/icons/hicolor/{size_px}x{size_px}/apps/llamaswap-desktop.png" in files
    assert (prefix / "bin/llamaswap-desktop").resolve() == prefix / "lib/llamaswap-desktop/llamaswap-desktop"


def test_the_desktop_entry_has_all_that_menus_want(prefix):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(prefix / "share/applications/llamaswap-desktop.desktop")
    entry = parser["Desktop Entry"]
    assert entry["Icon"] == "llamaswap-desktop"
    assert entry["Exec"].endswith('llamaswap-desktop-tray"')
    for action in entry["Actions"].rstrip(";").split(";"):
        assert parser[f"Desktop Action {action}"]["Exec"].split()[-1] in VERBS
    if checker := shutil.which("desktop-file-validate"):
        subprocess.run([checker, prefix / "share/applications/llamaswap-desktop.desktop"], check=True)


def test_the_manual_knows_every_flag_and_verb():
    page = build.manual("1.2.3").replace("\\-", "-")
    flags = [flag for action in _build_parser()._actions for flag in action.option_strings if flag.startswith("--")]
    for flag in set(flags) - {"--autostart"}:
        assert flag in page, flag
    for verb in VERBS:
        assert re.search(rf"^\.B {verb}$", page, re.MULTILINE), verb
    assert "@" not in page


def test_the_oldest_glibc_is_compared_as_a_number(prefix):
    assert build.glibc_needed(prefix / "lib") == "2.31"


def test_zsh_finds_its_completions_where_each_system_looks(prefix):
    made = json.loads(build.nfpm_config(prefix, "1.2.3", "2.31"))
    places = {entry["dst"]: entry.get("packager") for entry in made["contents"]}
    assert places["/usr/share/zsh/vendor-completions/_llamaswap-desktop"] == "deb"
    assert places["/usr/share/zsh/site-functions/_llamaswap-desktop"] == "rpm"


@pytest.mark.parametrize("script", ["install.sh", "stop-running.sh"])
def test_a_script_is_plain_sh(script):
    subprocess.run(["sh", "-n", build.HERE / script], check=True)


def test_package_lists_show_a_short_line(prefix):
    first, *more = json.loads(build.nfpm_config(prefix, "1.2.3", "2.31"))["description"].splitlines()
    assert len(first) <= 80
    assert more


def test_folders_of_its_own_go_with_the_rpm(prefix):
    made = json.loads(build.nfpm_config(prefix, "1.2.3", "2.31"))
    folders = {entry["dst"]: entry["packager"] for entry in made["contents"] if entry.get("type") == "dir"}
    assert set(folders.values()) == {"rpm"}
    assert {"/usr/share/doc/llamaswap-desktop", "/usr/share/icons/hicolor/64x64/apps"} <= set(folders)
    assert not {"/usr/share", "/usr/share/applications", "/usr/share/doc"} & set(folders)


@pytest.mark.package
@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_two_packages_of_one_commit_are_the_same(tmp_path, kind):
    made = []
    for number in (1, 2):
        (tmp_path / f"bundle{number}").mkdir()
        program = tmp_path / f"bundle{number}" / "llamaswap-desktop"
        program.write_bytes(b"\0GLIBC_2.31\0")
        os.utime(program, (number, number))
        build.lay_out(program.parent, tmp_path / f"{number}/root", "1.2.3")
        (tmp_path / f"out{number}").mkdir()
        made += build.build_packages(tmp_path / f"{number}/root", tmp_path / f"out{number}", "1.2.3", [kind])
    first, second = (path.read_bytes() for path in made)
    assert first == second
