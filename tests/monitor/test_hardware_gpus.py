"""Accelerators: what each way of asking finds."""

from llamaswap_desktop.monitor.hardware_gpus import find_by_kernel, find_by_nvml, find_by_windows, find_npus
from tests.monitor import kernel
from tests.monitor.test_gpu_nvml import FakeNvml
from tests.monitor.windows import GIB, FakeGdi


def test_nvml():
    library = FakeNvml()
    first, second = find_by_nvml(library)
    assert (first.bus_address, second.bus_address) == ("0000:01:00.0", "0000:02:00.0")
    assert (first.vendor, first.model, first.architecture) == ("NVIDIA", "NVIDIA GeForce RTX 4090", "sm_89")
    assert (first.memory.kind, first.memory.capacity_bytes) == ("dedicated", 24 << 30)
    assert (first.driver.name, first.driver.version, first.power_limit_watts) == ("nvidia", "580.65.06", 450)
    assert not library.is_open


def test_the_kernel_s_cards_those_with_memory_first_and_no_virtual_ones(tmp_path):
    cards = (
        (0, "i915", "8086:9A49", "0000:00:02.0", {}),
        (1, "amdgpu", "1002:15BF", "0000:c4:00.0", kernel.RADEON_780M),
        (2, "bochs-drm", "1234:1111", "0000:05:00.0", {}),
        (3, "amdgpu", "1002:744C", "0000:03:00.0", kernel.RX_7900_XTX),
    )
    for number, driver, pci_id, slot, files in cards:
        kernel.write_card(tmp_path, number, driver=driver, pci_id=pci_id, slot=slot, files=files)
    kernel.write(tmp_path, {"module/amdgpu/version": "6.12.12\n"})
    chip, card, intel = find_by_kernel(tmp_path)
    assert (chip.memory.kind, chip.memory.capacity_bytes) == ("shared_system", 536870912 + 16106127360)
    assert (card.memory.kind, card.memory.capacity_bytes, card.power_limit_watts) == ("dedicated", 25753026560, 290)
    assert (card.vendor, card.driver.version) == ("AMD", "6.12.12")
    assert (intel.vendor, intel.memory.kind, intel.memory.capacity_bytes) == ("Intel", "shared_system", None)


def test_neural_processors(tmp_path):
    uevent = "DRIVER={}\nPCI_ID=8086:7D1D\nPCI_SLOT_NAME=0000:00:0b.0\n"
    kernel.write(tmp_path, {"class/accel/accel0/device/uevent": uevent.format("intel_vpu")})
    kernel.write(tmp_path, {"class/accel/accel1/device/uevent": uevent.format("habanalabs")})
    (npu,) = find_npus(tmp_path)
    assert (npu.kind, npu.vendor, npu.driver.name) == ("npu", "Intel", "intel_vpu")


def test_windows():
    gdi = FakeGdi()
    card, chip = find_by_windows(gdi)
    assert (card.vendor, card.model, card.memory.capacity_bytes) == ("NVIDIA", "NVIDIA GeForce RTX 4090", 24 * GIB)
    assert (card.driver.name, card.driver.version) == ("wddm", "32.0.15.7652")
    assert (chip.vendor, chip.memory.kind) == ("Intel", "shared_system")
    assert sorted(gdi.closed) == [1, 2, 3]
