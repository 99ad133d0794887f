"""Windows without Windows: its structures, sizes and answers, played by objects with the same functions."""

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.d3dkmt import Graphics
from llamaswap_desktop.monitor.gpu_windows import ProcessMemory, WindowsGpus, luid_in, pid_in
from llamaswap_desktop.monitor.pdh import Counters
from tests.monitor.windows import GIB, RECORDED, RTX, UHD, FakeGdi, FakePdh


def test_the_card_and_the_chip_with_what_each_tells():
    card, chip = WindowsGpus(FakeGdi(), FakePdh(RECORDED)).read()
    assert (card.index, card.name, card.temp_c, card.fan_pct, card.power_w) == (
        0, "NVIDIA GeForce RTX 4090", 61.4, 50, 310.5,
    )  # fmt: skip
    assert (card.util_pct, card.mem_used_bytes, card.mem_total_bytes) == (100, 6 * GIB, 24 * GIB)
    assert (chip.index, chip.util_pct) == (1, 4.25)
    assert (chip.mem_used_bytes, chip.mem_total_bytes) == (3 * GIB // 2, 16 * GIB + GIB // 8)


def test_memory_of_processes_by_device_and_by_bus():
    assert WindowsGpus(FakeGdi(), FakePdh(RECORDED)).memory_of(frozenset({4711, 1204, 5})) == {
        4711: {0: 11 * GIB // 2},
        1204: {0: GIB // 2, 1: GIB},
    }
    adapters = Graphics(FakeGdi()).open_adapters()
    by_bus = ProcessMemory(FakePdh(RECORDED), adapters).by_bus(frozenset({4711}))
    assert by_bus == {4711: {"0000:01:00.0": 11 * GIB // 2}}


def test_an_older_windows_without_sensors_and_counters_still_names_its_devices():
    card, _ = WindowsGpus(FakeGdi(sensors=False), FakePdh({})).read()
    assert (card.name, card.temp_c, card.util_pct, card.mem_used_bytes) == ("NVIDIA GeForce RTX 4090", 0, 0, 0)
    assert card.mem_total_bytes == 24 * GIB


def test_what_is_no_gpu_is_closed_and_the_rest_at_the_end():
    gdi, pdh = FakeGdi(), FakePdh(RECORDED)
    probe = WindowsGpus(gdi, pdh)
    assert gdi.closed == [3]
    probe.close()
    assert sorted(gdi.closed) == [1, 2, 3]
    assert not pdh.is_open


def test_adapter_without_memory_is_no_gpu_and_closed():
    gdi = FakeGdi()
    gdi.adapters[4] = {**gdi.adapters[1], "luid": 0xF003, "memory": (0, 0, 0)}
    assert len(WindowsGpus(gdi, FakePdh(RECORDED)).read()) == 2
    assert sorted(gdi.closed) == [3, 4]


def test_without_an_adapter_there_is_no_source():
    gdi = FakeGdi()
    gdi.adapters = {}
    with pytest.raises(SourceLost):
        WindowsGpus(gdi, FakePdh({}))


def test_counters_sum_instances_of_one_name_and_leave_out_invalid_ones():
    path = r"\GPU Engine(*)\Utilization Percentage"
    counters = Counters(FakePdh({path: [("a", 1.0), ("a", 2.5), ("b", None)]}), (path, r"\No(*)\Such"))
    assert counters.read() == {path: {"a": 3.5}}
    counters.close()
    assert counters.read() == {}


def test_names_of_instances():
    assert luid_in("pid_4711_luid_0x00000000_0x0000C5A4_phys_0_eng_0_engtype_3D") == RTX
    assert luid_in("LUID_0x00000000_0x0000D001_phys_0") == UHD
    assert (luid_in("_Total"), pid_in("_Total"), pid_in("pid_8_luid_x")) == ("", -1, 8)
