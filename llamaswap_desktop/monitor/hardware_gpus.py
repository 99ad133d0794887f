"""Finds the accelerators: one function per way of asking, each of which may fail alone."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

from llamaswap_desktop.monitor import d3dkmt, drm
from llamaswap_desktop.monitor.drm import Card
from llamaswap_desktop.monitor.gpu_amd import shares_system_memory
from llamaswap_desktop.monitor.gpu_intel import memory_bytes as intel_memory_bytes
from llamaswap_desktop.monitor.gpu_nvml import Nvml
from llamaswap_desktop.monitor.gpu_windows import memory_bytes as windows_memory_bytes
from llamaswap_desktop.monitor.hardware import AcceleratorMemory, Driver, Finding

_VENDORS: Final = {drm.AMD: "AMD", drm.INTEL: "Intel", drm.NVIDIA: "NVIDIA"}
_NPU_DRIVERS: Final = {"intel_vpu", "amdxdna"}


def find_by_nvml(library: Any) -> Iterable[Finding]:
    """Return what NVIDIA's library tells.  Raises ``SourceLost``."""
    nvml = Nvml(library)
    try:
        version = nvml.driver_version() or None
        return [
            Finding(
                bus_address=nvml.bus_address(device.index),
                kind="gpu",
                vendor="NVIDIA",
                model=device.name,
                architecture=_compute_capability(nvml, device.index),
                memory=_memory("dedicated", device.mem_total_bytes),
                driver=Driver("nvidia", version),
                power_limit_watts=nvml.power_limit_w(device.index) or None,
            )
            for device in nvml.read()
        ]
    finally:
        nvml.close()


def _compute_capability(nvml: Nvml, index: int) -> str | None:
    capability = nvml.compute_capability(index)
    return f"sm_{capability.replace('.', '')}" if capability else None


def find_by_kernel(sys_root: Path = drm.SYS) -> Iterable[Finding]:
    """Return what Linux's graphics drivers tell: those with memory of their own first, in the order of sampling."""
    cards = [card for card in drm.find_cards(sys_root) if card.vendor_id in _VENDORS]
    cards.sort(key=lambda card: (_own_memory(card) is None, card.driver != "amdgpu"))
    for card in cards:
        yield Finding(
            bus_address=card.bus_address,
            kind="gpu",
            vendor=_VENDORS[card.vendor_id],
            model=drm.device_name(card),
            memory=_own_memory(card)
            or AcceleratorMemory("shared_system" if card.vendor_id == drm.INTEL else "unknown"),
            driver=_driver(card.driver, sys_root),
            power_limit_watts=drm.read_sensors(card).power_limit_w or None,
        )


def find_npus(sys_root: Path = drm.SYS) -> Iterable[Finding]:
    """Return the neural processors that Linux knows."""
    for path in sorted((sys_root / "class" / "accel").glob("accel*")):
        facts = drm.parse_uevent(drm.read_text(path / "device" / "uevent"))
        if facts.get("DRIVER") in _NPU_DRIVERS:
            vendor_id = facts.get("PCI_ID", "").lower().partition(":")[0]
            yield Finding(
                bus_address=facts.get("PCI_SLOT_NAME", ""),
                kind="npu",
                vendor=_VENDORS.get(vendor_id),
                memory=AcceleratorMemory("shared_system"),
                driver=_driver(facts["DRIVER"], sys_root),
            )


def find_by_windows(gdi: Any) -> Iterable[Finding]:
    """Return what Windows's kernel tells."""
    graphics = d3dkmt.Graphics(gdi)
    for adapter in graphics.open_adapters():
        graphics.close(adapter.handle)
        yield Finding(
            bus_address=adapter.bus_address,
            kind="gpu",
            vendor=next((name for name in _VENDORS.values() if name.lower() in adapter.name.lower()), None),
            model=adapter.name or None,
            memory=_memory("shared_system" if adapter.is_integrated else "dedicated", windows_memory_bytes(adapter)),
            driver=Driver("wddm", adapter.driver_version or None),
        )


def _own_memory(card: Card) -> AcceleratorMemory | None:
    if card.driver == "amdgpu":
        set_aside = card.number("mem_info_vram_total")
        if not set_aside:
            return None
        if shares_system_memory(card):
            return AcceleratorMemory("shared_system", set_aside + (card.number("mem_info_gtt_total") or 0))
        return AcceleratorMemory("dedicated", set_aside)
    size = intel_memory_bytes(card) if card.driver in {"i915", "xe"} else 0
    return AcceleratorMemory("dedicated", size) if size else None


def _memory(kind: Literal["dedicated", "shared_system"], size: int) -> AcceleratorMemory:
    return AcceleratorMemory(kind, size) if size else AcceleratorMemory()


def _driver(name: str, sys_root: Path) -> Driver | None:
    version = drm.read_text(sys_root / "module" / name / "version").strip()
    return Driver(name, version or None) if name else None
