"""Where the program keeps its files."""

from pathlib import Path

from llamaswap_desktop.desktop import Paths

PATHS = Paths(config_dir=Path("/c"), state_dir=Path("/s"), log_dir=Path("/l"))


def test_earlier_versions_of_two_files_are_kept_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = PATHS.config_backups_of(Path("config.yaml"))
    assert own.parent == Path("/s/config-backups")
    assert own == PATHS.config_backups_of(tmp_path / "x" / ".." / "config.yaml")
    assert own != PATHS.config_backups_of(Path("other.yaml"))
    assert PATHS.config_backups_of(None) == PATHS.config_backups_of(PATHS.config_file)
