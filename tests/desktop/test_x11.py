"""What fills the screen, as an X server and a real window manager tell it."""

import asyncio
import contextlib
import os
import socket
import struct

import pytest

from llamaswap_desktop.desktop.senses.x11 import X11Sense, cookie_of
from tests.needs import need

pytestmark = pytest.mark.linux

COOKIE = bytes(range(16))


def entry(display: bytes, name: bytes, data: bytes, family: int = 256) -> bytes:
    fields = (socket.gethostname().encode(), display, name, data)
    return struct.pack(">H", family) + b"".join(struct.pack(">H", len(field)) + field for field in fields)


@pytest.mark.parametrize(
    ("authority", "cookie"),
    [
        (b"", b""),
        (entry(b"0", b"MIT-MAGIC-COOKIE-1", COOKIE), b""),
        (entry(b"0", b"MIT-MAGIC-COOKIE-1", b"x") + entry(b"7", b"MIT-MAGIC-COOKIE-1", COOKIE), COOKIE),
        (entry(b"7", b"XDM-AUTHORIZATION-1", b"x") + entry(b"", b"MIT-MAGIC-COOKIE-1", COOKIE, 65535), COOKIE),
    ],
    ids=["no file", "of another display", "second entry", "of any display"],
)
def test_cookie(authority, cookie):
    assert cookie_of("7", authority) == cookie


@pytest.mark.parametrize("display", [None, "", ":", "elsewhere:0", ":no", ":98765"])
async def test_without_a_server_nothing_fills_the_screen(display):
    sense = X11Sense({} if display is None else {"DISPLAY": display})
    assert not await sense.is_on()
    await sense.close()


@contextlib.asynccontextmanager
async def running(*words: str, **settings):
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL, **settings)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def screen(folder):
    """An X server that asks for a cookie; yields the environment of its clients."""
    reading, writing = os.pipe()
    authority = folder / "authority"
    authority.write_bytes(entry(b"", b"MIT-MAGIC-COOKIE-1", COOKIE, 65535))
    words = ("-displayfd", str(writing), "-auth", str(authority), "-nolisten", "tcp", "-screen", "0", "320x240x24")
    async with running(need("Xvfb", "xvfb"), *words, pass_fds=(writing,)):
        os.close(writing)
        with open(reading) as told:
            number = (await asyncio.to_thread(told.readline)).strip()
        authority.write_bytes(entry(number.encode(), b"MIT-MAGIC-COOKIE-1", COOKIE))
        yield {"DISPLAY": f":{number}", "XAUTHORITY": str(authority), "PATH": os.environ["PATH"], "HOME": str(folder)}


async def told(sense: X11Sense, is_on: bool, act=lambda: None) -> None:
    """Wait for the system's word."""
    async with asyncio.timeout(10):
        act()
        while await sense.is_on() is not is_on:
            await asyncio.sleep(0.02)
            act()


@pytest.mark.child
async def test_real_window_manager_tells_of_a_window_that_fills_the_screen(tmp_path, monkeypatch):
    async with screen(tmp_path) as environment:
        sense = X11Sense(environment)
        assert not await sense.is_on(), "no window manager, no word"
        async with running(need("openbox", "openbox"), env=environment):
            from tests.desktop.x_window import Window  # Xlib is there on Linux only

            monkeypatch.setenv("XAUTHORITY", environment["XAUTHORITY"])
            window = Window(environment["DISPLAY"])
            for is_full in (True, False, True):
                # Said again and again: the window manager may not have taken the window yet.
                await told(sense, is_full, lambda is_full=is_full: window.fill_the_screen(is_full))
            window.close()
            await told(sense, False)
            window.disconnect()
        await sense.close()


@pytest.mark.child
async def test_server_that_refuses_us_or_goes_away_breaks_nothing(tmp_path):
    async with screen(tmp_path) as environment:
        stranger = X11Sense({**environment, "XAUTHORITY": "/nowhere"})
        assert not await stranger.is_on()
        sense = X11Sense(environment)
        assert not await sense.is_on()
        assert sense._server is not None
    assert not await sense.is_on()
    assert sense._server is None
    await stranger.close()
