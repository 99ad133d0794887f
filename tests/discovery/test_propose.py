"""A proposal is configuration: what it says is what will be started."""

from pathlib import Path

import pytest

from llamaswap_desktop.config import Sources, load_config, split_command
from llamaswap_desktop.config.command import Platform
from llamaswap_desktop.discovery import ModelFile, proposal

GIB = 1 << 30


@pytest.mark.linux
@pytest.mark.parametrize("folder", ["/models", "/my models/ü", '/it\'s "quoted"', "/a#b: c", "/$HOME"])
def test_proposal_starts_what_was_found(tmp_path, monkeypatch, folder):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    path, projector = Path(folder) / "m.gguf", Path(folder) / "mmproj.gguf"
    text = "models:\n" + proposal([ModelFile("yes", path, 3 * GIB, projector)])
    file = tmp_path / "config.yaml"
    file.write_text(text)
    model = load_config(Sources(file), environment={}).models["yes"]
    words = split_command(model.cmd, Platform.POSIX)
    assert words[0] == "llama-server"
    assert words[3:] == ["--model", str(path), "--mmproj", str(projector)]
    assert "# 3.0 GiB" in text


def test_names_are_never_given_twice(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: "/bin/llama-server")
    models = [ModelFile("m", Path(f"/{number}/m.gguf"), 1) for number in range(2)]
    text = proposal(models, taken={"m"})
    assert [line for line in text.splitlines() if not line.startswith("    ")] == [
        '  "m-2":  # 0 MiB', '  "m-3":  # 0 MiB',
    ]  # fmt: skip
    assert "/bin/llama-server --port ${PORT} --model" in text
