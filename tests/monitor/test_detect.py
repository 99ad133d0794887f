"""Taking the snapshot: each failing probe is skipped, and none can hold it."""

import asyncio
import threading

from llamaswap_desktop.monitor import SourceLost, detect_hardware
from llamaswap_desktop.monitor.hardware import Finding
from tests.waiting import until


def _broken():
    yield Finding("0000:01:00.0", "gpu")
    raise SourceLost("driver not loaded")


async def test_a_failing_probe_is_skipped_and_the_others_count():
    probes = [_broken, lambda: [Finding("0000:02:00.0", "gpu", "AMD")]]
    hardware = await detect_hardware("1.0", probes=probes)
    assert [device.vendor for device in hardware.accelerators] == ["AMD"]
    assert hardware.memory.capacity_bytes > 0
    assert hardware.capture.detector.version == "1.0"


async def test_a_probe_that_hangs_costs_its_findings_and_no_more_than_the_limit():
    release = threading.Event()
    probes = [lambda: [Finding("a", "gpu", "first")], lambda: release.wait(10), lambda: [Finding("b", "gpu", "late")]]
    async with asyncio.timeout(5):
        hardware = await detect_hardware("1.0", probes=probes, limit_s=0.3)
    release.set()
    assert [device.vendor for device in hardware.accelerators] == ["first"]


async def test_thread_ends_when_nobody_waits_any_more():
    threads: list[threading.Thread] = []
    release = threading.Event()

    def hang() -> list[Finding]:
        threads.append(threading.current_thread())
        release.wait(10)
        return []

    detecting = asyncio.get_running_loop().create_task(detect_hardware("1.0", probes=[hang]))
    await until(lambda: threads, "the probe is asked")
    detecting.cancel()
    await asyncio.wait({detecting})
    release.set()
    await until(lambda: not threads[0].is_alive(), "the thread has ended")


async def test_this_machine():
    assert (await detect_hardware("1.0")).schema_version == 1
