"""What the user's session does around the program: another program in full screen, sleep, the end of the computer."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path

import pytest

from llamaswap_desktop.tray.icon import IconState
from tests.desktop.played_logind import PlayedLogind
from tests.desktop.x_window import Window
from tests.tray.sni.bus_daemon import session_bus
from tests.whole.desktop_session import desktop_session
from tests.whole.program import free_ports
from tests.whole.test_desktop import run, states
from tests.whole.test_life import RESPONDER, alive, descendants
from tests.whole.test_tray import in_the_tray, shows

pytestmark = [pytest.mark.whole, pytest.mark.linux]

SESSION_PATIENCE_S = 5.0
"""So long do logind and Windows wait."""


def config_file(folder: Path) -> Path:
    """A model that ends when it is asked to, and one that does not hear."""
    command = f"{sys.executable} {RESPONDER} --port ${{PORT}} --name"
    file = folder / "config.yaml"
    file.write_text(f"""
startPort: {free_ports()}
models:
  good: {{cmd: "{command} good --chunk-delay 0.1"}}
  deaf: {{cmd: "{command} deaf --deaf"}}
groups:
  all: {{members: [good, deaf], swap: false}}
""")
    return file


def set_for(home: Path, text: str) -> None:
    settings = home / ".config/llamaswap-desktop/settings.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text(text)


async def told_to_wait(played: PlayedLogind) -> None:
    await asyncio.to_thread(played.give_inhibitors)


@contextlib.asynccontextmanager
async def under_logind(home: Path):
    """Run the program where logind is played, and has been told to wait for it; give both."""
    system = home / "system"
    system.mkdir()
    async with session_bus(system) as bus, desktop_session(home) as desktop:
        played = PlayedLogind(bus.address)
        desktop.environment["DBUS_SYSTEM_BUS_ADDRESS"] = bus.address
        async with in_the_tray(desktop, "--config", str(config_file(home))) as program:
            await told_to_wait(played)
            await program.wait_until_it_serves()
            yield played, program
        played.end()


async def test_end_of_the_computer_is_not_held_up_and_leaves_no_model(tmp_path):
    async with under_logind(tmp_path) as (played, program):
        assert (await program.chat("deaf"))[0] == 200
        async with program.stream("good", max_tokens=500) as answer:
            await answer.content.readline()
            children = descendants(program.process.pid)
            began = time.monotonic()
            played.say("PrepareForShutdown", True)
            assert await program.ended(10) == 0
            took_s = time.monotonic() - began
        assert took_s < SESSION_PATIENCE_S
        assert not played.is_held(0)
        assert not [child for child in children if alive(child)]


@pytest.mark.parametrize("is_wanted", [True, False], ids=["wanted", "not wanted"])
async def test_models_leave_before_the_computer_sleeps_if_that_is_wanted(tmp_path, is_wanted):
    set_for(tmp_path, f"unloadBeforeSleep: {str(is_wanted).lower()}\n")
    async with under_logind(tmp_path) as (played, program):
        assert (await program.chat("good"))[0] == 200
        played.say("PrepareForSleep", True)

        async def may_sleep():
            return not played.is_held(0)

        await program.until(may_sleep, "the computer may sleep")
        assert await states(program) == ({} if is_wanted else {"good": "ready"}), "and not before"
        played.say("PrepareForSleep", False)
        await told_to_wait(played)
        assert (await program.chat("good"))[0] == 200, "nothing hangs afterwards"


async def test_models_make_room_for_a_program_in_full_screen(tmp_path):
    set_for(tmp_path, "pause: {fullScreen: true}\n")
    async with (
        desktop_session(tmp_path) as desktop,
        in_the_tray(desktop, "--config", str(config_file(tmp_path))) as program,
    ):
        await desktop.start_window_manager()
        await program.wait_until_it_serves()
        assert (await program.chat("good"))[0] == 200
        window = Window(desktop.environment["DISPLAY"])

        async def is_paused():
            window.fill_the_screen(True)  # said again and again: it may not have been taken into care yet
            return "paused for a program in full screen" in (await run(desktop, "status"))[1]

        await program.until(is_paused, "the screen is full", timeout_s=15)
        assert await states(program) == {}
        assert (await program.chat("good"))[0] == 503
        window.fill_the_screen(False)
        await shows(desktop, IconState.IDLE)
        assert (await program.chat("good"))[0] == 200
        window.close()
        window.disconnect()


@pytest.mark.timeout(120)
async def test_models_make_room_for_a_program_that_takes_the_gpu(tmp_path):
    tools, used = tmp_path / "tools", tmp_path / "used"
    tools.mkdir()
    used.write_text("900")
    tool = tools / "nvidia-smi"
    tool.write_text(f"""#!/bin/sh
case "$*" in *compute-apps*) exit 0;; esac
while true; do echo "1, 0, Fake, GPU-1, 50, 3, $(cat {used}), 24000, 30, 100"; sleep 0.5; done
""")
    tool.chmod(0o755)
    set_for(tmp_path, "pause: {gpuMemoryMib: 4000}\n")
    config = config_file(tmp_path)
    config.write_text(config.read_text() + "performance: {disabled: true}\n")
    async with desktop_session(tmp_path) as desktop:
        desktop.environment["PATH"] = f"{tools}:{desktop.environment['PATH']}"
        async with in_the_tray(desktop, "--config", str(config)) as program:
            await program.wait_until_it_serves()
            assert (await program.chat("good"))[0] == 200
            await shows(desktop, IconState.READY)
            used.write_text("9000")
            await shows(desktop, IconState.PAUSED, timeout_s=40)
            assert "paused for another program on the GPU" in (await run(desktop, "status"))[1]
            await desktop.open_menu()
            desktop.keep_screenshot("desktop-paused-by-rule")
            await desktop.keys("Escape")
            assert await states(program) == {}
