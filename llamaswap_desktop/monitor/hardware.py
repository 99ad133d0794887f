"""The published picture of what this machine is made of, and how findings become one (HTTP specification, section 23).

Pure: what finds things out stands in ``hardware_system`` and ``hardware_gpus``, what runs it in ``detect``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Final, Literal

_ARCHITECTURES: Final = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "armv7",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
_FAMILIES: Final = {"linux": "linux", "darwin": "macos", "windows": "windows", "freebsd": "freebsd"}


@dataclass(frozen=True, slots=True)
class Detector:
    """Who looked."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Capture:
    """How it was found out."""

    detector: Detector
    scope: str = "inference_host"
    method: str = "detected"


@dataclass(frozen=True, slots=True)
class Architecture:
    """The processor's instruction set; ``raw_name`` is the system's own word."""

    name: str
    raw_name: str | None


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """The operating system."""

    family: str
    name: str | None = None
    version: str | None = None
    kernel: str | None = None


@dataclass(frozen=True, slots=True)
class OtherOperatingSystem(OperatingSystem):
    """One of a family that has no name here."""

    raw_family: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the operating system runs in."""

    kind: Literal["native", "container", "virtual_machine", "wsl", "other", "unknown"] = "unknown"
    name: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processors."""

    vendor: str | None = None
    model: str | None = None
    socket_count: int | None = None
    physical_core_count: int | None = None
    logical_thread_count: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory that may be used."""

    capacity_bytes: int


@dataclass(frozen=True, slots=True)
class AcceleratorMemory:
    """The memory of an accelerator, and whose it is."""

    kind: Literal["dedicated", "unified", "shared_system", "unknown"] = "unknown"
    capacity_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """The driver of an accelerator."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A GPU or the like, as it is published."""

    index: int
    kind: Literal["gpu", "npu", "other"]
    vendor: str | None
    model: str | None
    architecture: str | None
    memory: AcceleratorMemory
    driver: Driver | None
    power_limit_watts: float | None


@dataclass(frozen=True, slots=True)
class Hardware:
    """The body of ``GET /api/hardware``."""

    captured_at: datetime
    capture: Capture
    architecture: Architecture
    operating_system: OperatingSystem
    environment: Environment
    cpu: Cpu
    memory: Memory
    accelerators: tuple[Accelerator, ...] = ()
    schema_version: int = field(default=1, kw_only=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found out about one accelerator; None is "don't know"."""

    bus_address: str
    kind: Literal["gpu", "npu", "other"] | None = None
    vendor: str | None = None
    model: str | None = None
    architecture: str | None = None
    memory: AcceleratorMemory | None = None
    driver: Driver | None = None
    power_limit_watts: float | None = None


def merge_findings(findings: Iterable[Finding]) -> tuple[Accelerator, ...]:
    """Return the accelerators in the order in which they were first found; per field the first finder wins.

    Findings without a bus address are devices of their own.
    """
    merged: dict[str, Finding] = {}
    for number, finding in enumerate(findings):
        key = finding.bus_address.lower() or f"unplaced {number}"
        merged[key] = _filled(merged[key], finding) if key in merged else finding
    return tuple(
        Accelerator(
            index=index,
            kind=finding.kind or "other",
            vendor=finding.vendor or None,
            model=finding.model or None,
            architecture=finding.architecture or None,
            memory=finding.memory or AcceleratorMemory(),
            driver=finding.driver,
            power_limit_watts=finding.power_limit_watts or None,
        )
        for index, finding in enumerate(merged.values())
    )


def _filled(first: Finding, later: Finding) -> Finding:
    missing = {each.name: getattr(later, each.name) for each in fields(first) if not getattr(first, each.name)}
    return replace(first, **missing)


def architecture_of(machine: str) -> Architecture:
    """Return the published name of what the system calls its machine."""
    return Architecture(_ARCHITECTURES.get(machine.lower(), "other"), machine or None)


def operating_system_of(system: str, *, name: str | None, version: str | None, kernel: str | None) -> OperatingSystem:
    """Return the published form of an operating system that calls itself ``system``."""
    family = _FAMILIES.get(system.lower())
    if family is None:
        return OtherOperatingSystem("other", name, version, kernel, system)
    return OperatingSystem(family, name, version, kernel)
