"""Finds out what machine and system this is: pure parsers of what the kernel tells, and the reading around them."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import psutil

from llamaswap_desktop.monitor.drm import read_number, read_text
from llamaswap_desktop.monitor.hardware import Cpu, Environment, Memory, OperatingSystem, operating_system_of

_ROOT: Final = Path("/")
_VENDORS: Final = {"GenuineIntel": "Intel", "AuthenticAMD": "AMD", "ARM": "ARM", "0x41": "ARM", "0x61": "Apple"}
_CONTAINERS: Final = ("docker", "podman", "kubepods", "lxc", "containerd", "systemd-nspawn")
_MACHINES: Final = (
    ("vmware", "VMware"),
    ("virtualbox", "VirtualBox"),
    ("innotek", "VirtualBox"),
    ("kvm", "KVM"),
    ("qemu", "QEMU"),
    ("xen", "Xen"),
    ("parallels", "Parallels"),
    ("google compute engine", "Google Compute Engine"),
    ("amazon ec2", "Amazon EC2"),
    ("microsoft corporation virtual machine", "Hyper-V"),
)


def read_operating_system(root: Path = _ROOT) -> OperatingSystem:
    """Return what system this is."""
    if sys.platform == "win32":
        return operating_system_of(
            "windows", name=f"Windows {platform.release()}", version=platform.version(), kernel=None
        )
    facts = parse_os_release(read_text(root / "etc/os-release"))
    return operating_system_of(
        platform.system(), name=facts.get("NAME"), version=facts.get("VERSION_ID"), kernel=platform.release()
    )


def parse_os_release(text: str) -> Mapping[str, str]:
    """Return the ``KEY="value"`` lines of ``/etc/os-release``."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, found, value in pairs if found}


def read_cpu(root: Path = _ROOT) -> Cpu:
    """Return the processors."""
    cores, threads = psutil.cpu_count(logical=False), psutil.cpu_count()
    if sys.platform == "win32":
        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        vendor, model = registry_text(place, "VendorIdentifier"), registry_text(place, "ProcessorNameString")
        return Cpu(_VENDORS.get(vendor, vendor) or None, model or None, None, cores, threads)
    vendor, model, sockets = parse_cpuinfo(read_text(root / "proc/cpuinfo"))
    return Cpu(vendor, model, sockets, cores, threads)


def parse_cpuinfo(text: str) -> tuple[str | None, str | None, int | None]:
    """Return vendor, model and number of sockets out of ``/proc/cpuinfo``; None for what is not told (ARM)."""
    facts: dict[str, str] = {}
    sockets: set[str] = set()
    for line in text.splitlines():
        key, found, value = line.partition(":")
        if found:
            facts.setdefault(key.strip(), value.strip())
            if key.strip() == "physical id":
                sockets.add(value.strip())
    vendor = facts.get("vendor_id") or facts.get("CPU implementer")
    model = facts.get("model name") or facts.get("Model")
    return (_VENDORS.get(vendor, vendor) if vendor else None), model, len(sockets) or None


def read_memory(root: Path = _ROOT) -> Memory | None:
    """Return the memory that may be used, or None if its size cannot be found.

    On Linux the larger of what the kernel reports (less what it keeps) and what is installed, cut by the control
    group's limit.
    """
    reported = psutil.virtual_memory().total
    if sys.platform == "win32":
        return Memory(reported) if reported else None
    size = max(reported, installed_bytes(root))
    limit = group_limit_bytes(root)
    size = min(size, limit) if limit else size
    return Memory(size) if size else None


def installed_bytes(root: Path = _ROOT) -> int:
    """Return the size of all memory blocks that are in use, or 0 where the kernel does not tell."""
    folder = root / "sys/devices/system/memory"
    block = read_text(folder / "block_size_bytes").strip()
    if not re.fullmatch(r"[0-9a-f]+", block):
        return 0
    blocks = folder.glob("memory[0-9]*")
    return int(block, 16) * sum(read_text(path / "online").strip() == "1" for path in blocks)


def group_limit_bytes(root: Path = _ROOT) -> int | None:
    """Return the tightest memory limit of our control group and those around it, or None where there is none."""
    limits = [read_number(path / "memory.max") for path in _group_folders(root)]
    limits.append(read_number(root / "sys/fs/cgroup/memory/memory.limit_in_bytes"))
    real = [limit for limit in limits if limit and limit < 2**60]  # version 1 says "no limit" with a huge number
    return min(real, default=None)


def _group_folders(root: Path) -> Iterable[Path]:
    top = root / "sys/fs/cgroup"
    own = next((line[3:] for line in read_text(root / "proc/self/cgroup").splitlines() if line.startswith("0::")), "/")
    folder = top / own.strip().lstrip("/")
    while folder != top and folder.is_relative_to(top):
        yield folder
        folder = folder.parent
    yield top


def read_environment(root: Path = _ROOT) -> Environment:
    """Return what the system runs in."""
    if sys.platform == "win32":
        place = r"HARDWARE\DESCRIPTION\System\BIOS"
        maker = f"{registry_text(place, 'SystemManufacturer')} {registry_text(place, 'SystemProductName')}"
        return environment_of(maker=maker)
    dmi = root / "sys/class/dmi/id"
    return environment_of(
        kernel=platform.release(),
        container=os.environ.get("container", "") or _container_in(root),  # noqa: SIM112 - its name
        maker=f"{read_text(dmi / 'sys_vendor').strip()} {read_text(dmi / 'product_name').strip()}",
        is_guest=" hypervisor" in read_text(root / "proc/cpuinfo"),
    )


def _container_in(root: Path) -> str:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    groups = read_text(root / "proc/1/cgroup")
    return next((name for name in _CONTAINERS if name in groups), "")


def environment_of(*, kernel: str = "", container: str = "", maker: str = "", is_guest: bool = False) -> Environment:
    """Return the innermost thing around this system: a container, WSL, a virtual machine, or nothing."""
    if container:
        return Environment("container", container)
    if "microsoft" in kernel.lower():
        return Environment("wsl", "WSL2" if "wsl2" in kernel.lower() else "WSL")
    machine = next((name for sign, name in _MACHINES if sign in maker.lower()), None)
    if machine is not None or is_guest:
        return Environment("virtual_machine", machine)
    return Environment("native")


def registry_text(place: str, name: str) -> str:
    """Return a text of Windows's registry (of the machine), or nothing."""
    if sys.platform != "win32":
        return ""
    import winreg  # noqa: PLC0415 - exists there only

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            return str(winreg.QueryValueEx(key, name)[0]).strip()
    except OSError:
        return ""
