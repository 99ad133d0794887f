"""The published samples: names, units, and what the filter leaves."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import msgspec

from llamaswap_desktop.monitor import GpuDevice, Sample, SystemSample, performance
from llamaswap_desktop.monitor.sample import GpuSample, gpu_sample

START = datetime(2026, 8, 9, 7, 5, 3, tzinfo=UTC)
CARD = GpuDevice(0, "RTX", "GPU-1", temp_c=61.4, mem_used_bytes=6 << 30, mem_total_bytes=24 << 30, power_w=310.5)


def _history(count: int, *devices: GpuDevice) -> list[Sample]:
    moments = [START + timedelta(seconds=5 * number) for number in range(count)]
    return [Sample(at, SystemSample(at), tuple(gpu_sample(device, at) for device in devices)) for at in moments]


def test_the_names_are_those_of_the_specification():
    assert {each.name for each in fields(SystemSample)} == {
        "timestamp", "cpu_util_per_core", "mem_total_mb", "mem_used_mb", "mem_free_mb", "swap_total_mb",
        "swap_used_mb", "load_avg_1", "load_avg_5", "load_avg_15", "net_io",
    }  # fmt: skip
    assert {each.name for each in fields(GpuSample)} == {
        "timestamp", "id", "name", "uuid", "temp_c", "vram_temp_c", "gpu_util_pct", "mem_util_pct", "mem_used_mb",
        "mem_total_mb", "fan_speed_pct", "power_draw_w",
    }  # fmt: skip


def test_a_device_is_published_in_mib_with_the_share_of_its_memory():
    sample = gpu_sample(CARD, START)
    assert (sample.mem_used_mb, sample.mem_total_mb, sample.mem_util_pct) == (6144, 24576, 25.0)
    assert sample.temp_c == 61
    assert gpu_sample(GpuDevice(0, "no memory"), START).mem_util_pct == 0


def test_one_item_per_device_and_sample_oldest_first():
    found = performance(_history(3, CARD, GpuDevice(1, "RTX")))
    assert [(item.timestamp, item.id) for item in found.gpu_stats] == [
        (START + timedelta(seconds=5 * number), index) for number in range(3) for index in (0, 1)
    ]
    assert len(found.sys_stats) == 3


def test_after_keeps_what_is_strictly_later_and_leaves_an_empty_list_rather_than_null():
    history = _history(3, CARD)
    assert len(performance(history, after=START).sys_stats) == 2
    nothing = performance(history, after=START + timedelta(hours=1))
    assert (nothing.sys_stats, nothing.gpu_stats) == ([], [])


def test_null_where_nothing_was_ever_sampled():
    assert (performance([]).sys_stats, performance([]).gpu_stats) == (None, None)
    assert performance(_history(2)).gpu_stats is None
    assert msgspec.json.encode(performance([])) == b'{"enabled":true,"sys_stats":null,"gpu_stats":null}'


def test_time_stamps_are_rfc_3339():
    assert b'"timestamp":"2026-08-09T07:05:03Z"' in msgspec.json.encode(performance(_history(1)))
