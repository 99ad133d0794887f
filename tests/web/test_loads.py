"""The history of loads over HTTP (``docs/api.md``)."""

from datetime import datetime

from tests.waiting import until
from tests.web.served import served

LOADS = "/api/desktop/loads"


async def all_of(it, query=""):
    return (await it.get_json(f"{LOADS}{query}"))["data"]


async def test_swap_is_a_load_with_whom_it_cost_and_an_unload(tmp_path):
    async with served(tmp_path) as it:
        assert (await it.get_json(LOADS))["data"] == []
        await it.load("a", "b")
        second, gone, first = await all_of(it)
        assert (first["model"], first["kind"], first["evicted"], first["reason"]) == ("a", "loaded", [], "")
        assert (gone["model"], gone["kind"], gone["took_s"], gone["reason"]) == ("a", "unloaded", None, "evicted")
        assert (second["model"], second["evicted"]) == ("b", ["a"])
        assert 0 <= second["took_s"] < 5
        assert datetime.fromisoformat(second["timestamp"]).utcoffset().total_seconds() == 0
        page = await it.get_json(f"{LOADS}?limit=1&page=2")
        assert (page["data"], page["total"], page["total_pages"]) == ([gone], 3, 3)
        assert (page["loads"], page["swaps"]) == (2, 1)
        assert page["loading_s"] == first["took_s"] + second["took_s"]
        assert [entry["model"] for entry in await all_of(it, "?model=b")] == ["b"]
        assert await all_of(it, "?end=2001-01-01T00:00:00Z") == []
        assert (await it.get(f"{LOADS}?limit=0"))[0] == 400


async def test_failure_says_why(tmp_path):
    async with served(tmp_path) as it:
        it.processes["a"].fails = "no such file"
        await it.command("load", {"model": "a"})
        await until(lambda: it.core.snapshot().models[0].problem, "it has failed")
        (failed,) = await all_of(it)
        assert (failed["kind"], "no such file" in failed["reason"]) == ("failed", True)


async def test_death_says_how(tmp_path):
    async with served(tmp_path) as it:
        await it.load("a")
        it.processes["a"].die()
        gone, _ = await all_of(it)
        assert (gone["kind"], "SIGKILL" in gone["reason"]) == ("unloaded", True)
