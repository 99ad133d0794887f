"""Version, performance, hardware, metrics, health (HTTP specification, sections 2, 23 and 24)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from llamaswap_desktop import __version__
from llamaswap_desktop.monitor import GpuSample, NetworkCounters, Sample, SystemSample
from tests.web.served import MONITORED, TWO_MODELS, served

NOON = datetime(2026, 8, 1, 12, 0, 0, 250_000, tzinfo=UTC)

GPU = {
    "id": 0, "name": 'RTX "X"', "uuid": "", "temp_c": 50, "vram_temp_c": 0, "gpu_util_pct": 12.5,
    "mem_util_pct": 50.0, "mem_used_mb": 4096, "mem_total_mb": 8192, "fan_speed_pct": 0.0, "power_draw_w": 75.0,
}  # fmt: skip
SYSTEM = {
    "cpu_util_per_core": [1.5, 100.0], "mem_total_mb": 32768, "mem_used_mb": 1024, "mem_free_mb": 31744,
    "swap_total_mb": 0, "swap_used_mb": 0, "load_avg_1": 0.5, "load_avg_5": 0.25, "load_avg_15": 0.0,
    "net_io": [{"name": "eth0", "bytes_recv": 7, "bytes_sent": 9}],
}  # fmt: skip


def sample(at, gpus=True):
    figures = {**SYSTEM, "cpu_util_per_core": (1.5, 100.0), "net_io": (NetworkCounters("eth0", 7, 9),)}
    return Sample(at, SystemSample(at, **figures), (GpuSample(at, **GPU), GpuSample(at, **{**GPU, "id": 1})) * gpus)


def monitored(tmp_path):
    return served(tmp_path, TWO_MODELS + MONITORED)


@pytest.mark.parametrize("path", ["/health", "/wol-health"])
async def test_health(tmp_path, path):
    async with served(tmp_path, TWO_MODELS + "apiKeys: [k]\n") as it:
        status, headers, body = await it.get(path)
        assert (status, headers["Content-Type"], body) == (200, "text/plain; charset=utf-8", b"OK")
        assert (await it.ask("HEAD", path))[::2] == (200, b"")


async def test_version(tmp_path):
    async with served(tmp_path) as it:
        assert await it.get_json("/api/version") == {"version": __version__, "commit": "", "build_date": ""}


async def test_performance(tmp_path):
    async with monitored(tmp_path) as it:
        assert await it.get_json("/api/performance") == {"enabled": True, "sys_stats": None, "gpu_stats": None}
        for seconds in (0, 5):
            it.sampler._keep(sample(NOON + timedelta(seconds=seconds)))
        times = ["2026-08-01T12:00:00.250000Z", "2026-08-01T12:00:05.250000Z"]
        answer = await it.get_json("/api/performance")
        assert answer == {
            "enabled": True,
            "sys_stats": [{"timestamp": time, **SYSTEM} for time in times],
            "gpu_stats": [{"timestamp": time, **GPU, "id": id_} for time in times for id_ in (0, 1)],
        }

        async def after(text):
            found = await it.get_json(f"/api/performance?after={text}")
            return len(found["sys_stats"]), len(found["gpu_stats"])

        assert await after("") == (2, 4)
        assert await after("2026-08-01T12:00:00.25Z") == (1, 2)
        assert await after("2026-08-01T12:00:00.249999999Z") == (2, 4)
        assert await after("2026-08-01T14:00:00%2B02:00") == (2, 4)
        assert await after("2026-08-01T12:00:05.250Z") == (0, 0)


async def test_without_gpus_their_list_is_null(tmp_path):
    async with monitored(tmp_path) as it:
        it.sampler._keep(sample(NOON, gpus=False))
        assert (await it.get_json("/api/performance"))["gpu_stats"] is None


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-08-01", "2026-08-01T12:00:00", "2026-13-01T12:00:00Z", "2026-08-01T12:00:00+02:00", "1"]
)
async def test_after_what(tmp_path, text):
    async with monitored(tmp_path) as it:
        answer = await it.get_json(f"/api/performance?after={text}", 400)
        assert answer["error"]["message"] == "invalid 'after' timestamp, use RFC3339 format"


async def test_monitor_that_is_switched_off(tmp_path):
    async with served(tmp_path) as it:
        assert await it.get_json("/api/performance", 503) == {"enabled": False}
        status, headers, body = await it.get("/metrics")
        assert (status, body) == (503, b"# performance monitor not available\n")
        assert headers["Content-Type"].startswith("text/plain")


async def test_monitor_can_be_switched_off_by_a_reload(tmp_path):
    async with monitored(tmp_path) as it:
        it.file.write_text(TWO_MODELS + "performance: {disabled: true}\n")
        await it.command("reload")
        assert await it.get_json("/api/performance", 503) == {"enabled": False}


async def test_monitor_can_be_switched_on_by_a_reload_that_wants_the_memory_planner(tmp_path):
    async with served(tmp_path) as it:
        it.file.write_text(TWO_MODELS + "performance: {every: 5s}\n")
        await it.command("reload")
        assert await it.get_json("/api/performance", 503) == {"enabled": False}
        it.file.write_text(TWO_MODELS + "performance: {every: 5s}\nrouting: {router: {use: memory}}\n")
        await it.command("reload")
        assert (await it.get("/api/performance"))[0] == 200


async def test_metrics(tmp_path):
    async with monitored(tmp_path) as it:
        status, headers, body = await it.get("/metrics")
        assert (status, headers["Content-Type"], body) == (200, "text/plain; version=0.0.4; charset=utf-8", b"")
        it.sampler._keep(sample(NOON))
        text = (await it.get("/metrics"))[2].decode()
        assert 'llamaswap_cpu_util_percent{core="1"} 100\n' in text
        assert 'llamaswap_gpu_memory_used_bytes{id="0",name="RTX \\"X\\""} 4294967296\n' in text


async def test_hardware(tmp_path):
    async with served(tmp_path) as it:
        found = await it.get_json("/api/hardware")
        assert found.keys() == {
            "schema_version", "captured_at", "capture", "architecture", "operating_system", "environment", "cpu",
            "memory", "accelerators",
        }  # fmt: skip
        assert found["schema_version"] == 1
        assert found["captured_at"].endswith("Z")
        assert found["capture"] == {
            "scope": "inference_host",
            "method": "detected",
            "detector": {"name": "llamaswap-desktop", "version": __version__},
        }
        assert found["architecture"].keys() == {"name", "raw_name"}
        assert found["operating_system"].keys() == {"family", "name", "version", "kernel"}
        assert found["environment"].keys() == {"kind", "name", "version"}
        assert found["cpu"].keys() == {
            "vendor", "model", "socket_count", "physical_core_count", "logical_thread_count",
        }  # fmt: skip
        assert found["memory"]["capacity_bytes"] > 0
        assert isinstance(found["accelerators"], list)


async def test_detection_of_the_hardware_delays_nobody_but_who_asks_for_it(tmp_path, monkeypatch):
    is_over = asyncio.Event()

    async def detect(_version):
        await is_over.wait()

    monkeypatch.setattr("llamaswap_desktop.app.detect_hardware", detect)
    async with served(tmp_path) as it:
        asking = asyncio.ensure_future(it.get("/api/hardware"))
        assert (await it.get("/health"))[0] == 200
        await it.load("a")
        assert not asking.done()
        is_over.set()
        assert (await asking)[0] == 503


async def test_hardware_that_cannot_be_found_out(tmp_path):
    async with served(tmp_path) as it:
        await it.app._known_hardware()

        async def nothing():
            return None

        it.app._hardware = asyncio.ensure_future(nothing())
        answer = await it.get_json("/api/hardware", 503)
        assert answer["error"] == {
            "message": "hardware detection unavailable", "type": "server_error", "param": None,
            "code": "service_unavailable",
        }  # fmt: skip
