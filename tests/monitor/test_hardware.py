"""The hardware snapshot: its published form, and how findings become one."""

from datetime import UTC, datetime

import msgspec
import pytest

from llamaswap_desktop.monitor.hardware import (
    AcceleratorMemory,
    Capture,
    Cpu,
    Detector,
    Driver,
    Environment,
    Finding,
    Hardware,
    Memory,
    architecture_of,
    merge_findings,
    operating_system_of,
)


def test_the_published_form_with_every_nullable_key():
    hardware = Hardware(
        captured_at=datetime(2026, 8, 9, tzinfo=UTC),
        capture=Capture(Detector("llamaswap-desktop", "1.0")),
        architecture=architecture_of("x86_64"),
        operating_system=operating_system_of("Linux", name="Debian", version=None, kernel="6.1"),
        environment=Environment(),
        cpu=Cpu(),
        memory=Memory(1024),
        accelerators=merge_findings([Finding("0000:01:00.0", kind="gpu")]),
    )
    published = msgspec.json.decode(msgspec.json.encode(hardware))
    assert published == {
        "schema_version": 1,
        "captured_at": "2026-08-09T00:00:00Z",
        "capture": {
            "scope": "inference_host",
            "method": "detected",
            "detector": {"name": "llamaswap-desktop", "version": "1.0"},
        },
        "architecture": {"name": "x86_64", "raw_name": "x86_64"},
        "operating_system": {"family": "linux", "name": "Debian", "version": None, "kernel": "6.1"},
        "environment": {"kind": "unknown", "name": None, "version": None},
        "cpu": {
            "vendor": None,
            "model": None,
            "socket_count": None,
            "physical_core_count": None,
            "logical_thread_count": None,
        },
        "memory": {"capacity_bytes": 1024},
        "accelerators": [
            {
                "index": 0,
                "kind": "gpu",
                "vendor": None,
                "model": None,
                "architecture": None,
                "memory": {"kind": "unknown", "capacity_bytes": None},
                "driver": None,
                "power_limit_watts": None,
            }
        ],
    }


def test_findings_of_one_device_are_put_together_and_the_first_finder_wins():
    nvml = Finding("0000:01:00.0", "gpu", "NVIDIA", "RTX 4090", "sm_89", driver=Driver("nvidia", "580.65"))
    kernel = Finding("0000:01:00.0", "gpu", "nVidia?", "AD102", memory=AcceleratorMemory("dedicated", 24 << 30))
    other = Finding("0000:00:02.0", "gpu", "Intel")
    merged = merge_findings([nvml, other, kernel])
    assert [(device.index, device.vendor, device.model) for device in merged] == [
        (0, "NVIDIA", "RTX 4090"),
        (1, "Intel", None),
    ]
    assert merged[0].memory.capacity_bytes == 24 << 30
    assert (merged[0].architecture, merged[0].driver.version) == ("sm_89", "580.65")


def test_findings_without_a_place_stay_apart_and_addresses_are_not_published():
    merged = merge_findings([Finding("", "gpu", "A"), Finding("", "gpu", "B"), Finding("0000:C4:00.0", "npu")])
    assert len(merged) == 3
    assert b"c4:00" not in msgspec.json.encode(merged).lower()


@pytest.mark.parametrize(
    ("machine", "name"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("armv7l", "armv7"), ("loongarch64", "other")],
)
def test_architectures(machine, name):
    assert architecture_of(machine).name == name


def test_a_system_without_a_name_here_keeps_its_own():
    unknown = operating_system_of("Haiku", name="Haiku", version="R1", kernel=None)
    assert msgspec.json.decode(msgspec.json.encode(unknown)) == {
        "family": "other",
        "name": "Haiku",
        "version": "R1",
        "kernel": None,
        "raw_family": "Haiku",
    }
