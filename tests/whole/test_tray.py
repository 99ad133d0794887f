"""The real thing: the program in a real panel, driven by mouse and keyboard, looked at on the screen."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from llamaswap_desktop.tray.icon import IconState, image
from tests.needs import need
from tests.whole.desktop_session import SYSTEM_PACKAGES, desktop_session, old_desktop_session
from tests.whole.program import BUNDLE_PROGRAM, Program, program_words

pytestmark = [pytest.mark.whole, pytest.mark.linux]


def marks_of(state: IconState) -> set[tuple[int, int, int]]:
    """The opaque colours that tell this icon from the others, at the sizes that the panels show."""

    def opaque(one: IconState) -> set[tuple[int, int, int]]:
        colours = [colour for size_px in (22, 24) for _, colour in image(one, size_px).getcolors(4096)]
        return {colour[:3] for colour in colours if colour[3] == 255}

    others = set().union(*(opaque(other) for other in IconState if other is not state))
    return opaque(state) - others


@contextlib.asynccontextmanager
async def in_the_tray(desktop, *words: str):
    """Start the program as a click on its launcher would."""
    process = await asyncio.create_subprocess_exec(
        *program_words(tray=True), "--listen", "127.0.0.1:0", *words,
        env=desktop.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    program = Program(process)
    try:
        yield program
    finally:
        await program.close()


async def shows(desktop, state: IconState, timeout_s: float = 15.0) -> None:
    wanted = marks_of(state)

    async def is_seen():
        return len(await desktop.icon_colours() & wanted) >= 3

    await desktop.until(is_seen, f"the icon on the screen is {state}", timeout_s)


async def test_a_model_is_loaded_from_the_menu_and_the_program_quit_from_it(tmp_path):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)

        await desktop.open_menu()
        desktop.keep_screenshot("tray-menu-idle")
        await desktop.keys("Down", "Right", "Return")  # Models, its submenu, the first model

        async def first_is_ready():
            return (await program.running()).get("demo-alice", {}).get("state") == "ready"

        await program.until(first_is_ready, "the click has loaded demo-alice")
        await shows(desktop, IconState.READY)

        await desktop.open_menu()
        await desktop.keys("Down", "Right")
        desktop.keep_screenshot("tray-menu-ready")
        await desktop.keys("Down", "Return")  # the second model: they swap

        async def second_is_ready():
            states = {name: entry["state"] for name, entry in (await program.running()).items()}
            return states == {"demo-bob": "ready"}

        await program.until(second_is_ready, "the click has swapped to demo-bob")

        await desktop.open_menu()
        await desktop.keys("Down", "Down", "Return")  # Free memory now

        async def nothing_runs():
            return not await program.running()

        await program.until(nothing_runs, "free memory has unloaded it")
        await shows(desktop, IconState.IDLE)

        await desktop.open_menu(button=3)
        await desktop.keys("Up", "Return")  # the last: Quit
        assert await program.ended() == 0
        assert "still at work" not in program.log

        async def icon_has_gone():
            return await desktop.icons_on_the_bus() == []

        await desktop.until(icon_has_gone, "no ghost icon")


def stand_in(folder: Path, name: str) -> Path:
    """Put a program called ``name`` into ``folder`` that keeps its words and what it reads; return where."""
    kept = folder / f"{name}.kept"
    script = folder / name
    script.write_text(f'#!/bin/sh\n{{ echo "$@"; cat; }} > {kept}.new && mv {kept}.new {kept}\n')
    script.chmod(0o755)
    return kept


async def test_dashboard_opens_in_the_browser_and_the_address_goes_to_the_clipboard(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    browser, clipboard = stand_in(programs, "xdg-open"), stand_in(programs, "xclip")
    async with desktop_session(tmp_path) as desktop:
        desktop.environment["PATH"] = f"{programs}:{desktop.environment['PATH']}"
        async with in_the_tray(desktop) as program:
            await program.wait_until_it_serves()
            await shows(desktop, IconState.IDLE)
            for label, kept, words in (
                ("Open dashboard", browser, f"{program.address}/ui/\n"),
                ("Copy address", clipboard, f"-selection clipboard\n{program.address}/v1"),
            ):
                await desktop.open_menu()
                await desktop.go_to(label)
                await desktop.keys(*["Right"] * (kept is clipboard), "Return")

                async def is_kept(kept=kept):
                    return kept.exists()

                await desktop.until(is_kept, f"{kept.stem} is called")
                assert kept.read_text() == words


async def test_open_menu_stays_open_while_things_change(tmp_path):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        await desktop.open_menu()
        before = await desktop.menus()
        assert (await program.chat("demo-alice"))[0] == 200
        assert (await program.chat("demo-bob"))[0] == 200
        await shows(desktop, IconState.READY)
        assert [window[:2] for window in await desktop.menus()] == [window[:2] for window in before]
        desktop.keep_screenshot("tray-menu-changed-while-open")


async def test_panel_that_crashes_and_comes_back_shows_the_icon_again(tmp_path):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        assert (await program.chat("demo-alice"))[0] == 200
        await shows(desktop, IconState.READY)
        await desktop.stop("xfce4-panel")
        assert (await program.chat("demo-alice"))[0] == 200
        await desktop.start_panel()
        await shows(desktop, IconState.READY)


async def test_bus_that_goes_away_leaves_the_models_served(tmp_path):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)
        await desktop.stop("dbus-daemon")
        assert (await program.chat("demo-alice"))[0] == 200

        async def has_given_up():
            return "going on without a tray icon" in program.log

        await program.until(has_given_up, "the log says that there is no icon any more", timeout_s=20)
        assert (await program.chat("demo-alice"))[0] == 200
        program.process.send_signal(signal.SIGTERM)
        assert await program.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_it_in_order_with_the_icon_gone(tmp_path, number):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        assert (await program.chat("demo-alice"))[0] == 200
        await shows(desktop, IconState.READY)
        children = psutil.Process(program.process.pid).children(recursive=True)
        program.process.send_signal(number)
        assert await program.ended(5) == 0
        assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert await desktop.icons_on_the_bus() == []


async def test_second_interrupt_ends_it_now(tmp_path):
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        async with program.stream("demo-alice", messages=[{"role": "user", "content": "word " * 2000}]) as answer:
            await answer.content.readline()
            program.process.send_signal(signal.SIGINT)

            async def is_stopping():
                return "stopping:" in program.log

            await program.until(is_stopping, "the first interrupt was taken")
            program.process.send_signal(signal.SIGINT)
            assert await program.ended(5) == 130


async def test_start_that_fails_is_shown_and_can_be_tried_again(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("models:\n  m:\n    cmd: x\n    ttl: soon\n")
    async with desktop_session(tmp_path) as desktop, in_the_tray(desktop, "--config", str(file)) as program:
        await shows(desktop, IconState.ERROR)
        await desktop.open_menu()
        desktop.keep_screenshot("tray-menu-error")
        file.write_text(f"models:\n  m:\n    cmd: {sys.executable} -m http.server ${{PORT}}\n")
        await desktop.keys("Down", "Return")  # the first entry that can be clicked: Try again
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE)


async def test_desktop_without_a_tray_is_served_all_the_same(tmp_path):
    async with desktop_session(tmp_path) as desktop:
        await desktop.stop("xfce4-panel")
        async with in_the_tray(desktop) as program:
            await program.wait_until_it_serves()

            async def has_said_so():
                return "this desktop shows none" in program.log

            await program.until(has_said_so, "the log says that there is no icon", timeout_s=15)
            assert (await program.chat("demo-alice"))[0] == 200
            assert program.log.count("no tray icon") == 1
            await desktop.start_panel()
            await shows(desktop, IconState.READY)


def need_gtk() -> None:
    """Skip for a bundle and where this Python cannot use the system's GTK; fail on CI if it could and there is none."""
    if BUNDLE_PROGRAM:
        pytest.skip("a bundle has no GTK")

    def answer(python: str, code: str) -> subprocess.CompletedProcess:
        environment = {"PYTHONPATH": SYSTEM_PACKAGES, "PATH": "/usr/bin:/bin"}
        words = [python, "-W", "ignore", "-c", code]
        return subprocess.run(words, env=environment, capture_output=True, check=False)

    version = "import sys; print(sys.version_info[:2])"
    if answer("/usr/bin/python3", version).stdout != answer(sys.executable, version).stdout:
        pytest.skip("GTK is there for the system's own Python only, and this is another one")
    if answer(sys.executable, "import gi; gi.require_version('Gtk', '3.0')").returncode:
        need("GTK for Python", "python3-gi gir1.2-gtk-3.0")


async def test_panel_of_the_old_kind_shows_an_icon_with_the_same_menu(tmp_path):
    need_gtk()
    async with old_desktop_session(tmp_path) as desktop, in_the_tray(desktop) as program:
        await program.wait_until_it_serves()
        await shows(desktop, IconState.IDLE, timeout_s=20)
        await desktop.open_menu()
        desktop.keep_screenshot("tray-menu-old-panel")
        await desktop.keys("Down", "Right", "Return")

        async def is_ready():
            return (await program.running()).get("demo-alice", {}).get("state") == "ready"

        await program.until(is_ready, "the click has loaded demo-alice")
        await shows(desktop, IconState.READY)
        await desktop.open_menu(button=3)
        await desktop.keys("Escape")
        program.process.send_signal(signal.SIGINT)
        assert await program.ended(5) == 0
