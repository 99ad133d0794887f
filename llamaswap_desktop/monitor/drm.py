"""Linux's graphics devices and what their kernel drivers tell: ``/sys/class/drm`` and ``/proc/<pid>/fdinfo``.

Format of fdinfo: ``Documentation/gpu/drm-usage-stats.rst`` of the kernel.  Only processes of the same user (or all,
for root) can be looked into, which is enough for our own models.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SYS: Final = Path("/sys")
PROC: Final = Path("/proc")

AMD: Final = "1002"
INTEL: Final = "8086"
NVIDIA: Final = "10de"

_UNITS: Final = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024 * 1024, "GiB": 1024 * 1024 * 1024}
_PCI_IDS: Final = (Path("/usr/share/hwdata/pci.ids"), Path("/usr/share/misc/pci.ids"))


@dataclass(frozen=True, slots=True)
class Card:
    """One card: ``path`` is its folder (``/sys/class/drm/card0``), ids are lower-case hex without ``0x``."""

    path: Path
    driver: str
    vendor_id: str
    device_id: str
    bus_address: str

    @property
    def device(self) -> Path:
        """The folder with the driver's own files."""
        return self.path / "device"

    def number(self, name: str) -> int | None:
        """Return the whole number in a file of the driver, or None where it has none."""
        return read_number(self.device / name)


@dataclass(frozen=True, slots=True)
class Client:
    """One opening of a card by one process: memory by region in bytes, busy time by engine.

    ``busy`` counts nanoseconds, or, with ``clock`` set for the engine, cycles out of that many.
    """

    id: str
    bus_address: str
    memory: dict[str, int] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    clock: dict[str, int] = field(default_factory=dict)

    @property
    def local_bytes(self) -> int:
        """What lies in the memory of the device itself."""
        return sum(size for region, size in self.memory.items() if region.startswith(("vram", "local")))

    @property
    def shared_bytes(self) -> int:
        """What lies in the memory of the system."""
        return sum(size for region, size in self.memory.items() if region.startswith(("gtt", "system")))


def find_cards(sys_root: Path = SYS) -> tuple[Card, ...]:
    """Return the cards with a PCI device behind them, in the order of their numbers."""
    folders = (sys_root / "class" / "drm").glob("card*")
    numbered = sorted((int(match[1]), path) for path in folders if (match := re.fullmatch(r"card(\d+)", path.name)))
    cards = (_card(path) for _, path in numbered)
    return tuple(card for card in cards if card is not None)


def _card(path: Path) -> Card | None:
    facts = parse_uevent(read_text(path / "device" / "uevent"))
    vendor_id, _, device_id = facts.get("PCI_ID", "").lower().partition(":")
    if not vendor_id:
        return None
    return Card(path, facts.get("DRIVER", ""), vendor_id, device_id, facts.get("PCI_SLOT_NAME", "").lower())


def parse_uevent(text: str) -> dict[str, str]:
    """Return the ``KEY=value`` lines of a uevent file."""
    return {key: value for key, found, value in (line.partition("=") for line in text.splitlines()) if found}


def parse_fdinfo(text: str) -> Client | None:
    """Return the client that an fdinfo file describes, or None if it is not about a graphics device."""
    values = {}
    for line in text.splitlines():
        key, found, value = line.partition(":")
        if found and key.startswith("drm-"):
            values[key.removeprefix("drm-")] = value.strip()
    if "driver" not in values or "client-id" not in values:
        return None
    client = Client(values["client-id"], values.get("pdev", "").lower())
    for kind in ("memory", "total", "resident"):  # the later, the better it says what is really held
        for key, value in values.items():
            if key.startswith(f"{kind}-") and not key.startswith("total-cycles-"):
                client.memory[key.removeprefix(f"{kind}-")] = _parse_size(value)
    for key, value in values.items():
        if key.startswith("engine-") and value.endswith(" ns"):
            client.busy[key.removeprefix("engine-")] = _parse_whole(value.removesuffix(" ns"))
        elif key.startswith("cycles-"):
            client.busy[key.removeprefix("cycles-")] = _parse_whole(value)
        elif key.startswith("total-cycles-"):
            client.clock[key.removeprefix("total-cycles-")] = _parse_whole(value)
    return client


def _parse_size(text: str) -> int:
    number, _, unit = text.partition(" ")
    return _parse_whole(number) * _UNITS.get(unit.strip(), 0)


def _parse_whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def clients_of(pid: int, proc_root: Path = PROC) -> Iterator[Client]:
    """Yield what a process has open on graphics devices, each client once; nothing for one that is gone or foreign."""
    folder = proc_root / str(pid)
    seen: set[tuple[str, str]] = set()
    try:
        files = os.listdir(folder / "fd")  # noqa: PTH208 - ten thousands of Path objects cost twice the time
    except OSError:
        return
    for file in files:
        try:
            if not os.readlink(f"{folder}/fd/{file}").startswith("/dev/dri/"):  # noqa: PTH115 - the same
                continue
        except OSError:
            continue
        client = parse_fdinfo(read_text(folder / "fdinfo" / file))
        if client is not None and (client.bus_address, client.id) not in seen:
            seen.add((client.bus_address, client.id))
            yield client


def own_pids(proc_root: Path = PROC) -> Iterator[int]:
    """Yield the processes that may be looked into."""
    me = os.geteuid() if hasattr(os, "geteuid") else 0
    for folder in proc_root.iterdir():
        if folder.name.isdecimal():
            try:
                owner = folder.stat().st_uid
            except OSError:
                continue
            if me in {0, owner}:
                yield int(folder.name)


@dataclass(frozen=True, slots=True)
class Sensors:
    """What a card's hwmon folder tells; temperatures by label (``edge``, ``junction``, ``mem``; Intel ``pkg``)."""

    temps_c: dict[str, float] = field(default_factory=dict)
    power_w: float = 0.0
    power_limit_w: float = 0.0
    energy_j: float | None = None
    fan_pct: float = 0.0

    def temp_c(self, *labels: str) -> float:
        """Return the first of these temperatures that is there, else 0."""
        return next((self.temps_c[label] for label in labels if label in self.temps_c), 0.0)


def read_sensors(card: Card) -> Sensors:
    """Read the card's first hwmon folder; what is missing is 0."""
    folder = next(iter(sorted((card.device / "hwmon").glob("hwmon*"))), None)
    if folder is None:
        return Sensors()
    temps_c = {}
    for path in sorted(folder.glob("temp*_input")):
        number = path.name.removesuffix("_input")
        milli_c = read_number(path)
        if milli_c is not None:
            temps_c[read_text(folder / f"{number}_label").strip() or number] = milli_c / 1000
    energy_uj = read_number(folder / "energy1_input")
    return Sensors(
        temps_c=temps_c,
        power_w=_first_number(folder, "power1_average", "power1_input") / 1e6,
        power_limit_w=_first_number(folder, "power1_cap", "power1_max") / 1e6,
        energy_j=None if energy_uj is None else energy_uj / 1e6,
        fan_pct=_fan_pct(folder),
    )


def _fan_pct(folder: Path) -> float:
    pwm = read_number(folder / "pwm1")
    if pwm is not None:
        return 100.0 * pwm / (read_number(folder / "pwm1_max") or 255)
    fastest = read_number(folder / "fan1_max")
    return 100.0 * (read_number(folder / "fan1_input") or 0) / fastest if fastest else 0.0


def _first_number(folder: Path, *names: str) -> int:
    return next((number for name in names if (number := read_number(folder / name)) is not None), 0)


def read_text(path: Path) -> str:
    """Return the text of a kernel file, or nothing: files come and go, and some drivers answer with errors."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def read_number(path: Path) -> int | None:
    """Return the whole number in a kernel file, or None."""
    text = read_text(path).strip()
    return int(text) if text.removeprefix("-").isdecimal() else None


def device_name(card: Card, pci_ids: tuple[Path, ...] = _PCI_IDS) -> str:
    """Return the product's name: the driver's word, else the PCI id database's, else the ids."""
    told = read_text(card.device / "product_name").strip()
    if told:
        return told
    listed = next((name for path in pci_ids if (name := find_pci_name(read_text(path), card))), "")
    return listed or f"{card.driver} {card.vendor_id}:{card.device_id}"


def find_pci_name(database: str, card: Card) -> str:
    """Return the device's name in the text of ``pci.ids``, or nothing."""
    at = database.find(f"\n{card.vendor_id}  ")
    if at < 0:
        return ""
    for line in database[at + 1 :].split("\n", 20_000)[1:]:
        if line and line[0] not in "\t#":
            return ""
        if line.startswith(f"\t{card.device_id}  "):
            return line[len(card.device_id) + 3 :].strip()
    return ""
