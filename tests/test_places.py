"""Folders that the settings put elsewhere."""

from pathlib import Path

import pytest

from llamaswap_desktop import cli, places
from llamaswap_desktop.desktop import Paths


@pytest.fixture
def usual(tmp_path, monkeypatch):
    paths = Paths(tmp_path / "config", tmp_path / "state", tmp_path / "logs")
    paths.config_dir.mkdir()
    monkeypatch.setattr(places, "user_paths", lambda: paths)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return paths


def test_usual_folders(usual):
    paths, settings = places.user_places()
    assert (paths, settings.path) == (usual, usual.settings_file)


def test_folders_of_the_settings(usual, tmp_path):
    usual.settings_file.write_text("folders: {config: ~/dots, logs: ~/log files}\n")
    paths, settings = places.user_places()
    assert paths.config_file == tmp_path / "home" / "dots" / "config.yaml"
    assert paths.log_dir == tmp_path / "home" / "log files"
    assert (paths.state_dir, paths.settings_file, settings.problem) == (usual.state_dir, usual.settings_file, "")


def test_command_line_means_the_same_configuration(usual, tmp_path, capsys):
    usual.settings_file.write_text("folders: {config: ~/dots}\n")
    assert cli.run(["check"]) == 1
    assert str(Path("home") / "dots" / "config.yaml") in capsys.readouterr().err
    (tmp_path / "home" / "dots").mkdir(parents=True)
    (tmp_path / "home" / "dots" / "config.yaml").write_text("models: {}\n")
    assert cli.run(["check"]) == 0


def test_scan_proposes_what_is_not_configured_yet(usual, tmp_path, capsys):
    assert cli.run(["scan"]) == 1
    assert "settings folders.models" in capsys.readouterr().err
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        (folder / f"{name}.gguf").write_bytes(b"GGUF")
    usual.settings_file.write_text("folders: {models: [~/models]}\n")
    usual.config_file.write_text(f"models:\n  a:\n    cmd: llama-server --port ${{PORT}} -m {folder}/a.gguf\n")
    assert cli.run(["scan"]) == 0
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if not line.startswith("    ")] == ['  "b":  # 0 MiB']
    assert said.err == "models found: 2, not in the configuration: 1\n"
    assert usual.config_file.read_text().count("cmd:") == 1, "nothing is written"
    assert cli.run(["scan", "--json", str(folder)]) == 0
    assert '"name":"a"' in (out := capsys.readouterr().out)
    assert out.count('"is_configured":true') == 1
