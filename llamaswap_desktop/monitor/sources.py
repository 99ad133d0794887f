"""Which source tells about the GPUs: the first that works, in the order of the runtime specification, section 9.1.

Deviation: where the specification says ``nvidia-smi``, NVML comes first.  It is the library under that tool, so the
figures are the same, but there is no child to lose, and it knows the memory of each process.
"""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator

from llamaswap_desktop.monitor import d3dkmt, gpu_nvml, pdh
from llamaswap_desktop.monitor.gpu import GpuProbe, GpuSource, InThread, SourceLost
from llamaswap_desktop.monitor.gpu_amd import AmdSysfs
from llamaswap_desktop.monitor.gpu_intel import IntelSysfs
from llamaswap_desktop.monitor.gpu_lact import Lact, find_socket
from llamaswap_desktop.monitor.gpu_nvidia_smi import NvidiaSmi
from llamaswap_desktop.monitor.gpu_rocm_smi import RocmSmi
from llamaswap_desktop.monitor.gpu_windows import ProcessMemory, WindowsGpus
from llamaswap_desktop.monitor.tool import Spawn
from llamaswap_desktop.monitor.worker import Worker

_log = logging.getLogger("llamaswap_desktop.monitor")

Candidate = GpuSource | Callable[[], GpuProbe]
"""A source, or how to build a probe for one (which blocks, and raises ``SourceLost`` or ``OSError``)."""


async def choose_source(candidates: Iterator[Candidate], worker: Worker) -> GpuSource | None:
    """Return the first candidate that tells about at least one device, or None."""
    for candidate in candidates:
        source: GpuSource | None = None
        is_chosen = False
        try:
            source = InThread(await worker.run(candidate), worker) if callable(candidate) else candidate
            is_chosen = bool(await source.read())
        except (SourceLost, OSError, AttributeError) as error:  # AttributeError: a library without the function
            _log.debug("no GPU figures from %s: %s", source.name if source else "a driver that is not here", error)
        finally:
            if source is not None and not is_chosen:
                await source.close()
        if is_chosen:
            return source
    return None


def candidates(spawn: Spawn, *, every_s: float) -> Iterator[Candidate]:
    """Yield the sources of this system, best first."""
    if sys.platform == "win32":
        yield _windows_nvml
        if shutil.which("nvidia-smi"):
            yield NvidiaSmi(spawn, every_s=every_s)
        yield lambda: WindowsGpus(d3dkmt.load_gdi(), pdh.load_pdh())
        return
    if socket := find_socket(os.environ):
        yield Lact(socket)
    yield lambda: gpu_nvml.Nvml(gpu_nvml.load_nvml())
    if shutil.which("nvidia-smi"):
        yield NvidiaSmi(spawn, every_s=every_s)
    yield AmdSysfs
    if shutil.which("rocm-smi"):
        yield RocmSmi(spawn)
    yield IntelSysfs


def _windows_nvml() -> GpuProbe:
    nvml = gpu_nvml.load_nvml()  # before anything is opened: most machines without NVIDIA have none
    graphics = d3dkmt.Graphics(d3dkmt.load_gdi())
    adapters = graphics.open_adapters()
    for adapter in adapters:
        graphics.close(adapter.handle)
    processes = ProcessMemory(pdh.load_pdh(), adapters)
    try:
        return gpu_nvml.Nvml(nvml, bytes_by_bus=processes.by_bus)
    except SourceLost:
        processes.close()
        raise
