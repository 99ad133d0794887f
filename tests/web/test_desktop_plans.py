"""``GET /api/desktop/plans``."""

import pytest

from tests.web.served import served

CONFIG = """
models:
  a: {cmd: run a, proxy: "http://127.0.0.1:1"}
  b: {cmd: run b, proxy: "http://127.0.0.1:2", aliases: [bee]}
"""


async def test_plans_name_who_would_leave_and_change_nothing(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        await it.load("a")
        before = (await it.get_json("/api/desktop/state"))["rev"]
        assert await it.get_json("/api/desktop/plans?model=bee") == {
            "model": "b",
            "plans": [
                {
                    "policy": "group",
                    "is_in_force": True,
                    "leaving": ["a"],
                    "busy": [],
                    "reason": "group (default): swap on, exclusive on",
                    "problem": "",
                }
            ],
        }
        assert (await it.get_json("/api/desktop/state"))["rev"] == before


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [("", 400, "plans?model=ID"), ("?model=", 400, "plans?model=ID"), ("?model=nope", 404, "model not found")],
)
async def test_what_cannot_be(tmp_path, query, status, said):
    async with served(tmp_path, CONFIG) as it:
        answer = await it.get_json(f"/api/desktop/plans{query}", status)
        assert said in answer["error"]["message"]


async def test_an_admin_key_is_asked_for_where_there_is_one(tmp_path):
    async with served(tmp_path, CONFIG + "apiKeys: [k]\ndesktop: {adminKeys: [secret]}\n") as it:
        status, _, _ = await it.get("/api/desktop/plans?model=a", headers={"Authorization": "Bearer k"})
        assert status == 403
        status, _, _ = await it.get("/api/desktop/plans?model=a", headers={"Authorization": "Bearer secret"})
        assert status == 200
