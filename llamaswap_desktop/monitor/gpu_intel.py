"""Intel by the files of the ``i915`` and ``xe`` drivers, as far as the kernel tells.

There is no file with the memory in use or the share of time that a device is busy.  Both are summed up from the
processes that may be looked into, which leaves out those of other users.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from llamaswap_desktop.monitor import drm
from llamaswap_desktop.monitor.drm import Card, Client
from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost
from llamaswap_desktop.monitor.sample import GpuDevice

_RESCAN_S = 30.0
"""Finding the processes that use a device means looking at every open file; between two such looks only the known
ones are asked (with 300 processes 25 ms against 0.2 ms)."""


@dataclass(slots=True)
class _Before:
    """What was read last time, to tell rates from counters."""

    at: float = 0.0
    busy: dict[tuple[str, str], int] = field(default_factory=dict)
    clock: dict[tuple[str, str], int] = field(default_factory=dict)
    energy_j: float | None = None


class IntelSysfs:
    """All Intel cards.  Raises ``SourceLost`` where there is none."""

    name = "intel"

    def __init__(
        self,
        *,
        sys_root: Path = drm.SYS,
        proc_root: Path = drm.PROC,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._proc_root = proc_root
        self._now = now
        cards = drm.find_cards(sys_root)
        self._cards = tuple(card for card in cards if card.driver in {"i915", "xe"} and memory_bytes(card))
        if not self._cards:
            raise SourceLost("no Intel card with memory of its own")
        self._names = tuple(drm.device_name(card) for card in self._cards)
        self._before = tuple(_Before() for _ in self._cards)
        self._users: list[int] = []
        self._rescan_at = 0.0

    def read(self) -> tuple[GpuDevice, ...]:
        clients = list(self._clients())
        return tuple(self._device(index, card, clients) for index, card in enumerate(self._cards))

    def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        index_of = {card.bus_address: index for index, card in enumerate(self._cards)}
        found: dict[int, dict[int, int]] = {}
        for pid in pids:
            for client in drm.clients_of(pid, self._proc_root):
                index = index_of.get(client.bus_address)
                if index is not None and client.local_bytes:
                    devices = found.setdefault(pid, {})
                    devices[index] = devices.get(index, 0) + client.local_bytes
        return found

    def close(self) -> None:
        """Nothing is held open."""

    def _clients(self) -> Iterable[Client]:
        now = self._now()
        if now >= self._rescan_at:
            self._rescan_at = now + _RESCAN_S
            everybody = drm.own_pids(self._proc_root)
            self._users = [pid for pid in everybody if any(True for _ in drm.clients_of(pid, self._proc_root))]
        for pid in self._users:
            yield from drm.clients_of(pid, self._proc_root)

    def _device(self, index: int, card: Card, clients: Iterable[Client]) -> GpuDevice:
        if not card.device.exists():
            raise SourceLost(f"{card.path.name} is gone")
        own = [client for client in clients if client.bus_address == card.bus_address]
        sensors = drm.read_sensors(card)
        before, now = self._before[index], self._now()
        seconds = now - before.at if before.at else 0.0
        power_w = sensors.power_w
        if sensors.energy_j is not None:
            if seconds > 0 and before.energy_j is not None:
                power_w = max(0.0, sensors.energy_j - before.energy_j) / seconds
            before.energy_j = sensors.energy_j
        util_pct = _busiest_engine_pct(before, own, seconds)
        before.at = now
        return GpuDevice(
            index=index,
            name=self._names[index],
            temp_c=sensors.temp_c("pkg", "temp1", *sensors.temps_c),
            vram_temp_c=sensors.temp_c("vram"),
            util_pct=util_pct,
            mem_used_bytes=sum(client.local_bytes for client in own),
            mem_total_bytes=memory_bytes(card),
            fan_pct=sensors.fan_pct,
            power_w=power_w,
        )


def _busiest_engine_pct(before: _Before, clients: Iterable[Client], seconds: float) -> float:
    """Return the use of the busiest kind of engine since ``before``, which is brought up to date."""
    shares: dict[str, float] = {}
    busy: dict[tuple[str, str], int] = {}
    clock: dict[tuple[str, str], int] = {}
    for client in clients:
        for engine, count in client.busy.items():
            key = (client.id, engine)
            busy[key] = count
            clock[key] = client.clock.get(engine, 0)
            if key not in before.busy:
                continue
            passed = clock[key] - before.clock[key] if clock[key] else seconds * 1e9
            spent = count - before.busy[key]
            if passed > 0 and spent > 0:
                shares[engine] = shares.get(engine, 0.0) + 100.0 * spent / passed
    before.busy, before.clock = busy, clock
    return min(100.0, max(shares.values(), default=0.0))


def memory_bytes(card: Card) -> int:
    """Return the size of a card's own memory: ``xe`` by tile, ``i915`` where it tells, else the window on the bus.

    0 for a chip inside a processor: it has none.
    """
    tiles = sorted(card.device.glob("tile*"))
    sizes = [
        drm.read_number(tile / name)
        for tile in tiles
        for name in ("physical_vram_size_bytes", "memory/physical_vram_size_bytes")
    ]
    if told := sum(size for size in sizes if size):
        return told
    for path in (card.path / "lmem_total_bytes", card.device / "lmem_total_bytes"):
        if size := drm.read_number(path):
            return size
    return 0 if card.bus_address == "0000:00:02.0" else parse_memory_window(drm.read_text(card.device / "resource"))


def parse_memory_window(text: str) -> int:
    """Return the size of the window on the card's memory (BAR 2) in a PCI ``resource`` file.

    With a resizable bar, which these cards want, that is all of it.
    """
    lines = text.splitlines()
    if len(lines) < 3:
        return 0
    try:
        start, end, _ = (int(column, 16) for column in lines[2].split())
    except ValueError:
        return 0
    return end - start + 1 if end else 0
