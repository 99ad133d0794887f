"""``/api/desktop/state`` and ``/api/desktop/events`` (HTTP specification, section 31)."""

import asyncio
from datetime import UTC, datetime

import msgspec

from llamaswap_desktop import __version__
from llamaswap_desktop.commands import PauseModels, ResumeModels
from llamaswap_desktop.monitor import GpuDevice, GpuSample, Sample, SystemSample
from llamaswap_desktop.types import ModelId, ProcessState
from llamaswap_desktop.web.desktop_state import State, changes
from tests.waiting import until
from tests.web.served import MONITORED, TWO_MODELS, served

CONFIG = """
models:
  b: {cmd: run b, proxy: "http://127.0.0.1:1", name: Bee, unlisted: true}
  a: {cmd: run a, proxy: "http://127.0.0.1:2"}
profiles:
  work: {pins: {gpt: a}}
surplus: 1
"""

QUIET_MODEL = {
    "state": "stopped", "unlisted": False, "waiting": 0, "in_flight": 0, "memory_bytes": None, "problem": "",
    "is_pinned": False, "is_stuck": False, "unloads_in_s": None,
}  # fmt: skip


class Picture:
    """What a client knows that follows the feed."""

    def __init__(self) -> None:
        self.state = {}
        self.kinds = []

    def take(self, event) -> None:
        kind, data = event
        self.kinds.append(kind)
        if kind == "state":
            self.state = data
            return
        assert data.keys() == {"rev", kind}
        if kind == "model":
            models = self.state["models"]
            (index,) = [index for index, model in enumerate(models) if model["id"] == data["model"]["id"]]
            models[index] = data["model"]
        else:
            assert kind in self.state
            self.state[kind] = data[kind]
        assert data["rev"] >= self.state["rev"]
        self.state["rev"] = data["rev"]


async def follow(it, feed, picture, is_there, name):
    """Read on until the picture is as it should be."""
    try:
        while not is_there(picture.state):
            picture.take(await feed.event())
    except TimeoutError:
        raise AssertionError(f"not seen: {name}; {picture.state}") from None


def model_in(state, name):
    return next(model for model in state["models"] if model["id"] == name)


async def test_state(tmp_path):
    async with served(tmp_path, CONFIG) as it:
        state = await it.get_json("/api/desktop/state")
        assert isinstance(state.pop("rev"), int)
        assert "surplus" in state.pop("problems")[0]
        assert state == {
            "version": {"version": __version__, "commit": "", "build_date": ""},
            "profile": None,
            "profiles": ["work"],
            "paused": None,
            "models": [
                {"id": "a", "name": "a", **QUIET_MODEL},
                {"id": "b", "name": "Bee", **QUIET_MODEL, "unlisted": True},
            ],
            "groups": [
                {
                    "id": "(default)", "members": ["a", "b"], "swap": True, "exclusive": True, "persistent": False,
                    "is_overridden": False,
                }
            ],
            "loads": [],
            "waiting": [],
            "devices": [],
        }  # fmt: skip


async def test_loads_and_who_waits(tmp_path):
    async with served(tmp_path) as it:
        await it.load("a")
        it.processes["a"].holds_stop = asyncio.Event()
        it.processes["b"].holds = True
        wanted = asyncio.ensure_future(it.core.acquire(ModelId("b")))
        await until(lambda: it.processes["a"].graces, "a is told to stop")
        state = await it.get_json("/api/desktop/state")
        assert state["loads"] == [{"model": "b", "leaving": ["a"], "loading_s": None, "usual_s": None}]
        (waiting,) = state["waiting"]
        assert waiting.keys() == {"model", "waited_s", "position", "sentence"}
        assert (waiting["model"], waiting["position"]) == ("b", None)
        assert waiting["sentence"] == "waiting 0 s: a is stopping; then load b"
        assert 0 <= waiting["waited_s"] < 5
        it.processes["a"].holds_stop.set()
        await until(lambda: it.processes["b"].starts, "b starts")
        (load,) = (await it.get_json("/api/desktop/state"))["loads"]
        assert load["leaving"] == []
        assert 0 <= load["loading_s"] < 5
        queued = asyncio.ensure_future(it.core.acquire(ModelId("a")))
        await until(lambda: len(it.core.waiting()) == 2, "a waits too")
        assert (await it.get_json("/api/desktop/state"))["waiting"][1]["position"] == 1
        it.processes["b"].go_on()
        (await wanted).release()
        (await queued).release()


async def test_devices(tmp_path):
    async with served(tmp_path, TWO_MODELS + MONITORED) as it, it.feed("/api/desktop/events") as feed:
        assert (await feed.event())[1]["devices"] == []
        await it.sampler.read_gpus()  # behind the program's own first look, which would see that there are none
        now = datetime.now(UTC)
        it.sampler._devices = (GpuDevice(0, "RTX", util_pct=12.5, mem_used_bytes=1, mem_total_bytes=2),)
        system = SystemSample(now, cpu_util_per_core=(10.0, 20.0), mem_total_mb=4, mem_used_mb=1)
        it.sampler._keep(Sample(now, system, (GpuSample(now, 0, "RTX", "", 0, 0, 0.0, 0.0, 0, 0, 0.0, 0.0),)))
        devices = [
            {"id": "gpu0", "name": "RTX", "mem_used_bytes": 1, "mem_total_bytes": 2, "util_pct": 12.5},
            {"id": "ram", "name": "System", "mem_used_bytes": 1 << 20, "mem_total_bytes": 4 << 20, "util_pct": 15.0},
        ]
        assert (await it.get_json("/api/desktop/state"))["devices"] == devices
        kind, data = await feed.until(lambda event: event[0] == "devices", "devices")
        assert data["devices"] == devices


async def test_feed_is_the_state_and_every_change(tmp_path):
    async with served(tmp_path, CONFIG) as it, it.feed("/api/desktop/events") as feed:
        assert feed.answer.headers["Content-Type"] == "text/event-stream"
        assert feed.answer.headers["X-Accel-Buffering"] == "no"
        picture = Picture()
        picture.take(await feed.event())
        assert picture.kinds == ["state"]
        seen = []

        async def until(is_there, name):
            await follow(it, feed, picture, is_there, name)
            seen.append(name)

        await it.load("a")
        await until(lambda state: model_in(state, "a")["state"] == "ready", "a is ready")
        await it.command("pin", {"model": "a"})
        await until(lambda state: model_in(state, "a")["is_pinned"], "a is pinned")
        await it.command("set_profile", {"name": "work"})
        await until(lambda state: state["profile"] == "work", "work is active")
        it.core.execute(PauseModels(60))
        await until(lambda state: (state["paused"] or {}).get("left_s", 0) > 50, "models are paused")
        it.core.execute(ResumeModels())
        await until(lambda state: state["paused"] is None, "models are not paused")
        await it.command("set_group", {"group": "(default)", "swap": False})
        await until(lambda state: state["groups"][0]["is_overridden"], "the group is changed")
        it.file.write_text(TWO_MODELS.replace("b: {cmd", "c: {cmd"))
        await it.command("reload")
        await until(lambda state: [model["id"] for model in state["models"]] == ["a", "c"], "other models")
        await until(lambda state: not state["problems"] and state["profile"] is None, "the rest of it")
        now = await it.get_json("/api/desktop/state")
        await follow(it, feed, picture, lambda state: {**state, "rev": 0} == {**now, "rev": 0}, "the same picture")
        assert {"state", "model", "models", "profile", "paused", "groups", "problems"} <= set(picture.kinds)


async def test_short_states_are_not_hidden(tmp_path):
    async with served(tmp_path) as it, it.feed("/api/desktop/events") as feed:
        await feed.event()
        for state in (ProcessState.STARTING, ProcessState.STOPPED, ProcessState.STARTING):
            it.processes["a"].change(state)
        states = []
        while len(states) < 3:
            kind, data = await feed.until(lambda event: event[0] == "model", "a model")
            states.append(data["model"]["state"])
        assert states == ["starting", "stopped", "starting"]


async def test_slow_client_gets_a_fresh_state(tmp_path):
    async with served(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=4096)
        writer.write(b"GET /api/desktop/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: it.app._api._streams._open, "the stream is open")
        (stream,) = it.app._api._streams._open
        process = it.processes["a"]
        stream._most_queued = 16  # a thousand would take the test a while

        def overflows():
            for number in range(16):
                it.core._problems[ModelId("a")] = f"{number} {'x' * 50_000}"
                process.change(ProcessState.STARTING)
                process.change(ProcessState.STOPPED)
            return stream._is_overflown

        await until(overflows, "the client has fallen behind")
        it.core._problems[ModelId("a")] = "the last"
        data = b""
        async with asyncio.timeout(10):
            while b"the last" not in data.rpartition(b"event: state")[2]:
                data += await reader.read(1 << 20)
        assert data.count(b"event: state") >= 2
        writer.close()


def test_changes_name_members_of_the_state():
    names = {field.name for field in msgspec.structs.fields(State)}
    some = {name: [] for name in names} | {"rev": 1}
    other = {name: [1] for name in names - {"models"}} | {"rev": 2, "models": []}
    assert {name for name, _ in changes(State(**some), State(**other))} == names - {"rev", "models"}


async def test_client_that_leaves_leaves_nothing_behind(tmp_path):
    async with served(tmp_path) as it:
        before = len(it.core._bus._listeners), len(it.core._watchers._watchers)
        async with it.feed("/api/desktop/events") as feed:
            await feed.event()
            feed.answer.close()
        await until(lambda: not it.app._api._streams._open, "the stream is closed")
        assert (len(it.core._bus._listeners), len(it.core._watchers._watchers)) == before


async def test_time_until_a_model_is_unloaded_is_told_when_it_is_another(tmp_path):
    config = TWO_MODELS.replace("run a,", "run a, ttl: 300,")
    async with served(tmp_path, config) as it:
        await it.load("a")
        async with it.feed("/api/desktop/events") as feed:
            _, state = await feed.event()
            first = model_in(state, "a")["unloads_in_s"]
            assert 290 < first <= 300
            assert model_in(state, "b")["unloads_in_s"] is None
            look = it.app._api.answers["GET", "/api/desktop/state"].__self__._now
            assert not list(changes(look(), look())), "that time has passed is no news"
            lease = await it.core.acquire(ModelId("a"))
            await feed.until(
                lambda event: event[0] == "model" and event[1]["model"]["unloads_in_s"] is None, "it works"
            )
            lease.release()
            _, news = await feed.until(lambda event: event[0] == "model" and event[1]["model"]["unloads_in_s"], "idle")
            assert news["model"]["unloads_in_s"] > 290
