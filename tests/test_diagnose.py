"""The archive: all that helps, and none of twenty planted secrets."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from llamaswap_desktop import cli
from llamaswap_desktop.archive import archive_name
from llamaswap_desktop.config import Sources
from llamaswap_desktop.desktop import Paths
from llamaswap_desktop.diagnose import collect_diagnostics
from llamaswap_desktop.settings import SettingsFile

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

SECRETS = [f"p1anted{number:02}x{'qwertyuiop'[number % 10]}" for number in range(20)]

CONFIG = """
apiKeys: ["{0}", "{1}"]
desktop: {{adminKeys: ["{2}"]}}
macros: {{upstream_token: "{3}"}}
peers:
  other: {{proxy: "http://host:1", apiKey: "{4}", models: [x]}}
models:
  a:
    cmd: run --api-key {5} --hf-token={6} --password "{7}"
    proxy: "http://me:{8}@127.0.0.1:1"
    env: ["HF_TOKEN={9}", "MY_SECRET={10}", "PLAIN=visible"]
  b:
    cmd: run ${{upstream_token}}
    proxy: "http://127.0.0.1:2"
    env: ["OPENAI_API_KEY={3}"]
""".format(*SECRETS)

LOG = """
GET /v1/models?api_key={11} 200
Authorization: Bearer {12}
authorization: Basic {13}
export ANTHROPIC_API_KEY={14}
{{"token": "{15}"}}
using sk-{16}
hf_{17} was accepted
wget https://me:{18}@host/file
prompt tokens: 512
""".format(*SECRETS)


@pytest.fixture
def paths(tmp_path):
    paths = Paths(tmp_path / "config", tmp_path / "state", tmp_path / "logs")
    for folder in (paths.config_dir, paths.run_dir, paths.log_dir):
        folder.mkdir(parents=True)
    paths.config_file.write_text(CONFIG)
    paths.settings_file.write_text(f"shareOnLan: true\napiKey: {SECRETS[19]}\ntheme: dark\n")
    (paths.log_dir / "app.log").write_text(LOG + f"known: {SECRETS[0]} {SECRETS[19]}\n")
    (paths.log_dir / "model-a.log").write_bytes(b"\xff it loads\n" + b"x" * 600_000 + f"\n{SECRETS[9]}\n".encode())
    return paths


def texts_in(file) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_everything_that_helps_and_no_secret(paths, tmp_path):
    file = tmp_path / "d.zip"
    collect_diagnostics(file, paths, SettingsFile(paths.settings_file), Sources(paths.config_file), NOW)
    texts = texts_in(file)
    assert {"versions.json", "settings.json", "config.yaml", "state.json", "hardware.json", "logs/app.log"} <= set(
        texts
    )
    whole = "\n".join(texts.values())
    assert [secret for secret in SECRETS if secret in whole] == []
    assert "PLAIN=visible" in texts["config.yaml"]
    assert '"theme": "dark"' in texts["settings.json"]
    assert "prompt tokens: 512" in texts["logs/app.log"]
    assert "is not running" in texts["state.json"]
    assert len(texts["logs/model-a.log"]) < 600_000


def test_broken_configuration_is_explained(paths, tmp_path):
    paths.config_file.write_text(f"apiKeys: [{SECRETS[0]}]\nmodels: {{a: {{ttl: soon}}}}\n")
    collect_diagnostics(tmp_path / "d.zip", paths, SettingsFile(paths.settings_file), Sources(paths.config_file), NOW)
    texts = texts_in(tmp_path / "d.zip")
    assert "config.yaml:2:" in texts["config.txt"]
    assert "config.yaml" not in texts


def test_archive_has_a_name_of_its_moment():
    assert archive_name(NOW) == "llamaswap-desktop-20260102-030405.zip"


def test_command_line_says_where_it_is(paths, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("llamaswap_desktop.places.user_paths", lambda: paths)
    assert cli.run(["diagnose", str(tmp_path / "d.zip")]) == 0
    assert str(tmp_path / "d.zip") in capsys.readouterr().out
    assert cli.run(["diagnose", "--json", str(tmp_path / "none" / "d.zip")]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert io.BytesIO((tmp_path / "d.zip").read_bytes()).read(2) == b"PK"
