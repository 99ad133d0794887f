"""A desktop's life with the program: pauses, groups, profiles, start at login, messages, a second start."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from llamaswap_desktop.tray.icon import IconState
from tests.needs import need
from tests.whole.desktop_session import HEIGHT, desktop_session
from tests.whole.program import BUNDLE_PROGRAM, Program, free_ports
from tests.whole.test_tray import in_the_tray, shows, stand_in

pytestmark = [pytest.mark.whole, pytest.mark.linux]

DEMO = f"{sys.executable} -m llamaswap_desktop demo-model --port ${{PORT}} --name"
NOTIFYD = "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"


def config_file(folder: Path) -> Path:
    """Two groups, two profiles, and one model that cannot start."""
    file = folder / "config.yaml"
    file.write_text(f"""
startPort: {free_ports()}
models:
  coder: {{cmd: "{DEMO} coder", name: Coder}}
  writer: {{cmd: "{DEMO} writer", name: Writer}}
  broken: {{cmd: "{sys.executable} -c exit(7) ${{PORT}}", name: Broken}}
groups:
  work: {{members: [coder, writer], swap: false}}
profiles:
  day: {{pins: {{default: coder}}}}
  night: {{pins: {{default: writer}}}}
""")
    return file


async def run(desktop, *words: str) -> tuple[int, str]:
    """Start the program once more, as from a terminal of this desktop; return its status and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "llamaswap_desktop", *words, env=desktop.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@contextlib.asynccontextmanager
async def a_server_beside_it(desktop, config: Path):
    """One of any number of instances without a tray."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "llamaswap_desktop", "serve", "--config", str(config), "--listen", "127.0.0.1:0",
        env=desktop.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    server = Program(process)
    try:
        await server.wait_until_it_serves()
        yield server
    finally:
        await server.close()


async def states(program) -> dict[str, str]:
    return {name: entry["state"] for name, entry in (await program.running()).items()}


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
async def test_groups_profiles_and_pause(tmp_path, dark):
    theme = "dark" if dark else "light"
    async with (
        desktop_session(tmp_path, dark=dark) as desktop,
        in_the_tray(desktop, "--config", str(config_file(tmp_path))) as program,
    ):
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)
        await desktop.open_menu()
        await desktop.go_to("Groups", "work", "0 of 2")
        desktop.keep_screenshot(f"desktop-groups-{theme}")
        await desktop.keys("Return")

        async def both_are_ready():
            return await states(program) == {"coder": "ready", "writer": "ready"}

        await program.until(both_are_ready, "the whole group is loaded")
        await shows(desktop, IconState.READY)

        await desktop.open_menu()
        await desktop.go_to("Profiles", "night")
        await desktop.keys("Return")

        async def night_is_active():
            return (await run(desktop, "profile"))[1] == "  day\n* night\n"

        await program.until(night_is_active, "the profile is active")

        await desktop.open_menu()
        await desktop.go_to("Models", "Coder")
        desktop.keep_screenshot(f"desktop-models-{theme}")
        await desktop.keys("Escape", "Escape")

        await desktop.open_menu()
        await desktop.go_to("Pause and free")
        await desktop.keys("Return")
        await shows(desktop, IconState.PAUSED)

        async def nothing_runs():
            return await states(program) == {}

        await program.until(nothing_runs, "the GPU is free")
        assert (await program.chat("coder"))[0] == 503
        await desktop.open_menu()
        await desktop.go_to("Paused")
        desktop.keep_screenshot(f"desktop-paused-{theme}")
        await desktop.keys("Return")
        await shows(desktop, IconState.IDLE)
        assert (await program.chat("coder"))[0] == 200


async def test_group_switch_is_kept_over_a_restart(tmp_path):
    file = str(config_file(tmp_path))
    async with desktop_session(tmp_path) as desktop:
        async with in_the_tray(desktop, "--config", file) as program:
            await program.wait_until_it_serves()
            await shows(desktop, IconState.IDLE)
            await desktop.open_menu()
            await desktop.go_to("Groups", "work", "Swap")
            await desktop.keys("Return")
            kept = tmp_path / ".config/llamaswap-desktop/settings.yaml"

            async def is_kept():
                return kept.exists() and "swap: true" in kept.read_text()

            await program.until(is_kept, "the switch is in the settings")
            assert (await run(desktop, "quit"))[0] == 0
            assert await program.ended() == 0
        async with in_the_tray(desktop, "--config", file) as program:
            await program.wait_until_it_serves()
            assert (await program.chat("coder"))[0] == 200
            assert (await program.chat("writer"))[0] == 200
            assert await states(program) == {"writer": "ready"}, "they swap"
            assert "swap: false" in Path(file).read_text(), "the user's own file is as it was"


async def test_start_at_login_is_the_systems_truth(tmp_path):
    entry = tmp_path / ".config/autostart/llamaswap-desktop.desktop"
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)
        assert not entry.exists()

        async def click(fact, name):
            await desktop.open_menu()
            await desktop.go_to("Start at login")
            await desktop.keys("Return")
            await desktop.until(fact, name)

        async def is_there():
            return entry.exists() and "Hidden" not in entry.read_text()

        async def is_gone():
            return not entry.exists()

        await click(is_there, "the entry is there")
        [tried] = re.findall("^TryExec=(.+)$", entry.read_text(), re.MULTILINE)
        assert os.access(tried, os.X_OK), "and inert as soon as the program is gone"
        entry.write_text(entry.read_text() + "Hidden=true\n")  # as the desktop's own settings do it
        await desktop.open_menu()
        await desktop.go_to("Start at login")
        desktop.keep_screenshot("desktop-login-switched-off-elsewhere")
        await desktop.keys("Return")
        await desktop.until(is_there, "a click switches it on again")
        await click(is_gone, "the entry has vanished")


async def test_second_start_brings_up_the_dashboard_of_the_first(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    browser = stand_in(programs, "xdg-open")
    async with desktop_session(tmp_path) as desktop:
        desktop.environment["PATH"] = f"{programs}:{desktop.environment['PATH']}"
        async with in_the_tray(desktop) as first:
            await first.wait_until_it_serves()
            assert (await run(desktop, "--autostart")) == (0, "")
            assert not browser.exists()
            status, said = await run(desktop)
            assert (status, said) == (0, f"llama-swap Desktop is running already: {first.address}/ui/\n")

            async def is_opened():
                return browser.exists()

            await desktop.until(is_opened, "the browser is called")
            assert browser.read_text() == f"{first.address}/ui/\n"

            async with a_server_beside_it(desktop, config_file(tmp_path)):
                assert f"serves on {first.address} (tray" in (await run(desktop, "status"))[1], "the tray's is meant"


async def test_crashed_one_does_not_block_the_next(tmp_path):
    async with desktop_session(tmp_path) as desktop:
        async with in_the_tray(desktop) as first:
            await first.wait_until_it_serves()
            first.process.send_signal(signal.SIGKILL)
            await first.ended()
            assert (await run(desktop, "status"))[0] == 3
        async with in_the_tray(desktop) as second:
            await second.wait_until_it_serves()
            await shows(desktop, IconState.IDLE)
            assert (await run(desktop, "list", "--names")) == (0, "demo-alice\ndemo-bob\n")


async def test_failed_load_is_told_by_the_desktops_own_service(tmp_path):
    need(NOTIFYD, "xfce4-notifyd")
    async with (
        desktop_session(tmp_path) as desktop,
        in_the_tray(desktop, "--config", str(config_file(tmp_path))) as program,
    ):
        await desktop.start_notifications(NOTIFYD)
        await program.wait_until_it_serves()
        assert (await run(desktop, "load", "broken", "--wait"))[0] == 1

        async def is_told():
            return await desktop.notifications()

        await desktop.until(is_told, "a message is on the screen")
        await asyncio.sleep(0.5)  # it fades in
        desktop.keep_screenshot("desktop-notification")
        assert len(await desktop.notifications()) == 1


@pytest.mark.skipif(BUNDLE_PROGRAM is not None, reason="nothing can be planted in a bundle")
async def test_mistake_in_a_thread_is_shown_and_logged_and_the_program_goes_on(tmp_path):
    need(NOTIFYD, "xfce4-notifyd")
    folder, sign = tmp_path / "first", tmp_path / "go"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"""
import pathlib, sys, threading, time
def fail():
    while not pathlib.Path({str(sign)!r}).exists():
        time.sleep(0.05)
    raise ZeroDivisionError("nobody expected that")
if "--internal-guard" not in sys.orig_argv and "demo-model" not in sys.orig_argv:
    threading.Thread(target=fail, name="planted", daemon=True).start()
""")
    async with desktop_session(tmp_path) as desktop:
        await desktop.start_notifications(NOTIFYD)
        desktop.environment["PYTHONPATH"] = f"{folder}:{desktop.environment.get('PYTHONPATH', '')}"
        async with in_the_tray(desktop) as program:
            await program.wait_until_it_serves()
            await shows(desktop, IconState.IDLE)
            sign.touch()
            await shows(desktop, IconState.ERROR)
            await desktop.until(desktop.notifications, "it is told")
            await asyncio.sleep(0.5)  # the message fades in
            desktop.keep_screenshot("desktop-unexpected")
            assert "unexpected error in planted" in program.log
            assert "ZeroDivisionError: nobody expected that" in program.log
            assert (await program.chat("demo-alice"))[0] == 200
            await shows(desktop, IconState.READY)


async def test_start_at_login_is_quiet_and_cheap(tmp_path):
    need(NOTIFYD, "xfce4-notifyd")
    programs = tmp_path / "programs"
    programs.mkdir()
    browser = stand_in(programs, "xdg-open")
    async with desktop_session(tmp_path) as desktop:
        await desktop.start_notifications(NOTIFYD)
        desktop.environment["PATH"] = f"{programs}:{desktop.environment['PATH']}"
        async with in_the_tray(desktop, "--autostart") as program:
            await program.wait_until_it_serves()
            await shows(desktop, IconState.IDLE)
            spent = psutil.Process(program.process.pid).cpu_times()
            assert await program.running() == {}, "no model is loaded"
            assert await desktop.notifications() == []
            assert not browser.exists(), "no window"
            assert spent.user + spent.system < 1.5, "a second on a computer that does nothing else"


def two_hundred_models(folder: Path) -> Path:
    """Many of one family, as a shelf of quantisations is; one group beside the rest."""
    names = [f"{family}-{number}b" for family in ("gemma", "llama", "mistral", "phi") for number in range(30)]
    names += [f"qwen3-{number}b" for number in range(80)]
    models = "".join(f'  {name}: {{cmd: "{DEMO} {name}"}}\n' for name in names)
    file = folder / "config.yaml"
    file.write_text(
        f"startPort: {free_ports()}\nmodels:\n{models}groups:\n  coding: {{members: [{', '.join(names[:60])}]}}\n"
    )
    return file


async def test_two_hundred_models_stay_usable(tmp_path):
    file = two_hundred_models(tmp_path)
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop, "--config", str(file)) as program:
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)
        await desktop.open_menu()
        await desktop.go_to("Models", "Models in no group", "qwen3-20b", "qwen3-23b")
        desktop.keep_screenshot("desktop-200-models")
        assert all(height <= HEIGHT for _, _, _, height in await desktop.menus()), "each list fits on the screen"
        await desktop.keys("Return")

        async def is_ready():
            return await states(program) == {"qwen3-23b": "ready"}

        await program.until(is_ready, "the click has loaded it")
