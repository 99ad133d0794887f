"""AMD by the files of the ``amdgpu`` driver: no tool, no daemon, and the memory of each process."""

from pathlib import Path

from llamaswap_desktop.monitor import drm
from llamaswap_desktop.monitor.drm import Card
from llamaswap_desktop.monitor.gpu import ProcessBytes, SourceLost
from llamaswap_desktop.monitor.sample import GpuDevice


class AmdSysfs:
    """All AMD cards.  Raises ``SourceLost`` where there is none."""

    name = "amdgpu"

    def __init__(self, *, sys_root: Path = drm.SYS, proc_root: Path = drm.PROC) -> None:
        self._proc_root = proc_root
        self._kfd = sys_root / "class" / "kfd" / "kfd"
        cards = drm.find_cards(sys_root)
        self._cards = tuple(card for card in cards if card.driver == "amdgpu" and card.number("mem_info_vram_total"))
        if not self._cards:
            raise SourceLost("no AMD card with memory")
        self._names = tuple(drm.device_name(card) for card in self._cards)
        self._index_of = {card.bus_address: index for index, card in enumerate(self._cards)}

    def read(self) -> tuple[GpuDevice, ...]:
        return tuple(self._device(index, card) for index, card in enumerate(self._cards))

    def memory_of(self, pids: frozenset[int]) -> ProcessBytes | None:
        found: dict[int, dict[int, int]] = {}
        for pid in pids:
            held = self._drawn_and_computed(pid)
            if held:
                found[pid] = held
        return found

    def close(self) -> None:
        """Nothing is held open."""

    def _device(self, index: int, card: Card) -> GpuDevice:
        if not card.device.exists():
            raise SourceLost(f"{card.path.name} is gone")
        sensors = drm.read_sensors(card)
        used = card.number("mem_info_vram_used") or 0
        total = card.number("mem_info_vram_total") or 0
        if shares_system_memory(card):
            used += card.number("mem_info_gtt_used") or 0
            total += card.number("mem_info_gtt_total") or 0
        return GpuDevice(
            index=index,
            name=self._names[index],
            uuid=drm.read_text(card.device / "unique_id").strip(),
            temp_c=sensors.temp_c("edge", "junction", *sensors.temps_c),
            vram_temp_c=sensors.temp_c("mem"),
            util_pct=float(card.number("gpu_busy_percent") or 0),
            mem_used_bytes=used,
            mem_total_bytes=total,
            fan_pct=sensors.fan_pct,
            power_w=sensors.power_w,
        )

    def _drawn_and_computed(self, pid: int) -> dict[int, int]:
        """Return what a process holds by device; ROCm's own count is taken where it says more."""
        held: dict[int, int] = {}
        for client in drm.clients_of(pid, self._proc_root):
            index = self._index_of.get(client.bus_address)
            if index is not None:
                is_shared = shares_system_memory(self._cards[index])
                held[index] = held.get(index, 0) + client.local_bytes + (client.shared_bytes if is_shared else 0)
        for bus_address, used in self._rocm_memory(pid).items():
            index = self._index_of.get(bus_address)
            if index is not None:
                held[index] = max(held.get(index, 0), used)
        return held

    def _rocm_memory(self, pid: int) -> dict[str, int]:
        """Return what ``/sys/class/kfd/kfd/proc/<pid>/vram_<gpu>`` say, by bus address."""
        files = list((self._kfd / "proc" / str(pid)).glob("vram_*"))
        if not files:
            return {}
        address_of = self._rocm_addresses()
        sizes = ((path.name.removeprefix("vram_"), drm.read_number(path) or 0) for path in files)
        return {address_of[gpu]: size for gpu, size in sizes if gpu in address_of}

    def _rocm_addresses(self) -> dict[str, str]:
        """Return the bus address behind each of ROCm's own device numbers."""
        addresses = {}
        for node in (self._kfd / "topology" / "nodes").glob("*"):
            gpu = drm.read_text(node / "gpu_id").strip()
            facts = dict(line.split(" ", 1) for line in drm.read_text(node / "properties").splitlines() if " " in line)
            if gpu not in {"", "0"} and facts.get("location_id", "").isdecimal():
                location, domain = int(facts["location_id"]), int(facts.get("domain", "0") or 0)
                addresses[gpu] = f"{domain:04x}:{location >> 8:02x}:{location >> 3 & 31:02x}.{location & 7}"
        return addresses


def shares_system_memory(card: Card) -> bool:
    """Return whether the card is part of a processor and lives mostly in the system's memory.

    The driver does not say so in a file.  Such a chip has no memory maker, and a part of the system's memory (GTT) at
    its disposal that is larger than what the firmware has set aside for it.
    """
    has_maker = bool(drm.read_text(card.device / "mem_info_vram_vendor").strip())
    set_aside = card.number("mem_info_vram_total") or 0
    return not has_maker and (card.number("mem_info_gtt_total") or 0) > set_aside
