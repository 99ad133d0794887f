"""The plain page's server side, in the whole program: its routes, its verbs, and who may use them."""

import json
import signal

import pytest

from tests.whole.program import running_program
from tests.whole.test_life import config, model

pytestmark = [pytest.mark.whole, pytest.mark.linux]


async def models_of(program) -> dict[str, dict]:
    status, text = await program.get("/api/desktop/state")
    assert status == 200
    return {entry["id"]: entry for entry in json.loads(text)["models"]}


async def test_ways_to_the_page(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        for path, status, location in (("/", 302, "/ui"), ("/ui", 307, "/ui/")):
            async with program.session.get(program.address + path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (status, location)
        status, html = await program.get("/")
        assert status == 200
        assert "<title>llama-swap Desktop</title>" in html
        status, _ = await program.get("/favicon.ico")
        assert status == 200
        await models_of(program)
        await program.has_logged_all()
        assert "/api/desktop/state" not in program.log


async def test_load_and_unload_by_verbs(tmp_path):
    async with running_program(tmp_path, config(model("m"), model("n"))) as program:

        async def is_in(model_id, state):
            return (await models_of(program))[model_id]["state"] == state

        status, answer = await program.post("/api/desktop/commands/load", {"model": "m"})
        assert (status, answer["ok"]) == (200, True)
        await program.until(lambda: is_in("m", "ready"), "m is loaded")
        await program.post("/api/desktop/commands/load", {"model": "n"})
        await program.until(lambda: is_in("n", "ready"), "n has taken m's place")
        await program.post("/api/desktop/commands/unload", {"model": "n"})
        await program.until(lambda: is_in("n", "stopped"), "n is unloaded")
        await program.post("/api/desktop/commands/load", {"model": "n"})
        await program.until(lambda: is_in("n", "ready"), "n is loaded again")
        await program.post("/api/desktop/commands/unload_all", {})
        await program.until(lambda: is_in("n", "stopped"), "all are unloaded")


async def test_state_tells_why_a_model_failed(tmp_path):
    broken = "  b:\n    cmd: /nonexistent/server --port ${PORT}\n"
    async with running_program(tmp_path, config(broken)) as program:
        await program.post("/api/desktop/commands/load", {"model": "b"})

        async def has_failed():
            return "/nonexistent/server" in (await models_of(program))["b"]["problem"]

        await program.until(has_failed, "the failure is told")


@pytest.mark.parametrize(
    ("verb", "body", "status", "said"),
    [
        ("dance", {}, 404, "no command 'dance'"),
        ("load", {"model": "nope"}, 404, "model not found"),
        ("load", {}, 400, "model"),
        ("load", {"model": 3}, 400, "model"),
        ("unload", [], 400, "object"),
        ("unload_all", "x", 400, "object"),
    ],
)
async def test_nonsense_is_explained(tmp_path, verb, body, status, said):
    async with running_program(tmp_path, config(model("m"))) as program:
        answered, answer = await program.post(f"/api/desktop/commands/{verb}", body)
        assert answered == status
        assert said in answer["error"]["message"]


async def test_with_api_keys_page_and_verbs_need_one(tmp_path):
    async with running_program(tmp_path, "apiKeys: [secret]\n" + config(model("m"))) as program:
        for path in ("/ui/", "/ui/app.js", "/api/desktop/state"):
            assert (await program.get(path))[0] == 401
            assert (await program.get(path, headers={"x-api-key": "secret"}))[0] == 200
        assert (await program.post("/api/desktop/commands/unload_all", {}))[0] == 401
        assert (await program.get("/favicon.ico"))[0] == 200


async def test_it_is_told_who_else_may_command(tmp_path):
    """Whoever reaches the program from elsewhere may change its configuration, unless there is a key for that alone."""

    async def problems(program, key: str) -> str:
        state = json.loads((await program.get("/api/desktop/state", headers={"Authorization": f"Bearer {key}"}))[1])
        return " ".join(state["problems"])

    for keys, listen, said in (
        ("", "127.0.0.1:0", ""),
        ("", ":0", "anybody there may use the models and change its configuration: set desktop.adminKeys"),
        ("apiKeys: [k]\n", ":0", "whoever has an API key may change its configuration: set desktop.adminKeys"),
        ("apiKeys: [k]\ndesktop: {adminKeys: [a]}\n", ":0", ""),
    ):
        async with running_program(tmp_path, config(model("m")) + keys, "--listen", listen) as program:
            told = await problems(program, "k")
            assert said in told if said else not told
            if said:
                text = config(model("m")) + "apiKeys: [k]\ndesktop: {adminKeys: [a]}\n"
                (tmp_path / "config.yaml").write_text(text)
                program.process.send_signal(signal.SIGHUP)

                async def is_over():
                    return not await problems(program, "k")  # noqa: B023

                await program.until(is_over, "with an admin key there is nothing to be said")
