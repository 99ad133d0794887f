"""The verbs (HTTP specification, section 31)."""

import asyncio

import pytest

from llamaswap_desktop.types import ModelId, ProcessState
from tests.waiting import until
from tests.web.served import served

CONFIG = """
models:
  org/a: {cmd: run a, proxy: "http://127.0.0.1:1", aliases: [one]}
  b: {cmd: run b, proxy: "http://127.0.0.1:2"}
profiles:
  work: {pins: {gpt: b}}
groups:
  g: {swap: false, exclusive: false, members: [org/a, b]}
"""


def is_in(it, model, state):
    return it.processes[model].state is state


async def test_load_and_unload(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        answer = await it.command("load", {"model": "one"})
        assert answer.keys() == {"ok", "rev"}
        assert answer["ok"] is True
        await until(lambda: is_in(it, "org/a", ProcessState.READY), "it is loaded")
        assert (await it.command("load", {"model": "b", "surplus": 1}))["rev"] > answer["rev"]
        await until(lambda: is_in(it, "b", ProcessState.READY), "b is loaded")
        it.processes["org/a"].holds_stop = asyncio.Event()
        await it.command("unload", {"model": "org/a"})  # the reply does not wait
        await until(lambda: it.processes["org/a"].graces, "it is told to stop")
        it.processes["org/a"].holds_stop.set()
        await until(lambda: is_in(it, "org/a", ProcessState.STOPPED), "it is unloaded")
        assert is_in(it, "b", ProcessState.READY)
        await it.command("unload_all", {})
        await until(lambda: is_in(it, "b", ProcessState.STOPPED), "all are unloaded")


async def test_load_by_hand_tries_again_during_a_back_off(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        it.processes["b"].fails = "no"
        for tries in range(1, 4):
            await it.command("load", {"model": "b"})
            await until(lambda: it.processes["b"].starts == tries, f"try {tries}")  # noqa: B023
        it.processes["b"].fails = ""
        await it.command("load", {"model": "b"})
        await until(lambda: is_in(it, "b", ProcessState.READY), "it is loaded")


async def test_pin_and_unpin(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        await it.command("pin", {"model": "one"})
        assert {model.id: model.is_pinned for model in it.core.snapshot().models} == {"org/a": True, "b": False}
        await it.command("unpin", {"model": "org/a"})
        assert not any(model.is_pinned for model in it.core.snapshot().models)


async def test_set_profile(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        await it.command("set_profile", {"name": "work"})
        assert it.core.profile == "work"
        await it.command("set_profile", {"name": None})
        assert it.core.profile is None


async def test_pause_and_resume(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        await it.load("b")
        await it.command("pause", {"seconds": 60})
        assert 50 < it.core.snapshot().paused.left_s <= 60
        await until(lambda: is_in(it, "b", ProcessState.STOPPED), "the models leave")
        await it.command("pause", {"seconds": None})
        assert it.core.snapshot().paused.left_s is None
        await it.command("resume")
        assert it.core.snapshot().paused is None


async def test_set_group(tmp_path):
    async with served(tmp_path, CONFIG) as it:

        def switches():
            group = it.core.snapshot().groups[0]
            return group.swap, group.exclusive, group.persistent, group.is_overridden

        assert switches() == (False, False, False, False)
        await it.command("set_group", {"group": "g", "swap": True})
        assert switches() == (True, False, False, True)
        await it.command("set_group", {"group": "g", "persistent": True})  # what is absent stays
        assert switches() == (True, False, True, True)
        await it.command("set_group", {"group": "g", "swap": None})
        assert switches() == (False, False, True, True)
        await it.command("set_group", {"group": "g", "persistent": None, "exclusive": None})
        assert switches() == (False, False, False, False)


async def test_reload(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        it.file.write_text(
            CONFIG.replace("  b: {cmd", "  c: {cmd").replace("pins: {gpt: b}", "pins: {gpt: c}").replace(", b]", ", c]")
        )
        await it.command("reload")
        assert "c" in it.core.config.models
        it.file.write_text("models: {c: {cmd: run, proxy: nonsense}}\nmodels: {}\n")
        status, answer = await it.post("/api/desktop/commands/reload", {})
        assert (status, answer["error"]["code"]) == (400, "bad_request")
        assert "config.yaml:2:" in answer["error"]["message"]
        assert "\n" not in answer["error"]["message"]
        assert "c" in it.core.config.models


async def test_quit_replies_first(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        assert (await it.command("quit"))["ok"] is True
        await until(lambda: it.core.snapshot().phase == "stopped", "it has ended")


@pytest.mark.parametrize(
    ("verb", "body", "status", "said"),
    [
        (
            "dance",
            {},
            404,
            "no command 'dance'; there are load, unload, unload_all, pin, unpin, set_profile, pause, resume, reload,",
        ),
        ("", {}, 404, "no command ''"),
        ("load/x", {}, 404, "no command 'load/x'"),
        ("load", {"model": "nope"}, 404, "model not found"),
        ("unload", {"model": ""}, 404, "model not found"),
        ("pin", {"model": "work"}, 404, "model not found"),
        ("load", {}, 400, "missing required field `model`"),
        ("load", {"model": 3}, 400, "`$.model`"),
        ("unload", [], 400, "object"),
        ("unload_all", "x", 400, "object"),
        ("resume", b"\xff", 400, "the body is not what this route takes"),
        ("resume", b"[" * 60_000, 400, "the body is not what this route takes"),
        ("pause", {}, 400, "missing required field `seconds`"),
        ("pause", {"seconds": 1.5}, 400, "`$.seconds`"),
        ("pause", {"seconds": 0}, 400, "`int` >= 1 - at `$.seconds`"),
        ("pause", {"seconds": 10**400}, 400, "`$.seconds`"),
        ("set_profile", {"name": "nope"}, 404, 'profile "nope" not found'),
        ("set_profile", {}, 400, "missing required field `name`"),
        ("set_group", {"group": "nope", "swap": True}, 404, 'group "nope" not found'),
        ("set_group", {"group": "g", "swap": 1}, 400, "`$.swap`"),
        ("load", b'{"model": "' + b"x" * 70_000 + b'"}', 413, "65536 bytes at most"),
    ],
)
async def test_nonsense_is_explained_and_changes_nothing(tmp_path, verb, body, status, said):
    async with served(tmp_path, CONFIG) as it:
        before = it.core.snapshot()
        answered, answer = await it.post(f"/api/desktop/commands/{verb}", body)
        assert answered == status
        assert said in answer["error"]["message"]
        after = it.core.snapshot()
        assert (after.models, after.groups, after.paused, after.profile) == (
            before.models, before.groups, before.paused, before.profile,
        )  # fmt: skip
        assert it.core.state_of(ModelId("b")) is ProcessState.STOPPED


async def test_empty_body_is_an_empty_object(tmp_path):
    async with served(tmp_path) as it:
        assert (await it.post("/api/desktop/commands/unload_all", b""))[0] == 200
