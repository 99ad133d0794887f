"""Saving: nothing invalid, nothing half, nothing lost."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from llamaswap_desktop.config import ConfigFile, NoSuchBackup, SourceText, StaleText, parse_config
from llamaswap_desktop.errors import ConfigError


class Clock:
    """Each look is a minute later."""

    def __init__(self):
        self.time = datetime(2026, 8, 9, 7, 0, tzinfo=UTC)

    def __call__(self):
        self.time += timedelta(minutes=1)
        return self.time


@pytest.fixture
def file(tmp_path):
    (tmp_path / "config.yaml").write_text("startPort: 1\n", newline="")
    return ConfigFile(tmp_path / "config.yaml", tmp_path / "backups", now=Clock())


def validate(text):
    parse_config([SourceText("config.yaml", text)], environment={})


def save(file, text):
    return file.save(text, edited_hash=file.read().hash, validate=validate)


def test_saving_keeps_what_was_there(file, tmp_path):
    backup = save(file, "startPort: 2\n")
    assert file.read().text == "startPort: 2\n"
    (kept,) = file.backups()
    assert (kept.id, kept.size_bytes) == (backup, 13)
    assert kept.saved_at == datetime(2026, 8, 9, 7, 1, tzinfo=UTC)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups", "config.yaml"]


def test_a_file_keeps_the_line_ends_that_it_has(file, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"# mine\r\nstartPort: 1\r\n")
    assert file.read().text == "# mine\nstartPort: 1\n"
    for text in ("# mine\nstartPort: 2\n", "# mine\r\nstartPort: 2\r\n"):
        backup = save(file, text)
        assert path.read_bytes() == b"# mine\r\nstartPort: 2\r\n"
    assert (tmp_path / "backups" / f"{backup}.yaml").read_bytes() == b"# mine\r\nstartPort: 2\r\n"
    first = file.backups()[-1].id
    assert file.text_of(first) == "# mine\nstartPort: 1\n"
    file.restore(first, edited_hash=file.read().hash, validate=validate)
    assert path.read_bytes() == b"# mine\r\nstartPort: 1\r\n"


def test_an_invalid_text_is_not_saved(file, tmp_path):
    with pytest.raises(ConfigError):
        save(file, "startPort: 0\n")
    assert (file.read().text, file.backups()) == ("startPort: 1\n", ())


def test_a_file_that_somebody_else_has_changed_is_not_overwritten(file, tmp_path):
    edited = file.read()
    (tmp_path / "config.yaml").write_text("startPort: 7\n")
    with pytest.raises(StaleText):
        file.save("startPort: 2\n", edited_hash=edited.hash, validate=validate)
    assert (file.read().text, file.backups()) == ("startPort: 7\n", ())


def test_twenty_earlier_versions_are_kept(file):
    for port in range(2, 27):
        save(file, f"startPort: {port}\n")
    kept = file.backups()
    assert len(kept) == 20
    assert [backup.saved_at for backup in kept] == sorted((backup.saved_at for backup in kept), reverse=True)
    file.restore(kept[-1].id, edited_hash=file.read().hash, validate=validate)
    assert file.read().text == "startPort: 6\n"


def test_restoring_keeps_what_it_replaces(file):
    first = save(file, "startPort: 2\n")
    second = file.restore(first, edited_hash=file.read().hash, validate=validate)
    assert file.read().text == "startPort: 1\n"
    file.restore(second, edited_hash=file.read().hash, validate=validate)
    assert file.read().text == "startPort: 2\n"


@pytest.mark.parametrize("name", ["nope", "../config", "", "20260809T070100.000000Z"])
def test_an_unknown_version_cannot_be_restored(file, name):
    with pytest.raises(NoSuchBackup):
        file.restore(name, edited_hash=file.read().hash, validate=validate)


def test_line_ends_stay(file, tmp_path):
    save(file, "startPort: 3\r\n# x\r\n")
    assert (tmp_path / "config.yaml").read_bytes() == b"startPort: 3\r\n# x\r\n"


@pytest.mark.linux
def test_permissions_and_links_stay(tmp_path):
    real = tmp_path / "real.yaml"
    real.write_text("startPort: 1\n")
    real.chmod(0o600)
    (tmp_path / "config.yaml").symlink_to(real)
    save(ConfigFile(tmp_path / "config.yaml", tmp_path / "backups"), "startPort: 2\n")
    assert (tmp_path / "config.yaml").is_symlink()
    assert real.read_text() == "startPort: 2\n"
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_everything_as_it_was(file, tmp_path, monkeypatch):
    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        save(file, "startPort: 2\n")
    assert file.read().text == "startPort: 1\n"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["config.yaml"]
