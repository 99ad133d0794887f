"""The profiles' API (HTTP specification, section 7)."""

import pytest

from tests.web.served import served

CONFIG = """
models:
  a: {cmd: run a, proxy: "http://127.0.0.1:1"}
profiles:
  work: {description: days, pins: {gpt: a, off: ""}}
  home: {pins: {gpt: a}}
"""


async def test_list(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        assert await it.get_json("/api/profiles") == {
            "active": None,
            "profiles": [
                {"id": "home", "description": "", "pins": {"gpt": "a"}},
                {"id": "work", "description": "days", "pins": {"gpt": "a", "off": ""}},
            ],
        }


async def test_without_any(tmp_path):
    async with served(tmp_path) as it:
        assert await it.get_json("/api/profiles") == {"active": None, "profiles": []}


async def test_choose_and_switch_off(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        for wish, active in (
            ("work", "work"),
            ("work", "work"),
            ("home", "home"),
            ("", None),
            ("work", "work"),
            (None, None),
        ):
            status, answer = await it.send(
                "PUT", "/api/profiles/active", {"name": wish}, headers={"Content-Type": "text/weird"}
            )
            assert (status, answer) == (200, {"active": active})
            assert (await it.get_json("/api/profiles"))["active"] == active


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "invalid profile request"),
        (b"{", 400, "invalid profile request"),
        (b"[]", 400, "invalid profile request"),
        (b'"work"', 400, "invalid profile request"),
        (b"null", 400, "invalid profile request"),
        (b'{"name": "\xff"}', 400, "invalid profile request"),
        (b"[" * 20_000, 400, "invalid profile request"),
        (b"{}", 400, "profile name is required"),
        (b'{"Name": "work"}', 400, "profile name is required"),
        (b'{"name": 3}', 400, "profile name must be a string or null"),
        (b'{"name": ["work"]}', 400, "profile name must be a string or null"),
        (b'{"name": "n\\"o"}', 404, 'profile "n"o" not found'),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413, "the body of this request may have 65536 bytes at most"),
    ],
)
async def test_what_cannot_be(tmp_path, body, status, message):
    async with served(tmp_path, CONFIG) as it:
        it.core.set_profile("work")
        answered, answer = await it.send("PUT", "/api/profiles/active", body)
        assert (answered, answer["error"]["message"]) == (status, message)
        assert it.core.profile == "work"
