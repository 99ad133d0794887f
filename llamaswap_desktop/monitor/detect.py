"""Takes the hardware snapshot: every probe on a worker thread, ten seconds for all of them."""

import asyncio
import contextlib
import logging
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from llamaswap_desktop.monitor.hardware import (
    Capture,
    Detector,
    Finding,
    Hardware,
    architecture_of,
    merge_findings,
)
from llamaswap_desktop.monitor.worker import Worker

_log = logging.getLogger("llamaswap_desktop.monitor")

_LIMIT_S: Final = 10.0

FindAccelerators = Callable[[], Iterable[Finding]]


async def detect_hardware(
    version: str, *, probes: Sequence[FindAccelerators] | None = None, limit_s: float = _LIMIT_S
) -> Hardware | None:
    """Return the snapshot, or None if the size of the memory cannot be found.

    ``version`` is that of this program.  Takes ``limit_s`` at most; a probe that has not answered by then is left
    out.  Run it beside the rest of the start: nothing waits for it.
    """
    bare: Hardware | None = None
    findings: list[Finding] = []
    with contextlib.closing(Worker("hardware")) as worker:
        try:
            async with asyncio.timeout(limit_s):
                bare = await worker.run(lambda: _read_machine(version))
                if bare is None:
                    return None
                for find in await worker.run(probes_of_this_system) if probes is None else probes:
                    findings += await _tried(find, worker)
        except TimeoutError:
            _log.debug("hardware: not all probes have answered within %g s", limit_s)
    return None if bare is None else replace(bare, accelerators=merge_findings(findings))


async def _tried(find: FindAccelerators, worker: Worker) -> list[Finding]:
    try:
        return await worker.run(partial(_found, find))
    except Exception as error:  # noqa: BLE001 - each failing probe is skipped
        _log.debug("hardware: %s", error)
        return []


def _found(find: FindAccelerators) -> list[Finding]:
    return list(find())


def probes_of_this_system() -> Sequence[FindAccelerators]:
    """Return the ways of finding accelerators, best first.  Imports them: that belongs on the worker's thread."""
    from llamaswap_desktop.monitor import d3dkmt, gpu_nvml  # noqa: PLC0415
    from llamaswap_desktop.monitor.hardware_gpus import (  # noqa: PLC0415
        find_by_kernel,
        find_by_nvml,
        find_by_windows,
        find_npus,
    )

    if sys.platform == "win32":
        return (lambda: find_by_nvml(gpu_nvml.load_nvml()), lambda: find_by_windows(d3dkmt.load_gdi()))
    return (lambda: find_by_nvml(gpu_nvml.load_nvml()), find_by_kernel, find_npus)


def _read_machine(version: str) -> Hardware | None:
    from llamaswap_desktop.monitor import hardware_system  # noqa: PLC0415 - as above

    memory = hardware_system.read_memory()
    if memory is None:
        return None
    return Hardware(
        captured_at=datetime.now(UTC),
        capture=Capture(Detector("llamaswap-desktop", version)),
        architecture=architecture_of(platform.machine()),
        operating_system=hardware_system.read_operating_system(),
        environment=hardware_system.read_environment(),
        cpu=hardware_system.read_cpu(),
        memory=memory,
    )
