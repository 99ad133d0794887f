"""The Prometheus text, word for word."""

from datetime import UTC, datetime

from llamaswap_desktop.monitor import GpuDevice, NetworkCounters, Sample, SystemSample, prometheus_text
from llamaswap_desktop.monitor.sample import gpu_sample

AT = datetime(2026, 8, 9, tzinfo=UTC)
SYSTEM = SystemSample(AT, (12.5, 100.0), 2, 1, 1, 4, 0, 0.5, 1.0, 0.25, (NetworkCounters('e"th\\0\n', 10, 20),))


def test_before_the_first_sample_there_is_nothing():
    assert prometheus_text(None) == ""


def test_the_system_s_families():
    assert prometheus_text(Sample(AT, SYSTEM)).splitlines()[:12] == [
        "# HELP llamaswap_cpu_util_percent CPU use of each core in percent",
        "# TYPE llamaswap_cpu_util_percent gauge",
        'llamaswap_cpu_util_percent{core="0"} 12.5',
        'llamaswap_cpu_util_percent{core="1"} 100',
        "# HELP llamaswap_memory_total_bytes Memory of the system",
        "# TYPE llamaswap_memory_total_bytes gauge",
        "llamaswap_memory_total_bytes 2097152",
        "# HELP llamaswap_memory_used_bytes Memory in use",
        "# TYPE llamaswap_memory_used_bytes gauge",
        "llamaswap_memory_used_bytes 1048576",
        "# HELP llamaswap_memory_free_bytes Memory not in use for anything",
        "# TYPE llamaswap_memory_free_bytes gauge",
    ]


def test_labels_are_escaped_and_network_is_a_counter():
    text = prometheus_text(Sample(AT, SYSTEM))
    assert "# TYPE llamaswap_network_bytes_total counter\n" in text
    assert 'llamaswap_network_bytes_total{interface="e\\"th\\\\0\\n",direction="recv"} 10\n' in text
    assert 'llamaswap_load_average{interval="15m"} 0.25\n' in text


def test_without_interfaces_and_gpus_their_families_are_absent():
    text = prometheus_text(Sample(AT, SystemSample(AT)))
    assert "network" not in text
    assert "gpu" not in text


def test_gpus_by_id_and_without_an_empty_uuid():
    devices = (
        GpuDevice(1, "B", temp_c=50),
        GpuDevice(0, "A", "GPU-a", mem_used_bytes=3 << 20, mem_total_bytes=4 << 20),
    )
    text = prometheus_text(Sample(AT, SYSTEM, tuple(gpu_sample(device, AT) for device in devices)))
    assert 'llamaswap_gpu_memory_used_bytes{id="0",name="A",uuid="GPU-a"} 3145728\n' in text
    assert 'llamaswap_gpu_memory_util_percent{id="0",name="A",uuid="GPU-a"} 75\n' in text
    assert 'llamaswap_gpu_temperature_celsius{id="1",name="B"} 50\n' in text
    assert text.index('celsius{id="0"') < text.index('celsius{id="1"')
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE llamaswap_gpu")}
    assert names == {
        f"llamaswap_gpu_{name}"
        for name in (
            "temperature_celsius", "vram_temperature_celsius", "util_percent", "memory_util_percent",
            "memory_used_bytes", "memory_total_bytes", "fan_speed_percent", "power_draw_watts",
        )
    }  # fmt: skip
