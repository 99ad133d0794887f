"""AMD by ``rocm-smi``, where the kernel's own files are out of reach (some containers).

One call per reading, CSV with a header.  Columns are found by name, since names and order change between versions.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost, parse_number
from llamaswap_desktop.monitor.sample import GpuDevice
from llamaswap_desktop.monitor.tool import Spawn, output_of

_COMMAND: Final = (
    "rocm-smi",
    "--showtemp",
    "--showuse",
    "--showmemuse",
    "--showmeminfo",
    "vram",
    "--showpower",
    "--showfan",
    "--showproductname",
    "--csv",
)
_LEAST_PAUSE_S: Final = 1.0
_UNKNOWN: Final = {"", "N/A", "n/a", "None"}


class RocmSmi:
    """Asks ``rocm-smi`` at each reading, but at most once a second."""

    name = "rocm-smi"

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._devices: tuple[GpuDevice, ...] = ()
        self._read_at = -_LEAST_PAUSE_S

    async def read(self) -> tuple[GpuDevice, ...]:
        if time.monotonic() - self._read_at < _LEAST_PAUSE_S:
            return self._devices
        try:
            printed = await output_of(self._spawn, _COMMAND)
        except (OSError, TimeoutError) as error:
            raise SourceLost(f"rocm-smi: {error or 'no answer'}") from error
        self._read_at = time.monotonic()
        self._devices = parse_table(printed)
        if not self._devices:
            raise SourceLost("rocm-smi names no device")
        return self._devices

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        await asyncio.sleep(0)


def parse_table(printed: str) -> tuple[GpuDevice, ...]:
    """Return the devices of a CSV table; a line whose number of columns differs from the header's is ignored."""
    lines = [line.strip() for line in printed.splitlines()]
    start = next((at for at, line in enumerate(lines) if line.startswith("device,")), None)
    if start is None:
        return ()
    header = [name.strip().lower() for name in lines[start].split(",")]
    rows = (line.split(",") for line in lines[start + 1 :])
    devices = [_device(dict(zip(header, row, strict=True))) for row in rows if len(row) == len(header)]
    return tuple(device for device in devices if device is not None)


def _device(row: Mapping[str, str]) -> GpuDevice | None:
    card = row["device"].strip()
    number = card.removeprefix("card")
    if not number.isdecimal():
        return None
    return GpuDevice(
        index=int(number),
        name=_name(row) or card,
        uuid=_first(row, "unique id"),
        temp_c=_number(row, "temperature (sensor edge) (c)", "temperature (sensor junction) (c)"),
        vram_temp_c=_number(row, "temperature (sensor memory) (c)"),
        util_pct=_number(row, "gpu use (%)"),
        mem_used_bytes=int(_number(row, "vram total used memory (b)")),
        mem_total_bytes=int(_number(row, "vram total memory (b)")),
        fan_pct=_number(row, "fan speed (%)"),
        power_w=_number(row, "current socket graphics package power (w)", "average graphics package power (w)"),
    )


def _name(row: Mapping[str, str]) -> str:
    return " ".join(part for part in (_first(row, "card series", "device name"), _first(row, "gfx version")) if part)


def _first(row: Mapping[str, str], *columns: str) -> str:
    values = (row.get(column, "").strip() for column in columns)
    return next((value for value in values if value not in _UNKNOWN), "")


def _number(row: Mapping[str, str], *columns: str) -> float:
    return parse_number(_first(row, *columns))
