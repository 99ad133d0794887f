"""Where the program keeps its files."""

import sys
from pathlib import Path

import pytest

from llamaswap_desktop.desktop import APP_ID, Paths, licences_folder, user_paths

PATHS = Paths(config_dir=Path("/c"), state_dir=Path("/s"), log_dir=Path("/l"))


def test_earlier_versions_of_two_files_are_kept_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = PATHS.config_backups_of(Path("config.yaml"))
    assert own.parent == Path("/s/config-backups")
    assert own == PATHS.config_backups_of(tmp_path / "x" / ".." / "config.yaml")
    assert own != PATHS.config_backups_of(Path("other.yaml"))
    assert PATHS.config_backups_of(None) == PATHS.config_backups_of(PATHS.config_file)


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """The folder of a built program."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "llamaswap-desktop-tray"))
    return tmp_path


def test_installed_program_keeps_its_files_with_the_user(bundle):
    assert not user_paths().is_portable
    assert bundle not in user_paths().config_dir.parents
    assert user_paths().lock_name == APP_ID


@pytest.mark.parametrize("mark", [lambda home: (home / "portable.ini").touch(), lambda home: (home / "data").mkdir()])
def test_marked_copy_keeps_everything_beside_itself(bundle, mark):
    mark(bundle)
    paths = user_paths()
    assert paths.is_portable
    assert paths.config_file == bundle / "data" / "config.yaml"
    assert (paths.state_dir, paths.log_dir) == (bundle / "data" / "state", bundle / "data" / "logs")
    assert paths.lock_name != APP_ID


def test_what_lies_beside_python_does_not_make_a_source_tree_portable(bundle, monkeypatch):
    (bundle / "data").mkdir()
    monkeypatch.delattr(sys, "frozen")
    assert not user_paths().is_portable


def test_licences_are_those_of_a_built_program(bundle, monkeypatch):
    monkeypatch.setattr(sys, "_MEIPASS", str(bundle / "_internal"), raising=False)
    assert licences_folder() is None
    (bundle / "_internal" / "licences").mkdir(parents=True)
    assert licences_folder() == bundle / "_internal" / "licences"
    monkeypatch.delattr(sys, "frozen")
    assert licences_folder() is None
