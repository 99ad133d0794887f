"""Readiness: what counts as ready, and how soon it is noticed."""

import asyncio
import contextlib

import pytest

from llamaswap_desktop.config import Timeouts
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.process.health import is_healthy, wait_until_healthy


@contextlib.asynccontextmanager
async def server(*answers: bytes):
    """Answers the first request with the first of ``answers`` and so on, the last one for ever."""
    asked = []

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked.append(head.split(b" ")[1].decode())
                writer.write(answers[min(len(asked), len(answers)) - 1])
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/base", timeouts=Timeouts())
    try:
        yield upstream, asked
    finally:
        upstream.close()
        listening.close()


def answer(status: int, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: 2\r\n\r\nno".encode()


@pytest.mark.parametrize(
    ("reply", "ready"),
    [
        (answer(200), True),
        (answer(201), False),
        (answer(302, "Location: /ok\r\n"), False),
        (answer(401), False),
        (answer(503), False),
        (b"HTTP/1.1 204 X\r\n\r\n", False),
        (b"nonsense\r\n\r\n", False),
        (b"", False),
    ],
)
async def test_only_200_is_ready(reply, ready):
    async with server(reply) as (upstream, _):
        assert await is_healthy(upstream, "/health", timeout_s=0.2) is ready


async def test_path_is_put_behind_that_of_the_address():
    async with server(answer(200)) as (upstream, asked):
        assert await is_healthy(upstream, "health", timeout_s=2)
        assert asked == ["/base/health"]


async def test_first_200_ends_the_wait():
    async with server(answer(503), answer(503), answer(200)) as (upstream, asked):
        assert await wait_until_healthy(upstream, "/health", limit_s=10, is_stalled=lambda: False)
        assert len(asked) == 3


async def test_limit_ends_the_wait():
    async with server(answer(503)) as (upstream, _):
        assert not await wait_until_healthy(upstream, "/health", limit_s=0.05, is_stalled=lambda: False)


async def test_stall_ends_the_wait():
    async with server(answer(503)) as (upstream, asked):
        assert not await wait_until_healthy(upstream, "/health", limit_s=60, is_stalled=lambda: len(asked) >= 2)


async def test_pauses_grow_from_ten_to_two_hundred_and_fifty_milliseconds(monkeypatch):
    """A model that is ready within 0.6 s is noticed at most 30 ms late."""
    clock = [0.0]
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)
        clock[0] += seconds

    async def never(*_arguments, **_settings):
        return False

    health = "llamaswap_desktop.process.health"
    monkeypatch.setattr(f"{health}.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(f"{health}.asyncio.sleep", pause)
    monkeypatch.setattr(f"{health}.is_healthy", never)
    assert not await wait_until_healthy(None, "/", limit_s=20, is_stalled=lambda: False)
    at = 0.0
    for seconds in pauses[:-1]:
        assert seconds == min(max(at / 20, 0.01), 0.25)
        assert at > 0.6 or seconds <= 0.03
        at += seconds
