"""Typed, validated, atomic, and patient with what it does not know."""

import stat
import sys

import pytest
import yaml

from llamaswap_desktop.settings import (
    GroupSwitches,
    Pause,
    Settings,
    SettingsFile,
    SettingsRefused,
    Theme,
    WaitingRequests,
    to_builtins,
)


def test_without_a_file_the_defaults_hold_and_none_is_written(tmp_path):
    file = SettingsFile(tmp_path / "settings.yaml")
    assert file.now == Settings()
    assert not file.problem
    assert not list(tmp_path.iterdir())


def test_a_change_is_kept_and_told(tmp_path):
    path = tmp_path / "config" / "settings.yaml"
    file, told = SettingsFile(path), []
    unwatch = file.watch(told.append)
    file.change({"notifications": False, "theme": "dark"})
    file.change({"groups": {"coding": {"swap": False}}})
    file.change({"pause": {"programs": ["game.exe"], "requests": "hold"}})
    file.change({"notifications": False})
    unwatch()
    file.change({"notifications": True})
    again = SettingsFile(path).now
    assert again == Settings(
        theme=Theme.DARK,
        groups={"coding": GroupSwitches(swap=False)},
        pause=Pause(programs=("game.exe",), requests=WaitingRequests.HOLD),
    )
    assert len(told) == 3
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sharing_makes_a_key_the_first_time(tmp_path):
    file = SettingsFile(tmp_path / "settings.yaml")
    key = file.change({"shareOnLan": True}).api_key
    assert key.startswith("sk-")
    assert len(key) > 24
    file.change({"shareOnLan": False})
    assert file.change({"shareOnLan": True, "theme": "dark"}).api_key == key
    assert file.change({"shareOnLan": True, "apiKey": "sk-mine"}).api_key == "sk-mine"
    assert file.change({"shareOnLan": True, "apiKey": ""}).api_key not in {"", key, "sk-mine"}


def test_keys_of_a_newer_version_are_kept(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("theme: dark\nhologram: {depth: 3}\n")
    SettingsFile(path).change({"theme": "light"})
    assert yaml.safe_load(path.read_text())["hologram"] == {"depth": 3}
    assert SettingsFile(path).now.theme is Theme.LIGHT


def test_unknown_keys_go_with_the_file_that_had_them(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("hologram: {depth: 3}\n")
    file = SettingsFile(path)
    path.write_text("hologram: [\n")
    file.read_again()
    file.change({"theme": "light"})
    assert "hologram" in yaml.safe_load(path.read_text())
    path.unlink()
    file.read_again()
    file.change({"theme": "dark"})
    assert "hologram" not in yaml.safe_load(path.read_text())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("theme: purple\nnotifications: false\n", "purple"),
        ("notifications: false\nlisten: here\n", "listen: 'here' is not HOST:PORT"),
        ("notifications: false\nshareOnLan: true\n", "shareOnLan: needs an apiKey"),
        ("notifications: false\npause: 3\n", "pause"),
    ],
)
def test_a_bad_value_is_named_and_costs_only_itself(tmp_path, text, named):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    file = SettingsFile(path)
    assert named in file.problem
    assert file.now == Settings(notifications=False)


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "1: 2\n", "\xff"])
def test_a_file_that_makes_no_sense_is_set_aside_at_the_first_change(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_bytes(text.encode("latin-1"))
    file = SettingsFile(path)
    assert str(path) in file.problem
    assert "\n" not in file.problem
    assert file.change({"theme": "dark"}).theme is Theme.DARK
    assert not file.problem
    assert (tmp_path / "settings.broken.yaml").read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"colour": 1}, "'colour'"),
        ({"theme": "red"}, "red"),
        ({"listen": "x:99999"}, "x:99999"),
        ({"pause": []}, "pause"),
        ({"folders": {"models": ["~/models", "here"]}}, "'here' is no whole path"),
        ({"folders": {"logs": "logs"}}, "'logs' is no whole path"),
        ({"pause": {"gpuPercent": 101}}, "gpuPercent"),
        ({"pause": {"gpuMemoryMib": -1}}, "gpuMemoryMib"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(tmp_path, keys, named):
    file = SettingsFile(tmp_path / "settings.yaml")
    with pytest.raises(SettingsRefused, match=named):
        file.change(keys)
    assert file.now == Settings()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    file = SettingsFile(tmp_path / "file" / "settings.yaml")
    with pytest.raises(OSError):
        file.change({"theme": "dark"})
    assert file.now == Settings()


def test_every_key_is_shown_with_its_default():
    assert to_builtins(Settings()) == {
        "listen": "127.0.0.1:9292",
        "shareOnLan": False,
        "apiKey": "",
        "notifications": True,
        "theme": "auto",
        "unloadBeforeSleep": False,
        "pause": {
            "programs": (), "games": False, "fullScreen": False, "gpuPercent": 0, "gpuMemoryMib": 0,
            "requests": "refuse",
        },
        "folders": {"config": "", "logs": "", "models": ()},
        "updates": {"check": False, "url": ""},
        "groups": {},
    }  # fmt: skip


def test_edited_file_holds_and_a_broken_edit_changes_nothing(tmp_path):
    path = tmp_path / "settings.yaml"
    file, told = SettingsFile(path), []
    file.watch(told.append)
    file.read_again()
    path.write_text("theme: dark\n")
    file.read_again()
    assert (file.now.theme, len(told)) == (Theme.DARK, 1)
    path.write_text("theme: purple\n")
    file.read_again()
    assert (file.now.theme, len(told)) == (Theme.DARK, 2)
    assert "purple" in file.problem
    path.write_text("theme: light\n")
    file.read_again()
    assert (file.now.theme, file.problem, len(told)) == (Theme.LIGHT, "", 3)
