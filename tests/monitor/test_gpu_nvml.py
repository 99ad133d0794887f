"""NVML through a library of our own making: the real one's functions, sizes and status codes."""

import ctypes

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_nvml import Nvml

NOT_SUPPORTED, NOT_FOUND, INSUFFICIENT_SIZE, GPU_IS_LOST = 3, 6, 7, 15
UNKNOWN = 2**64 - 1


class FakeNvml:
    """Two devices; ``processes`` by device: (pid, bytes) that compute, and those that draw."""

    def __init__(self, *, compute=((), ()), graphics=((), ()), lost=False):
        self.compute, self.graphics, self.lost = compute, graphics, lost
        self.is_open = False

    def nvmlInit_v2(self):
        self.is_open = True
        return 0

    def nvmlShutdown(self):
        self.is_open = False
        return 0

    def nvmlDeviceGetCount_v2(self, count):
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):
        handle._obj.value = 0x7F00_0000_1000 + index
        return 0

    @staticmethod
    def _index(handle):
        return handle.value - 0x7F00_0000_1000

    def nvmlDeviceGetName(self, handle, buffer, size):
        buffer.value = (b"NVIDIA GeForce RTX 4090", b"NVIDIA H100 80GB HBM3")[self._index(handle)]
        return 0

    def nvmlDeviceGetUUID(self, handle, buffer, size):
        buffer.value = b"GPU-%d" % self._index(handle)
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle, memory):
        assert ctypes.sizeof(memory._obj) == 24
        memory._obj.total, memory._obj.used = 24 << 30, (6 << 30) + self._index(handle)
        return 0

    def nvmlDeviceGetUtilizationRates(self, handle, use):
        if self.lost:
            return GPU_IS_LOST
        use._obj.gpu = 97
        return 0

    def nvmlDeviceGetTemperature(self, handle, sensor, value):
        assert sensor == 0
        value._obj.value = 61
        return 0

    def nvmlDeviceGetFanSpeed(self, handle, value):
        if self._index(handle) == 1:
            return NOT_SUPPORTED
        value._obj.value = 45
        return 0

    def nvmlDeviceGetPowerUsage(self, handle, value):
        value._obj.value = 310_520
        return 0

    def nvmlDeviceGetFieldValues(self, handle, count, field):
        assert ctypes.sizeof(field._obj) == 40
        assert (count, field._obj.field_id) == (1, 82)
        field._obj.status = NOT_SUPPORTED if self._index(handle) == 0 else 0
        field._obj.value.ui = 72
        return 0

    def _list(self, processes, count, array):
        room, count._obj.value = count._obj.value, len(processes)
        if len(processes) > room:
            return INSUFFICIENT_SIZE
        assert ctypes.sizeof(array) == 24 * room
        for slot, (pid, used) in zip(array, processes, strict=False):
            slot.pid, slot.used_bytes = pid, used
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle, count, array):
        return self._list(self.compute[self._index(handle)], count, array)

    def nvmlDeviceGetGraphicsRunningProcesses_v2(self, handle, count, array):
        return self._list(self.graphics[self._index(handle)], count, array)

    def nvmlDeviceGetPciInfo_v3(self, handle, pci):
        assert ctypes.sizeof(pci._obj) == 68
        pci._obj.domain, pci._obj.bus, pci._obj.device = 0, 1 + self._index(handle), 0
        return 0

    def nvmlSystemGetDriverVersion(self, buffer, size):
        buffer.value = b"580.65.06"
        return 0

    def nvmlDeviceGetCudaComputeCapability(self, handle, major, minor):
        major._obj.value, minor._obj.value = 8, 9
        return 0

    def nvmlDeviceGetEnforcedPowerLimit(self, handle, value):
        value._obj.value = 450_000
        return 0


def test_both_devices_with_what_each_tells():
    first, second = Nvml(FakeNvml()).read()
    assert (first.index, first.name, first.uuid) == (0, "NVIDIA GeForce RTX 4090", "GPU-0")
    assert (first.temp_c, first.util_pct, first.power_w) == (61, 97, 310.52)
    assert (first.mem_used_bytes, first.mem_total_bytes) == (6 << 30, 24 << 30)
    assert (first.fan_pct, second.fan_pct) == (45, 0)
    assert (first.vram_temp_c, second.vram_temp_c) == (0, 72)


def test_memory_by_process_and_device_each_process_counted_once():
    library = FakeNvml(compute=(((7, 100), (8, 5)), ((7, 300),)), graphics=(((7, 90), (9, 1)), ()))
    assert Nvml(library).memory_of(frozenset({7, 9, 10})) == {7: {0: 100, 1: 300}, 9: {0: 1}}


def test_more_processes_than_there_was_room_for():
    library = FakeNvml(compute=(tuple((pid, pid) for pid in range(1, 201)), ()))
    assert Nvml(library).memory_of(frozenset({200})) == {200: {0: 200}}


def test_where_windows_manages_the_memory_its_counters_tell():
    library = FakeNvml(compute=(((7, UNKNOWN),), ()))
    assert Nvml(library).memory_of(frozenset({7})) is None
    counters = lambda pids: {pid: {"0000:02:00.0": 5, "0000:09:00.0": 9} for pid in pids}  # noqa: E731
    assert Nvml(library, bytes_by_bus=counters).memory_of(frozenset({7})) == {7: {1: 5}}


def test_a_lost_gpu_is_a_lost_source_and_a_missing_figure_is_not():
    nvml = Nvml(FakeNvml(lost=True))
    with pytest.raises(SourceLost, match="a GPU is lost"):
        nvml.read()


def test_a_driver_that_is_not_loaded_or_without_devices_is_no_source():
    library = FakeNvml()
    library.nvmlInit_v2 = lambda: 9
    with pytest.raises(SourceLost, match="driver not loaded"):
        Nvml(library)
    library = FakeNvml()
    library.nvmlDeviceGetHandleByIndex_v2 = lambda index, handle: NOT_FOUND
    with pytest.raises(SourceLost, match="no device"):
        Nvml(library)


def test_closing_shuts_the_library_down():
    library = FakeNvml()
    nvml = Nvml(library)
    assert library.is_open
    nvml.close()
    assert not library.is_open
