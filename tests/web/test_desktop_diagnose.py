"""The archive for those who are to help (HTTP specification, section 31)."""

import io
import json
import zipfile

from llamaswap_desktop import __version__
from tests.web.served import served

CONFIG = """
apiKeys: [sk-inference-key]
desktop: {adminKeys: [sk-admin-key-1]}
models:
  org/a:
    cmd: run --token sk-inference-key --api-key hidden-in-the-command
    proxy: http://127.0.0.1:1
    env: [HF_TOKEN=hf_hugging_secret]
peers:
  p: {proxy: "http://10.0.0.1", models: [x], apiKey: sk-peer-key-22}
"""

SECRETS = (
    "sk-inference-key",
    "sk-admin-key-1",
    "hf_hugging_secret",
    "sk-peer-key-22",
    "hidden-in-the-command",
    "sk-of-the-settings",
)


async def test_archive_holds_what_helps_and_no_secret(tmp_path):
    (tmp_path / "settings.yaml").write_text("theme: dark\napiKey: sk-of-the-settings\n")
    async with served(tmp_path, CONFIG) as it:
        it.logs.model("org/a").write(b"started with HF_TOKEN=hf_hugging_secret\n")
        it.logs.proxy.write(b"asked with Authorization: Bearer sk-somebody\n")
        status, headers, body = await it.ask(
            "POST", "/api/desktop/diagnose", data=b"{}", headers={"x-api-key": "sk-admin-key-1"}
        )
        assert (status, headers["Content-Type"]) == (200, "application/zip")
        archive = zipfile.ZipFile(io.BytesIO(body))
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert texts.keys() == {
            "versions.json", "settings.json", "state.json", "hardware.json", "config.txt", "config.yaml",
            "logs/app.log", "logs/model-1.log",
        }  # fmt: skip
        assert json.loads(texts["versions.json"])["program"]["version"] == __version__
        assert json.loads(texts["settings.json"])["theme"] == "dark"
        assert json.loads(texts["state.json"])["models"][0]["id"] == "org/a"
        assert json.loads(texts["hardware.json"])["schema_version"] == 1
        assert "apiKeys:\n- '***'" in texts["config.yaml"]
        assert "serves on" in texts["logs/app.log"]
        assert texts["logs/model-1.log"] == "org/a\n\nstarted with HF_TOKEN=***\n"
        whole = "".join(texts.values())
        assert not [secret for secret in (*SECRETS, "sk-somebody") if secret in whole]


async def test_body_is_an_object(tmp_path):
    async with served(tmp_path) as it:
        assert (await it.post("/api/desktop/diagnose", []))[0] == 400


async def test_time_to_unload_is_in_seconds_there_too(tmp_path):
    async with served(tmp_path, "models:\n  a: {cmd: run, proxy: 'http://127.0.0.1:1', ttl: 300}\n") as it:
        await it.load("a")
        archive = zipfile.ZipFile(io.BytesIO((await it.ask("POST", "/api/desktop/diagnose", data=b"{}"))[2]))
        assert 290 < json.loads(archive.read("state.json"))["models"][0]["unloads_in_s"] <= 300
