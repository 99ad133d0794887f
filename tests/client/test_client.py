"""The command line speaks to the running app: finds it, asks it, says what came of it, and ends with a status."""

import asyncio
import contextlib
import io
import json
import os
import subprocess

import pytest

from llamaswap_desktop import cli
from llamaswap_desktop.client import VERBS, Connection, NotRunning, Refused, find_instance, run_verb
from llamaswap_desktop.process import Kind
from llamaswap_desktop.process.run_file import RunFile
from llamaswap_desktop.types import ProcessState
from tests.waiting import until
from tests.web.served import TWO_MODELS, served

CONFIG = """
models:
  qwen: {cmd: run a, proxy: "http://127.0.0.1:1", aliases: [q]}
  gemma: {cmd: run b, proxy: "http://127.0.0.1:2"}
profiles:
  work: {pins: {qwen: qwen}}
"""


@contextlib.asynccontextmanager
async def running(tmp_path, config=TWO_MODELS):
    """The served app, with a run file as the program writes one."""
    async with served(tmp_path, config) as app:
        run_file = RunFile.create(tmp_path / "run", "a", Kind.TRAY)
        run_file.serve_on(app.core.snapshot().address)
        try:
            yield app
        finally:
            run_file.remove()


async def ask(tmp_path, verb, *words):
    """Carry out a verb beside the app's loop; return status, and what it printed."""

    def carry_out():
        out, problems = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(problems):
            status = run_verb(verb, words, tmp_path / "run")
        return status, out.getvalue() + problems.getvalue()

    return await asyncio.to_thread(carry_out)


async def test_status_says_what_is_going_on(tmp_path):
    async with running(tmp_path) as app:
        status, text = await ask(tmp_path, "status")
        assert status == 0
        address = app.core.snapshot().address
        assert text.splitlines()[0].endswith(f"serves on {address} (tray, process {os.getpid()})")
        assert "no model is loaded" in text
        status, text = await ask(tmp_path, "status", "--json")
        state = json.loads(text)
        assert (status, state["address"], [model["id"] for model in state["models"]]) == (0, address, ["a", "b"])


async def test_list_prints_columns_or_names(tmp_path):
    async with running(tmp_path):
        assert await ask(tmp_path, "list") == (0, "a  stopped\nb  stopped\n")
        assert await ask(tmp_path, "list", "--names") == (0, "a\nb\n")
        assert json.loads((await ask(tmp_path, "list", "--names", "--json"))[1]) == ["a", "b"]


async def test_load_and_unload(tmp_path):
    async with running(tmp_path) as app:
        app.processes["a"].holds = True
        assert await ask(tmp_path, "load", "a") == (0, "loading a\n")
        await until(lambda: app.core.state_of("a") is ProcessState.STARTING, "it starts")
        waiting = asyncio.ensure_future(ask(tmp_path, "load", "a", "--wait"))
        app.processes["a"].go_on()
        assert await waiting == (0, "a is ready\n")
        assert await ask(tmp_path, "unload", "a") == (0, "unloading a\n")
        await until(lambda: app.core.state_of("a") is ProcessState.STOPPED, "it stops")


async def test_plan_says_what_loading_would_unload(tmp_path):
    async with running(tmp_path) as app:
        nobody = "nobody  (group (default): swap on, exclusive on)"
        assert await ask(tmp_path, "plan", "a") == (
            0,
            f"loading a now would unload, by policy:\n  group (in force)  {nobody}\n",
        )
        await app.load("b")
        assert "  b  (group" in (await ask(tmp_path, "plan", "a"))[1]
        held = await app.core.acquire("b")
        assert "  b (once it has answered)  (group" in (await ask(tmp_path, "plan", "a"))[1]
        held.release()
        status, text = await ask(tmp_path, "plan", "a", "--json")
        assert (status, json.loads(text)["plans"][0]["leaving"]) == (0, ["b"])


async def test_load_that_fails_is_told_with_status_1(tmp_path):
    async with running(tmp_path) as app:
        app.processes["a"].fails = "it exited with code 7"
        status, text = await ask(tmp_path, "load", "a", "--wait")
        assert status == 1
        assert "it exited with code 7" in text


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("load", "nope"), 4, "model not found"),
        (("plan", "nope"), 4, "model not found"),
        (("plan",), 2, "usage: llamaswap-desktop plan"),
        (("profile", "nope"), 4, "nope"),
        (("logs", "nope"), 4, "there is no log of 'nope'"),
        (("settings", "nope"), 4, "there is no setting 'nope'"),
        (("settings", "theme", "red"), 1, "red"),
        (("settings", "theme.x"), 4, "there is no setting 'theme.x'"),
        (("settings", "pause.x"), 4, "there is no setting 'x' in pause: programs, games"),
        (("settings", "pause.games", "maybe"), 1, "games"),
        (("load",), 2, "usage: llamaswap-desktop load"),
        (("pause", "soon"), 2, "'soon' is no duration"),
        (("status", "--colour"), 2, "--colour"),
    ],
)
async def test_what_cannot_be_has_a_status_of_its_own(tmp_path, words, status, said):
    async with running(tmp_path):
        answered, text = await ask(tmp_path, *words)
        assert (answered, said in text) == (status, True), text


async def test_errors_are_json_too(tmp_path):
    status, text = await ask(tmp_path, "status", "--json")
    assert (status, json.loads(text)) == (3, {"error": "llama-swap Desktop is not running"})


async def test_pause_profile_and_pin(tmp_path):
    async with running(tmp_path, CONFIG) as app:
        assert (await ask(tmp_path, "pause", "15m"))[0] == 0
        assert 890 < app.core.snapshot().paused.left_s <= 900
        assert "paused for another 15 min" in (await ask(tmp_path, "status"))[1]
        assert (await ask(tmp_path, "resume"))[0] == 0
        assert app.core.snapshot().paused is None
        assert await ask(tmp_path, "profile") == (0, "  work\n")
        assert (await ask(tmp_path, "profile", "work"))[0] == 0
        assert await ask(tmp_path, "profile") == (0, "* work\n")
        assert (await ask(tmp_path, "profile", "--none"))[0] == 0
        assert app.core.snapshot().profile is None
        assert (await ask(tmp_path, "pin", "q"))[0] == 0
        assert "pinned" in (await ask(tmp_path, "list"))[1]
        assert (await ask(tmp_path, "unpin", "qwen"))[0] == 0


async def test_reload_tells_what_is_wrong(tmp_path):
    async with running(tmp_path) as app:
        assert (await ask(tmp_path, "reload"))[0] == 0
        app.file.write_text("models:\n  a: {ttl: soon}\n")
        status, text = await ask(tmp_path, "reload")
        assert status == 1
        assert "config.yaml:2:" in text


async def test_settings_are_shown_and_changed(tmp_path):
    async with running(tmp_path):
        assert await ask(tmp_path, "settings", "theme") == (0, "auto\n")
        assert await ask(tmp_path, "settings", "theme", "dark") == (0, "dark\n")
        assert (await ask(tmp_path, "settings", "notifications", "false"))[0] == 0
        assert await ask(tmp_path, "settings", "pause.programs", '["game"]') == (0, '["game"]\n')
        assert await ask(tmp_path, "settings", "pause.games", "true") == (0, "true\n")
        assert (await ask(tmp_path, "settings", "pause"))[1].startswith('{"programs":["game"],"games":true,')
        assert await ask(tmp_path, "settings", "folders.logs", "/x") == (0, "/x\n")
        text = (tmp_path / "settings.yaml").read_text()
        assert "theme: dark\n" in text
        assert "notifications: false\n" in text
        assert "theme: dark\n" in (await ask(tmp_path, "settings"))[1]


async def test_logs_at_once_and_as_they_grow(tmp_path):
    async with running(tmp_path) as app:
        app.logs.model("a").write(b"it begins\n")
        assert (await ask(tmp_path, "logs", "a"))[1] == "it begins\n"
        assert "serves on" in (await ask(tmp_path, "logs"))[1]
        assert (await ask(tmp_path, "logs", "a", "--json"))[1] == '"it begins"\n'
        following = asyncio.ensure_future(ask(tmp_path, "logs", "a", "-f"))
        await until(lambda: app.logs.model("a")._followers, "somebody follows")
        app.logs.model("a").write(b"it goes on\n")
        app.app._api.end_streams()
        status, text = await following
        assert (status, text.splitlines()[0]) == (0, "it begins")


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
async def test_log_is_printed_whole_whatever_its_length(tmp_path, words):
    async with running(tmp_path) as app:
        log = app.logs.model("a")
        assert await ask(tmp_path, "logs", "a", *words) == (0, "")
        line = "x" + "\u00fc\u20ac" * 9_000  # no power of two divides its characters
        log.write(f"{line}\n{line}".encode())
        status, text = await ask(tmp_path, "logs", "a", *words)
        lines = [json.loads(said) for said in text.splitlines()] if words else text.split("\n")
        assert (status, lines) == (0, [line, line])


async def test_line_that_comes_in_pieces_is_one_line(tmp_path):
    async with running(tmp_path) as app:
        log = app.logs.model("a")
        log.write(b"half \xe2")
        following = asyncio.ensure_future(ask(tmp_path, "logs", "a", "-f", "--json"))
        await until(lambda: log._followers, "somebody follows")
        log.write(b"\x82\xac\r\nlast")
        log.close()
        assert await following == (0, '"half \u20ac"\n"last"\n')


async def test_token_opens_what_needs_an_admin_key(tmp_path):
    async with served(tmp_path, TWO_MODELS + "apiKeys: [k]\ndesktop: {adminKeys: [secret]}\n") as app:
        address = app.core.snapshot().address
        with pytest.raises(Refused, match="nauthorized"):
            await asyncio.to_thread(Connection(address, "").get, "/api/desktop/state")
        with pytest.raises(Refused, match="admin key required"):
            await asyncio.to_thread(Connection(address, "k").post, "/api/desktop/commands/unload_all", {})
        answer = await asyncio.to_thread(Connection(address, "secret").post, "/api/desktop/commands/unload_all", {})
        assert answer["ok"]


# -- finding it


def test_the_trays_instance_else_the_only_one_else_the_one_that_is_named(tmp_path):
    with pytest.raises(NotRunning, match="is not running"):
        find_instance(tmp_path)
    one = RunFile.create(tmp_path, "a")
    with pytest.raises(NotRunning, match=f"process {os.getpid()}.*does not serve"):
        find_instance(tmp_path)
    one.serve_on("http://127.0.0.1:1")
    assert find_instance(tmp_path).address == "http://127.0.0.1:1"
    two = RunFile.create(tmp_path, "b")
    two.serve_on("http://127.0.0.1:2")
    with pytest.raises(NotRunning, match="--address: http://127.0.0.1:1, http://127.0.0.1:2"):
        find_instance(tmp_path)
    assert find_instance(tmp_path, "127.0.0.1:2/").token == two.token
    assert find_instance(tmp_path, "http://elsewhere:3").token == ""
    tray = RunFile.create(tmp_path, "c", Kind.TRAY)
    tray.serve_on("http://127.0.0.1:3")
    assert find_instance(tmp_path).token == tray.token
    for run_file in (one, two, tray):
        run_file.remove()


def test_nobody_answers(tmp_path):
    with pytest.raises(NotRunning, match="http://127.0.0.1:1 does not answer"):
        Connection("http://127.0.0.1:1", "").get("/")


# -- completion


def test_command_line_knows_every_verb():
    assert set(VERBS) == cli._CLIENT_VERBS


@pytest.mark.child
@pytest.mark.linux
async def test_bash_takes_its_completion(tmp_path):
    status, script = await ask(tmp_path, "completion", "bash")
    assert status == 0
    ask_bash = 'COMP_WORDS=(llamaswap-desktop re); COMP_CWORD=1; _llamaswap_desktop; echo "${COMPREPLY[@]}"'
    answer = subprocess.run(["bash", "-c", script + ask_bash], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["resume", "reload"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
async def test_other_shells_have_one_too(tmp_path, shell):
    status, script = await ask(tmp_path, "completion", shell)
    assert status == 0
    assert all(verb in script for verb in VERBS)
