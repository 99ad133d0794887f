"""What stands around the router: preload, selectors, profiles, peers (runtime specification, section 5)."""

import asyncio
import json

import pytest

from tests.whole.program import free_ports, running_program
from tests.whole.test_life import model

pytestmark = [pytest.mark.whole, pytest.mark.linux]

TOGETHER = "groups: {all: {swap: false, exclusive: false, members: [a, b]}}\n"


def config(*models: str, more: str = "") -> str:
    return f"startPort: {free_ports()}\n{more}models:\n{''.join(models)}"


async def served_by(program, name: str) -> str:
    status, answer = await program.chat(name)
    assert status == 200, answer
    return answer["server"]


async def test_preload_goes_on_after_a_failure(tmp_path):
    hooks = "hooks: {on_startup: {preload: [broken, a, nobody, b]}}\n"
    text = config(model("a"), model("b"), model("broken", "--exit-after", "0"), more=TOGETHER + hooks)
    async with running_program(tmp_path, text) as program:

        async def both_are_ready():
            return {name: entry["state"] for name, entry in (await program.running()).items()} == {
                "a": "ready",
                "b": "ready",
            }

        await program.until(both_are_ready, "the others are loaded")
        assert "cannot preload broken" in program.log
        assert program.log.index("a: stopped -> starting") < program.log.index("b: stopped -> starting")


@pytest.mark.deviation
async def test_profile_is_chosen_at_runtime_and_survives_a_reload(tmp_path):
    profiles = "profiles: {night: {pins: {a: b, gone: '', b: ''}}, day: {pins: {a: a}}}\n"
    async with running_program(tmp_path, config(model("a"), model("b"), more=profiles)) as program:
        assert await served_by(program, "a") == "a"
        async with program.session.put(f"{program.address}/api/profiles/active", json={"name": "night"}) as answer:
            assert await answer.json() == {"active": "night"}
        assert await served_by(program, "a") == "b"
        assert (await program.chat("b"))[0] == 404, "a pin to nothing takes the name away"
        assert list(await program.running()) == ["b"], "status speaks of concrete models"
        await program.post("/api/desktop/commands/reload", {})

        async def is_reloaded():
            return "is in force" in program.log

        await program.until(is_reloaded, "the configuration has been read again")
        assert json.loads((await program.get("/api/profiles"))[1])["active"] == "night"
        async with program.session.put(f"{program.address}/api/profiles/active", json={"name": None}) as answer:
            assert await answer.json() == {"active": None}
        assert await served_by(program, "a") == "a"


async def test_selectors_choose_per_request(tmp_path):
    selectors = (
        "selectors:\n"
        "  first: {strategy: pin, targets: [b, a]}\n"
        "  loaded: {strategy: warm, targets: [a, b]}\n"
        "  spread: {strategy: spillover, targets: [a, b]}\n"
    )
    text = config(model("a", "--chunk-delay", "0.05"), model("b"), more=TOGETHER + selectors)
    async with running_program(tmp_path, text) as program:
        assert await served_by(program, "first") == "b"
        assert await served_by(program, "loaded") == "b", "only b is loaded"
        await program.post("/api/models/unload", {})
        async with program.stream("spread", max_tokens=40) as busy:
            await busy.content.readline()
            assert await served_by(program, "spread") == "b", "a is full"
        assert await served_by(program, "loaded") == "a", "the first in the list of those that are loaded"


async def test_second_instance_is_a_peer(tmp_path):
    far, near = tmp_path / "far", tmp_path / "near"
    far.mkdir()
    near.mkdir()
    async with running_program(far, config(model("m", "--chunk-delay", "0.01"), more="apiKeys: [far-key]\n")) as peer:
        peers = f"peers: {{far: {{proxy: '{peer.address}', models: [m], apiKey: far-key}}}}\n"
        async with running_program(near, config(model("own"), more=peers)) as program:
            for name in ("m", "far/m"):
                assert await served_by(program, name) == "m"
            async with program.stream("m", max_tokens=5) as answer:
                assert (await answer.text()).endswith("data: [DONE]\n\n")
            assert await program.running() == {}, "the scheduler never sees a peer's model"
            peer.process.terminate()
            assert await peer.ended() == 0
            status, answer = await program.chat("m")
            assert (status, answer["src"]) == (502, "llama-swap")
            assert answer["error"]["message"].startswith("peer proxy error: cannot connect")


async def test_request_for_a_peer_that_sleeps_waits_until_it_is_awake(tmp_path):
    far, near, port = tmp_path / "far", tmp_path / "near", free_ports(1)
    far.mkdir()
    near.mkdir()
    more = (
        f"peers: {{far: {{proxy: 'http://127.0.0.1:{port}', models: [m]}}}}\n"
        "desktop: {wakeOnLan: {far: {mac: '00:11:22:33:44:55', broadcast: 127.0.0.1, wait: 20}}}\n"
    )
    async with running_program(near, config(model("own"), more=more)) as program:
        asking = asyncio.get_running_loop().create_task(served_by(program, "m"))

        async def is_waking():
            return "peer far does not answer: waking it" in program.log

        async def is_told():
            return "peer far is awake" in program.log

        await program.until(is_waking, "the peer is being woken")
        async with running_program(far, config(model("m")), "--listen", f"127.0.0.1:{port}"):
            assert await asking == "m"
            await program.until(is_told, "the log says that it is awake")
