"""The settings over HTTP."""

import asyncio
from importlib import resources

from llamaswap_desktop.settings import Settings, to_builtins
from tests.http1.wire import Client
from tests.web.served import TWO_MODELS, served

PATH = "/api/desktop/settings"


async def test_they_are_shown_with_defaults_and_changed_key_by_key(tmp_path):
    async with served(tmp_path) as app:
        assert (await app.get_json(PATH))["theme"] == "auto"
        status, answer = await app.send("PUT", PATH, {"theme": "dark", "notifications": False})
        assert (status, answer["theme"], answer["notifications"]) == (200, "dark", False)
        assert await app.get_json(PATH) == answer
        assert "theme: dark" in (tmp_path / "settings.yaml").read_text()


async def test_what_cannot_be_is_named_and_nothing_is_written(tmp_path):
    async with served(tmp_path) as app:
        for body, named in (({"colour": 1}, "colour"), ({"theme": "red"}, "red"), ([], "object"), (b"{", "")):
            status, answer = await app.send("PUT", PATH, body)
            assert status == 400
            assert named in answer["error"]["message"] if isinstance(answer["error"], dict) else answer["error"]
        assert not (tmp_path / "settings.yaml").exists()


async def test_nothing_to_change_is_no_mistake(tmp_path):
    async with served(tmp_path) as app:
        before = await app.get_json(PATH)
        for body in (b"", b"{}"):
            assert await app.send("PUT", PATH, body) == (200, before)
        assert not (tmp_path / "settings.yaml").exists(), "nothing is written for it"


async def test_a_body_too_large_leaves_the_connection(tmp_path):
    async with served(tmp_path) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
        client = Client(reader, writer)
        for size, status in ((70_000, 413), (2, 200)):
            body = b"{" + b" " * (size - 2) + b"}"
            client.send(b"PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % (PATH.encode(), size))
            client.send(body)
            assert (await client.answer())[0] == status
        writer.close()


async def test_a_disk_that_refuses_is_told(tmp_path):
    async with served(tmp_path) as app:
        (tmp_path / "settings.yaml").mkdir()
        status, answer = await app.send("PUT", PATH, {"theme": "dark"})
        assert status == 500
        assert "cannot be written" in str(answer)


async def test_they_need_an_admin_key_where_there_are_some(tmp_path):
    async with served(tmp_path, TWO_MODELS + "apiKeys: [k]\ndesktop: {adminKeys: [secret]}\n") as app:
        for key, status in (("k", 403), ("secret", 200)):
            assert (await app.get(PATH, headers={"Authorization": f"Bearer {key}"}))[0] == status


def test_every_setting_has_its_place_on_the_page():
    """Switches of groups belong to the groups, and stand beside them."""
    page = (resources.files("llamaswap_desktop.web") / "static/pages/settings.js").read_text(encoding="utf-8")
    for key, value in to_builtins(Settings()).items():
        if key in {"groups", "theme"}:  # the theme's switch is shared with the head of every page
            continue
        for name in [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key]:
            assert f"value=${{settings.{name}" in page or f"isOn=${{settings.{name}" in page, name
