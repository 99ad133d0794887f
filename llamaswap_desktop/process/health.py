"""Readiness: asking a server that starts until it answers 200 (runtime specification, sections 2.5 and 14.8)."""

import asyncio
import time
from collections.abc import Callable

from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1 import Upstream, fetch

_ATTEMPT_S = 5.0
_SHORTEST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25


async def wait_until_healthy(upstream: Upstream, path: str, *, limit_s: float, is_stalled: Callable[[], bool]) -> bool:
    """Ask for ``path`` until the answer is 200; False when ``limit_s`` have passed or the load has stalled.

    The first look is at once, then the pauses grow with the time that has passed: a model that is ready within 0.6 s
    is noticed at most 30 ms late, any other at most 5 % of its load time, 250 ms at most.
    """
    began = time.monotonic()
    while (left := began + limit_s - time.monotonic()) > 0 and not is_stalled():
        if await is_healthy(upstream, path, timeout_s=min(_ATTEMPT_S, left)):
            return True
        elapsed = time.monotonic() - began
        pause = min(max(elapsed / 20, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
        await asyncio.sleep(min(pause, max(0.0, limit_s - elapsed)))
    return False


async def is_healthy(upstream: Upstream, path: str, *, timeout_s: float) -> bool:
    """Tell whether the server answers ``path`` with 200; anything else, 401 and 204 included, is not yet."""
    try:
        response = await fetch(upstream, path if path.startswith("/") else f"/{path}", timeout_s=timeout_s)
    except UpstreamFailed:
        return False
    return response.status == 200
