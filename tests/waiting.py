"""Waiting for a fact, instead of for a time."""

import asyncio
import time
from collections.abc import Callable


async def until(fact: Callable[[], object], name: str, timeout_s: float = 5.0, *, pause_s: float = 0.001) -> None:
    """Let the loop run until ``fact()`` is true; fail by ``name``.  With a pause of 0 no turn of the loop is missed."""
    try:
        async with asyncio.timeout(timeout_s):
            while not fact():
                await asyncio.sleep(pause_s)
    except TimeoutError:
        raise AssertionError(f"after {timeout_s} s still not true: {name}") from None


def wait_until(fact: Callable[[], object], name: str, timeout_s: float = 20.0) -> None:
    """Wait without a loop until ``fact()`` is true; fail by ``name``."""
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline, f"after {timeout_s} s still not true: {name}"
        time.sleep(0.002)
