"""Logs of the running program: who says what where, and that no secret is among it (specification, section 7)."""

import base64
import os

import pytest

from tests.whole.program import free_ports, running_program
from tests.whole.test_life import model

pytestmark = [pytest.mark.whole, pytest.mark.linux]


def log_files(home) -> dict[str, str]:
    return {path.name: path.read_text() for path in home.rglob("*.log*")}


async def test_tray_mode_keeps_one_file_per_model_and_one_for_the_app(tmp_path):
    file = tmp_path / "own.yaml"
    models = model("a", "--say from-a") + model("b", "--say from-b")
    file.write_text(f"startPort: {free_ports()}\nlogToStdout: both\nmodels:\n{models}")
    async with running_program(tmp_path, None, "--config", str(file)) as program:
        for name in ("a", "b"):
            assert (await program.chat(name))[0] == 200
            assert (await program.chat("a"))[0] == 200
        program.process.terminate()
        assert await program.ended() == 0
    files = log_files(tmp_path)
    assert set(files) == {"app.log", "model-a.log", "model-b.log"}
    assert files["model-a.log"].count("from-a\na listens\n") == 2, "one log for all lives of a model"
    assert "from-b" not in files["model-a.log"]
    assert "from-" not in files["app.log"]
    assert "a: starting -> ready" in files["app.log"]
    assert "from-b" in program.log, "logToStdout: both"


async def test_server_writes_no_file_but_its_run_file(tmp_path):
    async with running_program(tmp_path, f"startPort: {free_ports()}\nmodels:\n{model('a')}") as program:
        assert (await program.chat("a"))[0] == 200
        files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert {name for name in files if not name.endswith(".run")} == {"config.yaml"}
        assert len(files) == 2
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["config.yaml"]


async def test_no_secret_reaches_a_log(tmp_path):
    planted = {what: f"planted-{what}-{os.urandom(6).hex()}" for what in (
        "api-key", "admin-key", "peer-key", "command", "command-option", "environment", "stop-command",
        "bearer", "basic", "header", "query", "query-key", "body",
    )}  # fmt: skip
    broken = (
        f"  broken:\n    cmd: no-such-program --api-key {planted['command']} --hf-token={planted['command-option']}\n"
        f"    proxy: http://127.0.0.1:9\n    env: ['HF_TOKEN={planted['environment']}']\n"
    )
    stopped = model("m") + f"    cmdStop: no-such-program --token {planted['stop-command']}\n"
    file = tmp_path / "secrets.yaml"
    file.write_text(
        f"startPort: {free_ports()}\nlogLevel: debug\nlogToStdout: both\n"
        f"apiKeys: ['{planted['api-key']}']\ndesktop: {{adminKeys: ['{planted['admin-key']}']}}\n"
        f"peers: {{far: {{proxy: 'http://127.0.0.1:9', models: [x], apiKey: '{planted['peer-key']}'}}}}\n"
        f"models:\n{stopped}{broken}"
    )
    basic = base64.b64encode(f"me:{planted['basic']}".encode()).decode()
    async with running_program(tmp_path, None, "--config", str(file)) as program:
        key = {"Authorization": f"Bearer {planted['api-key']}"}
        said = []
        for name in ("m", "broken", "x", planted["body"]):
            asked = {"model": name, "messages": [{"content": planted["body"]}]}
            status, answer = await program.post("/v1/chat/completions", asked, headers=key)
            said.append(str(answer) if name != planted["body"] else "")
            assert status in {200, 404, 500, 502}
        for headers in (
            {"Authorization": f"Bearer {planted['bearer']}"},
            {"Authorization": f"Basic {basic}"},
            {"x-api-key": planted["header"], "User-Agent": f"tool Bearer {planted['bearer']}"},
        ):
            said.append((await program.get("/v1/models", headers=headers))[1])
        for path in (f"/v1/models?key={planted['api-key']}", f"/v1/models?api_key={planted['query-key']}"):
            said.append((await program.get(path))[1])
        await program.get(f"/upstream/m/x?token={planted['query']}", headers=key)
        await program.get("/unload", headers=key)
        said.append((await program.get("/logs", headers=key))[1])
        program.process.terminate()
        assert await program.ended() == 0
    everything = {**log_files(tmp_path), "standard output": program.log, "answers": "\n".join(map(str, said))}
    for path in tmp_path.rglob("*.run"):
        everything[path.name] = path.read_text()
    assert "no-such-program" in everything["app.log"], "what is looked through has something to say"
    leaks = [
        f"{what} in {where}: {line}"
        for where, text in everything.items()
        for line in text.splitlines()
        for what, secret in {**planted, "basic, encoded": basic}.items()
        if secret in line
    ]
    assert not leaks, "\n".join(leaks)
