"""NVIDIA by its command line tool: one child that prints all devices every few seconds.

The second choice: ``gpu_nvml`` asks the library under this tool directly.  This is for systems where the library
cannot be loaded into our process.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost, parse_number
from llamaswap_desktop.monitor.sample import MIB, GpuDevice
from llamaswap_desktop.monitor.tool import Spawn, Tool, end_tool, output_of
from llamaswap_desktop.tasks import spawn as spawn_task

_FIELDS: Final = "count,index,name,uuid,temperature.gpu,utilization.gpu,memory.used,memory.total,fan.speed,power.draw"
_FORMAT: Final = "--format=csv,noheader,nounits"
_PROCESSES: Final = ("nvidia-smi", "--query-compute-apps=gpu_uuid,pid,used_gpu_memory", _FORMAT)


class NvidiaSmi:
    """Keeps ``nvidia-smi`` running and its newest complete moment at hand."""

    name = "nvidia-smi"

    def __init__(self, spawn: Spawn, *, every_s: float) -> None:
        self._spawn = spawn
        self._every_s = every_s
        self._tool: Tool | None = None
        self._reading: asyncio.Task[object] | None = None
        self._first = asyncio.Event()
        self._devices: tuple[GpuDevice, ...] = ()
        self._read_at = 0.0

    async def read(self) -> tuple[GpuDevice, ...]:
        if self._tool is None:
            await self._start()
        assert self._reading is not None
        if self._reading.done():
            raise SourceLost("nvidia-smi has ended")
        if not self._devices:
            await self._first.wait()
            if not self._devices:
                raise SourceLost("nvidia-smi ended without a figure")
        elif asyncio.get_running_loop().time() - self._read_at > 3 * self._every_s + 1:
            raise SourceLost("nvidia-smi has fallen silent")
        return self._devices

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        index_of = {device.uuid: device.index for device in self._devices}
        try:
            printed = await output_of(self._spawn, _PROCESSES)
        except (OSError, TimeoutError) as error:
            raise SourceLost(f"nvidia-smi: {error}") from error
        return parse_processes(printed, index_of, pids)

    async def close(self) -> None:
        if self._tool is not None:
            await end_tool(self._tool)
            self._tool = None
        if self._reading is not None:
            with contextlib.suppress(Exception):
                await self._reading

    async def _start(self) -> None:
        loop_ms = max(1, int(self._every_s * 1000))
        try:
            self._tool = await self._spawn(("nvidia-smi", f"--query-gpu={_FIELDS}", _FORMAT, f"--loop-ms={loop_ms}"))
        except OSError as error:
            raise SourceLost(f"nvidia-smi cannot be started: {error}") from error
        self._reading = spawn_task("read nvidia-smi", self._read_lines(self._tool))

    async def _read_lines(self, tool: Tool) -> None:
        assert tool.stdout is not None
        moments = Moments()
        try:
            while line := await tool.stdout.readline():
                if devices := moments.take(line.decode("utf-8", "replace")):
                    self._devices = devices
                    self._read_at = asyncio.get_running_loop().time()
                    self._first.set()
        finally:
            self._first.set()  # with devices or without


class Moments:
    """Puts the lines of one moment together.

    A moment is complete with as many devices as the tool says there are, or, where a device has fallen off the bus and
    prints no figures, when the next moment begins.
    """

    def __init__(self) -> None:
        self._devices: list[GpuDevice] = []

    def take(self, line: str) -> tuple[GpuDevice, ...]:
        """Return the devices of the moment that this line completes, else nothing."""
        parsed = parse_device(line)
        if parsed is None:
            return ()
        count, device = parsed
        complete: tuple[GpuDevice, ...] = ()
        if self._devices and device.index <= self._devices[-1].index:
            complete, self._devices = tuple(self._devices), []
        self._devices.append(device)
        if len(self._devices) >= count:
            complete, self._devices = tuple(self._devices), []
        return complete


def parse_device(line: str) -> tuple[int, GpuDevice] | None:
    """Return the number of devices and one of them; None for a line that is shorter than it should be."""
    columns = [column.strip() for column in line.split(",")]
    if len(columns) < 10:
        return None
    count, index, name, uuid, temp_c, util_pct, used_mib, total_mib, fan_pct, power_w = columns[:10]
    return int(parse_number(count)), GpuDevice(
        index=int(parse_number(index)),
        name=name,
        uuid=uuid,
        temp_c=parse_number(temp_c),
        util_pct=parse_number(util_pct),
        mem_used_bytes=int(parse_number(used_mib)) * MIB,
        mem_total_bytes=int(parse_number(total_mib)) * MIB,
        fan_pct=parse_number(fan_pct),
        power_w=parse_number(power_w),
    )


def parse_processes(printed: str, index_of: Mapping[str, int], pids: frozenset[int]) -> ProcessBytes | None:
    """Return the memory of ``pids``; None if the tool names processes but never their memory (Windows does that)."""
    lines = list(_process_lines(printed))
    if lines and all(not used.isdecimal() for _, _, used in lines):
        return None
    found: dict[int, dict[int, int]] = {}
    for uuid, pid, used in lines:
        if pid in pids and uuid in index_of and used.isdecimal():
            devices = found.setdefault(pid, {})
            devices[index_of[uuid]] = devices.get(index_of[uuid], 0) + int(used) * MIB
    return found


def _process_lines(printed: str) -> Iterable[tuple[str, int, str]]:
    for line in printed.splitlines():
        columns = [column.strip() for column in line.split(",")]
        if len(columns) == 3 and columns[1].isdecimal():
            yield columns[0], int(columns[1]), columns[2]
