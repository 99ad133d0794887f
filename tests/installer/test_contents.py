"""What goes into the bundle, held against what the package is."""

import re
import subprocess

import pytest

from installer import contents

NOT_SHIPPED = {"monitor/design.md", "routing/design.md", "py.typed"}


def test_every_file_of_the_package_that_is_no_code_is_inside():
    listed = subprocess.run(
        ["git", "ls-files", "llamaswap_desktop"], cwd=contents.ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {path.removeprefix("llamaswap_desktop/") for path in listed if not path.endswith(".py")}
    found = {f"{place}/{source.rpartition('/')[2]}" for source, place in contents.data_files()}
    assert found == {f"llamaswap_desktop/{path}" for path in wanted - NOT_SHIPPED}


def test_a_built_package_ships_the_same_files():
    """As ``pyproject.toml`` lists them, for those who install by pip."""
    text = (contents.ROOT / "pyproject.toml").read_text()
    [listed] = re.findall(r"package-data\]\nllamaswap_desktop = \[(.*?)\]", text, re.DOTALL)
    patterns = re.findall(r'"(.+?)"', listed)
    shipped = {path for pattern in patterns for path in contents.PACKAGE.glob(pattern)}
    missing = {source for source, _ in contents.data_files()} - {str(path) for path in shipped}
    assert missing == set()


@pytest.mark.parametrize(
    ("platform", "has_tray"), [("win32", True), ("linux", False)], ids=["on Windows", "not on Linux, with all its GTK"]
)
def test_pystray_is_inside(platform, has_tray):
    assert ("pystray._win32" in contents.hidden_imports(platform)) is has_tray
    assert ("pystray" not in contents.excluded(platform)) is has_tray


def test_what_breaks_other_programs_is_left_to_the_system():
    assert contents.is_left_to_the_system("libstdc++.so.6", "linux")
    assert contents.is_left_to_the_system("lib/libgcc_s.so.1", "linux")
    assert not contents.is_left_to_the_system("libssl.so.3", "linux")
    assert not contents.is_left_to_the_system("libstdc++.so.6", "win32")
