"""Any maker by LACT, a daemon that already watches the GPUs: one JSON object per line over a Unix socket."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost
from llamaswap_desktop.monitor.sample import GpuDevice

_CONNECT_S: Final = 2.0
_ANSWER_S: Final = 5.0
_LONGEST_LINE: Final = 4 * 1024 * 1024


def find_socket(environment: Mapping[str, str]) -> Path | None:
    """Return the daemon's socket, or None if there is none."""
    places = [
        environment.get("LACT_DAEMON_SOCKET_PATH"),
        "/run/lactd.sock",
        f"{environment['XDG_RUNTIME_DIR']}/lactd.sock" if "XDG_RUNTIME_DIR" in environment else None,
    ]
    return next(
        (path for place in places if place and (path := Path(place)).exists() and os.access(path, os.W_OK)), None
    )


class Lact:
    """Asks the daemon at each reading, over a new connection: it may have been restarted."""

    name = "lact"

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._ids: dict[str, int] = {}

    async def read(self) -> tuple[GpuDevice, ...]:
        async with _Conversation(self._socket) as daemon:
            devices: list[GpuDevice] = []
            for entry in _objects(await daemon.ask("list_devices")):
                stats = await daemon.ask("device_stats", id=entry.get("id"))
                device = parse_stats(entry, stats, index=len(devices))
                if device is not None:
                    devices.append(device)
        self._ids = {device.uuid: device.index for device in devices}
        return tuple(devices)

    async def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        found: dict[int, dict[int, int]] = {}
        is_told = False
        async with _Conversation(self._socket) as daemon:
            for device_id, index in self._ids.items():
                try:
                    listed = await daemon.ask("process_list", id=device_id)
                except _Refused:  # an older daemon
                    continue
                is_told = True
                for pid, used_bytes in parse_processes(listed).items():
                    if pid in pids:
                        found.setdefault(pid, {})[index] = used_bytes
        return found if is_told else None

    async def close(self) -> None:
        await asyncio.sleep(0)


class _Refused(SourceLost):
    """The daemon answered that it won't."""


class _Conversation:
    """One connection, with 2 s to open it and 5 s for everything."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._deadline = asyncio.get_running_loop().time() + _ANSWER_S

    async def __aenter__(self) -> Self:
        if sys.platform == "win32":
            raise SourceLost("LACT exists on Linux only")
        try:
            async with asyncio.timeout(_CONNECT_S):
                self._reader, self._writer = await asyncio.open_unix_connection(self._socket, limit=_LONGEST_LINE)
        except (OSError, TimeoutError) as error:
            raise SourceLost(f"LACT at {self._socket}: {error or 'no answer'}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    async def ask(self, command: str, **arguments: object) -> Any:
        """Return the data of the answer.  Raises ``_Refused``, ``SourceLost``."""
        assert self._reader is not None
        assert self._writer is not None
        request = {"command": command, "args": arguments} if arguments else {"command": command}
        try:
            async with asyncio.timeout_at(self._deadline):
                self._writer.write(json.dumps(request).encode() + b"\n")
                await self._writer.drain()
                line = await self._reader.readline()
        except (OSError, TimeoutError, ValueError) as error:
            raise SourceLost(f"LACT, {command}: {error or 'no answer'}") from error
        return parse_answer(line)


def parse_answer(line: bytes) -> Any:
    """Return the data of a line of the daemon.  Raises ``_Refused``, and ``SourceLost`` for what is no answer."""
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise SourceLost(f"LACT answers {line[:80]!r}") from error
    if not isinstance(answer, dict) or answer.get("status") not in {"ok", "error"}:
        raise SourceLost(f"LACT answers {line[:80]!r}")
    if answer["status"] == "error":
        raise _Refused(str(answer.get("data")))
    return answer.get("data")


def parse_stats(entry: Mapping[str, Any], stats: Any, *, index: int) -> GpuDevice | None:
    """Return one device from its entry in the list and its statistics; None if its memory is not known."""
    vram = _object(stats, "vram")
    total_bytes = _number(vram, "total")
    if not total_bytes:
        return None
    temps = {label: _number(value, "current") for label, value in _object(stats, "temps").items()}
    power = _object(stats, "power")
    return GpuDevice(
        index=index,
        name=str(entry.get("name") or entry.get("id") or ""),
        uuid=str(entry.get("id") or ""),
        temp_c=next((temps[label] for label in ("edge", "junction", *temps) if label in temps), 0.0),
        vram_temp_c=next((temps[label] for label in ("mem", "vram", "VRAM") if label in temps), 0.0),
        util_pct=_number(stats, "busy_percent"),
        mem_used_bytes=int(_number(vram, "used")),
        mem_total_bytes=int(total_bytes),
        fan_pct=_number(_object(stats, "fan"), "pwm_current") * 100 / 255,
        power_w=_number(power, "average") or _number(power, "current"),
    )


def parse_processes(listed: Any) -> dict[int, int]:
    """Return the memory of each process in a ``process_list`` answer."""
    processes = _object(listed, "processes")
    return {int(pid): int(_number(facts, "memory_used")) for pid, facts in processes.items() if pid.isdecimal()}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: Any, key: str) -> Mapping[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _number(value: Any, key: str) -> float:
    inner = value.get(key) if isinstance(value, dict) else None
    return float(inner) if isinstance(inner, int | float) and not isinstance(inner, bool) else 0.0
