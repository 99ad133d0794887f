"""Keeps a source of GPU figures alive: one that dies is replaced, at first soon and then ever more rarely.

(llama-swap's GPU figures stop for good when their tool dies; runtime specification, section 14.16.)
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from llamaswap_desktop.monitor.gpu import GpuSource, ProcessBytes
from llamaswap_desktop.monitor.sample import GpuDevice

_log = logging.getLogger("llamaswap_desktop.monitor")

_ANSWER_S: Final = 5.0
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 300.0

ChooseSource = Callable[[], Awaitable[GpuSource | None]]


class GpuWatch:
    """The GPUs, whatever happens to drivers and tools.  Nothing here raises, and nothing takes longer than 5 s.

    ``now`` is a monotonic clock in seconds.
    """

    def __init__(
        self,
        choose: ChooseSource,
        *,
        now: Callable[[], float] = time.monotonic,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self._choose = choose
        self._now = now
        self._answer_s = answer_s
        self._source: GpuSource | None = None
        self._pause_s = 0.0
        self._try_at = 0.0
        self._had_source = False

    @property
    def source_name(self) -> str:
        """Where the figures come from at present, or nothing."""
        return self._source.name if self._source is not None else ""

    async def read(self) -> tuple[GpuDevice, ...]:
        """Return every device, or nothing while no source works."""
        source = await self._ensure_source()
        if source is None:
            return ()
        try:
            async with asyncio.timeout(self._answer_s):
                devices = await source.read()
        except Exception as error:  # noqa: BLE001 - whatever breaks in a driver must not end the sampling
            await self._lose(source, error)
            return ()
        self._pause_s = 0.0
        return devices

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        """Return what the processes hold, or None where nobody tells."""
        source = self._source
        if source is None:
            return None
        try:
            async with asyncio.timeout(self._answer_s):
                return await source.memory_of(pids)
        except Exception as error:  # noqa: BLE001 - as above
            await self._lose(source, error)
            return None

    async def close(self) -> None:
        """Let go of the source."""
        source, self._source = self._source, None
        if source is not None:
            await self._close(source)

    async def _ensure_source(self) -> GpuSource | None:
        if self._source is None and self._now() >= self._try_at:
            try:
                async with asyncio.timeout(2 * self._answer_s):
                    self._source = await self._choose()
            except Exception as error:  # noqa: BLE001 - as above
                _log.debug("looking for GPU figures: %s", error or "no answer")
            if self._source is None:
                self._wait_longer()
            elif self._had_source:
                _log.info("GPU figures come from %s again", self._source.name)
            self._had_source = self._had_source or self._source is not None
        return self._source

    async def _lose(self, source: GpuSource, error: Exception) -> None:
        if self._source is not source:
            return  # somebody else has noticed already
        self._source = None
        self._wait_longer()
        reason = "no answer" if isinstance(error, TimeoutError) else str(error)
        _log.warning("GPU figures from %s are gone (%s); looking again in %.0f s", source.name, reason, self._pause_s)
        await self._close(source)

    async def _close(self, source: GpuSource) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._answer_s):
                await source.close()

    def _wait_longer(self) -> None:
        self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s or _FIRST_PAUSE_S)
        self._try_at = self._now() + self._pause_s
