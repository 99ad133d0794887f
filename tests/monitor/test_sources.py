"""The first source that works is taken; those that do not are closed."""

import pytest

from llamaswap_desktop.monitor import GpuDevice, SourceLost
from llamaswap_desktop.monitor.gpu import parse_number
from llamaswap_desktop.monitor.gpu_nvidia_smi import NvidiaSmi
from llamaswap_desktop.monitor.sources import candidates, choose_source
from llamaswap_desktop.monitor.worker import Worker
from tests.monitor.test_watch import Source
from tests.monitor.tools import Tools, missing


class Probe:
    name = "probe"
    closed = 0

    def read(self):
        return (GpuDevice(0, "by probe"),)

    def memory_of(self, pids):
        return None

    def close(self):
        Probe.closed += 1


@pytest.fixture
def worker():
    worker = Worker("test")
    yield worker
    worker.close()


def _absent():
    raise OSError("libnvidia-ml.so.1: cannot open shared object file")


async def test_the_first_that_works(worker):
    broken = Source()
    broken.failure = SourceLost("driver not loaded")
    spare = Source()
    chosen = await choose_source(iter([_absent, broken, Probe, spare]), worker)
    assert chosen.name == "probe"
    assert broken.is_closed
    assert not spare.is_closed
    await chosen.close()
    assert Probe.closed == 1


async def test_none_where_nothing_works(worker):
    assert await choose_source(iter([_absent]), worker) is None


@pytest.mark.child
async def test_a_tool_that_prints_nonsense_is_ended_before_the_next_is_asked(worker):
    tools = Tools("No devices were found\n")
    assert await choose_source(iter([NvidiaSmi(tools, every_s=5)]), worker) is None
    assert tools.started[0].returncode is not None


async def test_a_machine_without_gpus_has_no_source_and_nothing_breaks(worker):
    found = await choose_source(candidates(missing, every_s=5), worker)
    if found is not None:
        assert await found.read()
        await found.close()


@pytest.mark.parametrize(("text", "number"), [("3.5", 3.5), ("N/A", 0), ("", 0), ("nan", 0), ("inf", 0), ("-1", -1)])
def test_numbers_of_tools(text, number):
    assert parse_number(text) == number
