"""The subcommands about configurations: ``check`` and ``schema``."""

import json

import pytest

from llamaswap_desktop.cli import run

GOOD = "models:\n  m: {cmd: 'x ${PORT} ${key}', ttl: 5}\nmacros: {key: sk-very-secret}\napiKeys: ['${key}']\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("flag", ["--config", "-config"])
def test_a_good_configuration(file, capsys, flag):
    assert run(["check", flag, str(file)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "the configuration is fine\n")


def test_warnings_do_not_fail(file, capsys):
    file.write_text(GOOD + "startPrt: 5\n")
    assert run(["check", f"--config={file}"]) == 0
    shown = capsys.readouterr().err
    assert f"warning: {file}:5:1: startPrt: unknown key, ignored: did you mean 'startPort'?" in shown
    assert "warnings: 1" in shown


def test_errors_fail_with_place_key_and_reason(file, capsys):
    file.write_text("startPort: 0\nlogToStdout: all\nx: 1\n")
    assert run(["check", f"--config={file}"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"error: {file}:1:12: startPort: startPort is 0: use 1 or more"
    assert lines[1].startswith(f"error: {file}:2:14: logToStdout: ")
    assert lines[-1] == "the configuration cannot be used (errors: 2, warnings: 1)"


def test_a_directory(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    assert run(["check", "--config-dir", str(tmp_path)]) == 1
    assert "duplicate model 'm'" in capsys.readouterr().err


def test_a_missing_file(tmp_path, capsys):
    assert run(["check", "--config", str(tmp_path / "nope.yaml")]) == 1
    assert "nope.yaml" in capsys.readouterr().err


def test_without_a_source_the_user_s_own_file_is_checked(tmp_path, capsys, monkeypatch):
    for variable in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert run(["check"]) == 1
    assert "config.yaml" in capsys.readouterr().err


def test_print_shows_what_holds_without_secrets(file, capsys):
    assert run(["check", "--config", str(file), "--print"]) == 0
    shown = capsys.readouterr().out
    assert "cmd: x 5800 ***" in shown
    assert "checkEndpoint: /health" in shown
    assert "sk-very-secret" not in shown


def test_json(file, capsys):
    assert run(["check", "--config", str(file), "--json", "--print"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["errors"], answer["warnings"]) == ([], [])
    assert answer["config"]["models"]["m"]["ttl"] == 5
    assert answer["config"]["apiKeys"] == ["***"]


def test_json_of_a_broken_configuration(file, capsys):
    file.write_text("models:\n  m:\n    ttl: soon\n    proxy: http://h\n    tll: 5\n")
    assert run(["check", "--config", str(file), "--json", "--print"]) == 1
    answer = json.loads(capsys.readouterr().out)
    (error,), (warning,) = answer["errors"], answer["warnings"]
    assert (error["file"], error["line"], error["column"], error["path"]) == (str(file), 3, 10, "models.m.ttl")
    assert "soon" in error["message"]
    assert warning["path"] == "models.m.tll"
    assert "config" not in answer


@pytest.mark.parametrize(
    "words", [["check", "--nonsense"], ["check", "--config"], ["check", "--conf", "x"], ["schema", "--x"]]
)
def test_wrong_usage(words, capsys):
    assert run(words) == 2
    assert f"usage: llamaswap-desktop {words[0]}" in capsys.readouterr().err


def test_schema(capsys):
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["models"]
