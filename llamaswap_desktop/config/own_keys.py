"""The checks of this project's own keys, after all of llama-swap's (specification, section 20)."""

import ipaddress
import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from msgspec.structs import replace

from llamaswap_desktop.config.models import ModelChecks
from llamaswap_desktop.config.nodes import Mapping, Path
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.routing import FIFO, SETTINGS
from llamaswap_desktop.config.schema import Config, Desktop, PeerId, WakeOnLan

_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_DEVICE = re.compile(r"ram|gpu[0-9]+")


def read_desktop(root: Mapping, reader: Reader) -> Desktop:
    """Read the block ``desktop``."""
    node = reader.mapping(root.get("desktop"), ("desktop",))
    desktop = reader.block(node, Desktop(), ("desktop",))
    path: Path = ("desktop", "wakeOnLan")
    peers = reader.mapping(node.get("wakeOnLan") if node else None, path) or ()
    wake = {PeerId(key): reader.block(value, WakeOnLan(mac=""), (*path, key)) for key, value in peers}
    return replace(desktop, wake_on_lan=wake)


def key_problem(key: str) -> str:
    """Say what is wrong with a key that opens endpoints, without the key."""
    if not key:
        return "is empty: remove it, or give a key"
    return "holds a space: keys have none" if " " in key else ""


class OwnKeyChecks:
    """Checks a whole configuration: the top first, then models, routing, and ``desktop``."""

    def __init__(self, config: Config, models: ModelChecks, report: Report) -> None:
        self._config = config
        self._models = models
        self._report = report

    def run(self) -> None:
        """Report everything that is wrong."""
        self._at_least(0, ("evictTimeout",), self._config.evict_timeout_s)
        self._models.check_own_keys()
        self._check_routing()
        self._check_desktop(self._config.desktop)

    def _at_least(self, smallest: int, path: Path, value: int, of: str = "") -> None:
        if value < smallest:
            self._report.error(path, f"{of}{value} is too small: use {smallest} or more")

    def _check_routing(self) -> None:
        fifo = self._config.routing.scheduler.settings.fifo
        self._at_least(0, (*FIFO, "maxWait"), fifo.max_wait_s)
        self._at_least(0, (*FIFO, "agingStep"), fifo.aging_step_s)
        self._at_least(0, (*FIFO, "maxQueued"), fifo.max_queued)
        memory = self._config.routing.router.settings.memory
        path: Path = (*SETTINGS, "memory")
        self._at_least(0, (*path, "reserve"), memory.reserve_mib)
        for device, budget in memory.budgets_mib.items():
            self._at_least(0, (*path, "budgets", device), budget, of=f"{self._report.quote(device)}: ")
            if not _DEVICE.fullmatch(device):
                message = f"unknown device {self._report.quote(device)}: devices are gpu0, gpu1, ... and ram"
                self._report.warn((*path, "budgets", device), message)
        self._at_least(0, (*path, "releaseWait"), memory.release_wait_s)

    def _check_desktop(self, desktop: Desktop) -> None:
        path: Path = ("desktop",)
        self._at_least(0, (*path, "keepAliveAfter"), desktop.keep_alive_after_s)
        self._refuse_empty((*path, "allowedHosts"), desktop.allowed_hosts)
        self._refuse_empty((*path, "allowedOrigins"), desktop.allowed_origins)
        for index, key in enumerate(desktop.admin_keys):
            if problem := key_problem(key):
                self._report.error((*path, "adminKeys", index), f"the key with index {index} {problem}")
        limits = desktop.limits
        self._at_least(1, (*path, "limits", "header"), limits.header_bytes)
        self._at_least(0, (*path, "limits", "body"), limits.body_bytes)
        self._at_least(0, (*path, "limits", "headTime"), limits.head_time_s)
        self._at_least(0, (*path, "limits", "connections"), limits.connections)
        self._at_least(0, (*path, "retry", "failures"), desktop.retry.failures)
        self._at_least(1, (*path, "retry", "maxPause"), desktop.retry.max_pause_s)
        self._check_wake_on_lan(desktop.wake_on_lan)

    def _refuse_empty(self, path: Path, items: Sequence[str]) -> None:
        for index, item in enumerate(items):
            if not item:
                self._report.error((*path, index), f"the entry with index {index} is empty: remove it, or give a name")

    def _check_wake_on_lan(self, wake: MappingType[PeerId, WakeOnLan]) -> None:
        for peer, packet in wake.items():
            path: Path = ("desktop", "wakeOnLan", peer)
            of = f"peer '{peer}': "
            if peer not in self._config.peers:
                self._report.error(path, f"there is no peer '{peer}': use a key of peers")
            if not _MAC.fullmatch(packet.mac):
                message = f"{of}{self._report.quote(packet.mac)} is no MAC address such as 00:11:22:aa:bb:cc"
                self._report.error((*path, "mac"), message)
            if not _is_ipv4(packet.broadcast):
                message = f"{of}{self._report.quote(packet.broadcast)} is no IPv4 address such as 192.168.1.255"
                self._report.error((*path, "broadcast"), message)
            self._at_least(1, (*path, "wait"), packet.wait_s, of)


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
