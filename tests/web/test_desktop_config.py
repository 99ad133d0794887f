"""The configuration's text: look, try, save, go back (HTTP specification, section 31)."""

import asyncio
import hashlib
import json
import os
from datetime import datetime

import pytest

from llamaswap_desktop.config import Sources
from llamaswap_desktop.core import Reloader
from llamaswap_desktop.web.desktop_config import unified_diff
from tests.waiting import until
from tests.web.served import served

TEXT = """# mine
performance: {disabled: true}
models:
  a: {cmd: run a, proxy: "http://127.0.0.1:1"}
  b: {cmd: run b, proxy: "http://127.0.0.1:2"}
"""


@pytest.fixture(autouse=True)
def text(monkeypatch):
    """The harness may add to the text what these tests compare."""
    monkeypatch.setattr("tests.web.served.UNMONITORED", "")


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def put(it, text, hash_):
    return it.send("PUT", "/api/desktop/config", {"text": text, "hash": hash_})


def changed(text=TEXT):
    return text.replace("run a", "run another").replace("  b:", "  c:")


async def test_look(tmp_path):
    async with served(tmp_path, TEXT + "surplus: 1\n") as it:
        text = TEXT + "surplus: 1\n"
        shown = await it.get_json("/api/desktop/config")
        (problem,) = shown.pop("problems")
        assert shown == {"path": str(it.file), "text": text, "hash": sha(text)}
        assert problem.pop("message").startswith("unknown key")
        assert problem == {"level": "warning", "line": 6, "column": 1, "path": "surplus"}


async def test_save_lets_it_hold_and_keeps_the_former_text(tmp_path):
    async with served(tmp_path, TEXT) as it:
        status, answer = await put(it, changed(), sha(TEXT))
        assert status == 200
        backup = answer.pop("backup")
        assert answer == {"hash": sha(changed()), "problems": []}
        assert it.file.read_text() == changed()
        assert it.core.config.models["a"].cmd == "run another"
        assert "c" in it.core.config.models
        listed = await it.get_json("/api/desktop/config/backups")
        (shown,) = listed["backups"]
        assert (shown.keys(), shown["id"], shown["bytes"]) == ({"id", "timestamp", "bytes"}, backup, len(TEXT))
        assert datetime.fromisoformat(shown["timestamp"]).utcoffset().total_seconds() == 0


async def test_restore(tmp_path):
    async with served(tmp_path, TEXT) as it:
        first = (await put(it, changed(), sha(TEXT)))[1]["backup"]
        path = f"/api/desktop/config/backups/{first}/restore"
        assert (await it.post(path, {"hash": sha(TEXT)}))[0] == 409
        status, answer = await it.post(path, {"hash": sha(changed())})
        assert (status, answer["hash"], answer["problems"]) == (200, sha(TEXT), [])
        assert it.file.read_text() == TEXT
        assert "b" in it.core.config.models
        backups = (await it.get_json("/api/desktop/config/backups"))["backups"]
        assert [each["id"] for each in backups] == [answer["backup"], first]


async def test_invalid_text_is_refused_and_nothing_is_written(tmp_path):
    async with served(tmp_path, TEXT) as it:
        status, answer = await put(it, TEXT + "models: {}\n", sha(TEXT))
        assert (status, answer["error"]["code"]) == (400, "bad_request")
        assert "config.yaml:6:1" in answer["error"]["message"]
        assert it.file.read_text() == TEXT
        assert await it.get_json("/api/desktop/config/backups") == {"backups": []}


async def test_stale_hash_is_refused_and_nothing_is_written(tmp_path):
    async with served(tmp_path, TEXT) as it:
        it.file.write_text(TEXT + "# somebody else\n")
        status, answer = await put(it, changed(), sha(TEXT))
        assert (status, answer["error"]["code"]) == (409, "conflict")
        assert it.file.read_text() == TEXT + "# somebody else\n"
        assert b"ERROR" not in it.logs.proxy.history()
        assert await it.get_json("/api/desktop/config/backups") == {"backups": []}


async def test_of_two_saves_at_once_one_is_stale(tmp_path):
    async with served(tmp_path, TEXT) as it:
        texts = [TEXT + f"# {number}\n" for number in range(6)]
        answers = await asyncio.gather(*(put(it, text, sha(TEXT)) for text in texts))
        assert sorted(status for status, _ in answers) == [200, 409, 409, 409, 409, 409]
        (saved,) = [text for text, (status, _) in zip(texts, answers, strict=True) if status == 200]
        assert it.file.read_text() == saved


@pytest.mark.parametrize("id_", ["nope", "..%2Fconfig", ""])
async def test_backup_that_is_not_there(tmp_path, id_):
    async with served(tmp_path, TEXT) as it:
        status, answer = await it.post(f"/api/desktop/config/backups/{id_ or '%20'}/restore", {"hash": sha(TEXT)})
        assert (status, answer["error"]["code"]) == (404, "not_found")


async def test_nothing_else_below_backups(tmp_path):
    async with served(tmp_path, TEXT) as it:
        for path in ("x", "x/delete", "x/restore/"):
            assert (await it.ask("POST", f"/api/desktop/config/backups/{path}"))[::2] == (404, b"404 page not found")


async def test_validate(tmp_path):
    async with served(tmp_path, TEXT) as it:
        status, answer = await it.post("/api/desktop/config/validate", {"text": TEXT})
        assert (status, answer) == (200, {"ok": True, "problems": []})
        _, answer = await it.post("/api/desktop/config/validate", {"text": TEXT + "surplus: 1\n"})
        assert (answer["ok"], answer["problems"][0]["level"]) == (True, "warning")
        bad = TEXT.replace("run a,", "run a, ttl: soon,") + "surplus: 1\n"
        status, answer = await it.post("/api/desktop/config/validate", {"text": bad})
        assert (status, answer["ok"]) == (200, False)
        first = answer["problems"][0]
        assert first.keys() == {"level", "line", "column", "path", "message"}
        assert (first["level"], first["line"], first["path"]) == ("error", 4, "models.a.ttl")
        assert it.file.read_text() == TEXT


async def test_problem_elsewhere_says_where(tmp_path):
    async with served(tmp_path, TEXT) as it:
        folder = it.file.parent / "more"
        folder.mkdir()
        (folder / "more.yaml").write_text("globalTTL: soon\n")
        it.app._reloader.sources = Sources(it.file, folder)
        _, answer = await it.post("/api/desktop/config/validate", {"text": TEXT})
        (problem,) = answer["problems"]
        assert (answer["ok"], problem["line"], problem["path"]) == (False, 0, "globalTTL")
        assert problem["message"].startswith(f"{folder / 'more.yaml'}:1: ")


async def test_diff(tmp_path):
    async with served(tmp_path, TEXT) as it:
        status, answer = await it.post("/api/desktop/config/diff", {"text": changed()})
        assert status == 200
        diff = answer.pop("diff")
        assert answer == {"added": ["c"], "removed": ["b"], "changed": ["a"], "restarts": ["a"]}
        assert diff.startswith("--- a/config.yaml\n+++ b/config.yaml\n@@ ")
        assert '-  a: {cmd: run a, proxy: "http://127.0.0.1:1"}\n' in diff
        _, answer = await it.post("/api/desktop/config/diff", {"text": TEXT.replace("run b,", "run b, ttl: 5,")})
        assert (answer["changed"], answer["restarts"]) == (["b"], [])
        _, answer = await it.post("/api/desktop/config/diff", {"text": TEXT})
        assert answer == {"diff": "", "added": [], "removed": [], "changed": [], "restarts": []}
        status, answer = await it.post("/api/desktop/config/diff", {"text": "models: ["})
        assert (status, answer["error"]["code"]) == (400, "bad_request")


def test_diff_of_texts_without_a_last_line_end():
    assert unified_diff("a", "b\n", "f") == "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"


async def test_a_directory_alone_has_nothing_to_edit(tmp_path):
    async with served(tmp_path, TEXT) as it:
        reloader = Reloader(it.core, Sources(directory=tmp_path), {})
        it.app._api._config.__init__(it.core, reloader, tmp_path)
        for method, path, body in (
            ("GET", "", None), ("PUT", "", {"text": "", "hash": ""}), ("POST", "/validate", {"text": ""}),
            ("POST", "/diff", {"text": ""}), ("GET", "/backups", None), ("POST", "/backups/x/restore", {"hash": ""}),
        ):  # fmt: skip
            status, answer = await it.send(method, f"/api/desktop/config{path}", body)
            assert status == 404
            assert "no single configuration file" in answer["error"]["message"]


async def test_file_that_has_gone_is_told(tmp_path):
    async with served(tmp_path, TEXT) as it:
        it.file.unlink()
        answer = await it.get_json("/api/desktop/config", 500)
        assert "config.yaml" in answer["error"]["message"]


@pytest.mark.skipif(os.name == "nt", reason="permissions")
async def test_saved_file_keeps_its_permissions(tmp_path):
    async with served(tmp_path, TEXT) as it:
        it.file.chmod(0o600)
        assert (await put(it, changed(), sha(TEXT)))[0] == 200
        assert it.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("body", [{}, {"text": 3}, [], {"text": "a"}])
async def test_shape_of_a_save(tmp_path, body):
    async with served(tmp_path, TEXT) as it:
        assert (await it.send("PUT", "/api/desktop/config", body))[0] == 400


async def test_client_that_leaves_does_not_stop_a_save(tmp_path):
    async with served(tmp_path, TEXT) as it:
        body = json.dumps({"text": changed(), "hash": sha(TEXT)}).encode()
        _, writer = await asyncio.open_connection("127.0.0.1", it.port)
        head = f"PUT /api/desktop/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await until(lambda: "c" in it.core.config.models, "it holds")
        assert it.file.read_text() == changed()


async def test_backup_is_looked_at_before_it_is_restored(tmp_path):
    async with served(tmp_path, TEXT) as it:
        first = (await put(it, changed(), sha(TEXT)))[1]["backup"]
        shown = await it.get_json(f"/api/desktop/config/backups/{first}")
        assert (shown["id"], shown["text"]) == (first, TEXT)
        assert "-  a: {cmd: run another" in shown["diff"]
        assert "+  a: {cmd: run a," in shown["diff"]
        assert it.file.read_text() == changed()
        for unknown in ("nope", "..%2Fconfig", f"{first}/restore"):
            assert (await it.get(f"/api/desktop/config/backups/{unknown}"))[0] == 404


async def test_what_holds_is_shown_without_secrets(tmp_path):
    text = TEXT + "apiKeys: [very-secret]\nmacros: {who: a}\nhealthCheckTimeout: 77\n"
    async with served(tmp_path, text) as it:
        headers = {"Authorization": "Bearer very-secret"}
        shown = await it.get_json("/api/desktop/config/effective", headers=headers)
        assert "healthCheckTimeout: 77" in shown["text"]
        assert "unloadTimeout: 10" in shown["text"]
        assert shown["config"]["healthCheckTimeout"] == 77
        assert shown["config"]["models"]["a"]["cmd"] == "run a"
        assert "very-secret" not in str(shown)


async def test_what_holds_is_shown_of_a_directory_too(tmp_path):
    async with served(tmp_path, TEXT) as it:
        config = it.app._api._config
        config._path = config._file = None
        assert (await it.get("/api/desktop/config"))[0] == 404
        assert "run a" in (await it.get_json("/api/desktop/config/effective"))["text"]


async def test_schema_describes_every_key_of_a_model(tmp_path):
    async with served(tmp_path, TEXT) as it:
        schema = await it.get_json("/api/desktop/config/schema")
        keys = schema["properties"]["models"]["additionalProperties"]["properties"]
        assert keys["ttl"]["default"] == -1


async def test_models_of_a_text(tmp_path):
    async with served(tmp_path, TEXT) as it:
        status, answer = await it.post("/api/desktop/config/models", {"text": "models:\n  q: {ttl: 5, env: [A=1]}\n"})
        assert status == 200
        assert answer == {"models": [{"id": "q", "line": 2, "values": {"ttl": 5, "env": ["A=1"]}}]}
        assert await it.post("/api/desktop/config/models", {"text": "models: {"}) == (200, {"models": None})


async def test_edit_of_a_text_saves_nothing(tmp_path):
    async with served(tmp_path, TEXT) as it:
        edit = {"text": TEXT, "path": ["models", "a", "ttl"], "value": 300}
        status, answer = await it.post("/api/desktop/config/edit", edit)
        assert status == 200
        assert "ttl: 300" in answer["text"]
        assert answer["text"].startswith("# mine\n")
        assert it.file.read_text() == TEXT
        taken = {"text": TEXT, "path": ["models", "b"]}
        assert (await it.post("/api/desktop/config/edit", taken))[1]["text"] == TEXT.replace(
            '  b: {cmd: run b, proxy: "http://127.0.0.1:2"}\n', ""
        )
        null = {**edit, "path": ["models", "a", "name"], "value": None}
        assert "name: null" in (await it.post("/api/desktop/config/edit", null))[1]["text"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"path": []}, "path is empty"),
        ({"path": ["models", "nobody"]}, "there is no 'models.nobody'"),
        ({"path": ["models", "a", "cmd", "x"], "value": 1}, "cannot be set"),
        ({"text": "models: {", "path": ["a"], "value": 1}, "2:1: this is no YAML"),
        ({"path": "models"}, "the body is not"),
    ],
)
async def test_edit_that_cannot_be_done(tmp_path, edit, message):
    async with served(tmp_path, TEXT) as it:
        status, answer = await it.post("/api/desktop/config/edit", {"text": TEXT, **edit})
        assert status == 400
        assert message in answer["error"]["message"]
