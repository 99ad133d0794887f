"""nvidia-smi: recorded lines, broken lines, and a tool that dies."""

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_nvidia_smi import Moments, NvidiaSmi, parse_device, parse_processes
from tests.monitor.tools import Tools, missing

A = "GPU-ad466f2f-575d-d949-35e0-9a7d912d974e"
B = "GPU-3410aa41-502b-5cf1-d8c4-58dc1c22fbc9"
FIRST = f"2, 0, NVIDIA GeForce RTX 4090, {A}, 61, 98, 20481, 24564, 45, 310.52\n"
SECOND = f"2, 1, Tesla V100-SXM3-32GB, {B}, 54, 58, 6439, 32768, [N/A], 238.71\n"
LOST = (
    "Unable to determine the device handle for GPU0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU\n"
)


def test_a_recorded_line():
    count, device = parse_device(FIRST)
    assert count == 2
    assert (device.index, device.name, device.uuid) == (0, "NVIDIA GeForce RTX 4090", A)
    assert (device.temp_c, device.util_pct, device.fan_pct, device.power_w) == (61, 98, 45, 310.52)
    assert (device.mem_used_bytes >> 20, device.mem_total_bytes >> 20) == (20481, 24564)


@pytest.mark.parametrize("unknown", ["[N/A]", "[Not Supported]", "[Unknown Error]", "", "ERR!"])
def test_what_the_tool_does_not_know_is_0(unknown):
    _, device = parse_device(f"1, 0, Orin, GPU-x, {unknown}, {unknown}, {unknown}, {unknown}, {unknown}, {unknown}")
    assert (device.temp_c, device.mem_total_bytes, device.power_w) == (0, 0, 0)


@pytest.mark.parametrize("line", ["", "\n", LOST, "2, 0, NVIDIA", "NVIDIA-SMI has failed because it couldn't\n"])
def test_shorter_lines_are_ignored(line):
    assert parse_device(line) is None


def test_the_lines_of_one_moment_make_one_sample():
    moments = Moments()
    taken = [moments.take(line) for line in (FIRST, SECOND, FIRST, SECOND)]
    assert [len(devices) for devices in taken] == [0, 2, 0, 2]


def test_a_moment_without_one_of_its_devices_ends_with_the_next():
    moments = Moments()
    taken = [moments.take(line) for line in (FIRST, LOST, FIRST, LOST)]
    assert [len(devices) for devices in taken] == [0, 0, 1, 0]


def test_processes_by_device():
    printed = f"{A}, 4711, 20012\n{B}, 4711, 512\n{B}, 99, 64\n{A}, 12, [N/A]\nno, running, processes, found\n"
    assert parse_processes(printed, {A: 0, B: 1}, frozenset({4711, 12})) == {4711: {0: 20012 << 20, 1: 512 << 20}}
    assert parse_processes("", {A: 0}, frozenset({1})) == {}


def test_where_the_tool_names_processes_but_no_memory_nobody_tells():
    assert parse_processes(f"{A}, 4711, [N/A]\n{A}, 12, [N/A]\n", {A: 0}, frozenset({4711})) is None


@pytest.mark.child
async def test_one_child_is_kept_and_gone_after_the_end():
    tools = Tools(FIRST + SECOND, stays=True)
    source = NvidiaSmi(tools, every_s=5)
    assert [device.index for device in await source.read()] == [0, 1]
    assert len(await source.read()) == 2
    assert len(tools.started) == 1
    assert "--loop-ms=5000" in tools.commands[0]
    await source.close()
    assert tools.started[0].returncode is not None


@pytest.mark.child
async def test_a_child_that_dies_or_never_says_a_thing_is_a_lost_source():
    for printed in (FIRST + SECOND, LOST):
        source = NvidiaSmi(Tools(printed), every_s=5)
        with pytest.raises(SourceLost):
            for _ in range(2):
                await source.read()
                await source._reading
        await source.close()


async def test_without_the_tool_there_is_no_source():
    with pytest.raises(SourceLost, match="cannot be started"):
        await NvidiaSmi(missing, every_s=5).read()
