"""Machine and system: recorded files of the kernel, and this very machine."""

import sys

import psutil
import pytest

from llamaswap_desktop.monitor import hardware_system
from llamaswap_desktop.monitor.hardware_system import environment_of, parse_cpuinfo, parse_os_release
from tests.monitor import kernel

CPUINFO = """\
processor\t: 0
vendor_id\t: AuthenticAMD
model name\t: AMD Ryzen 9 7950X 16-Core Processor
physical id\t: 0
flags\t\t: fpu vme hypervisor

processor\t: 1
vendor_id\t: AuthenticAMD
model name\t: AMD Ryzen 9 7950X 16-Core Processor
physical id\t: 1
"""
ARM_CPUINFO = "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"


def test_cpuinfo():
    assert parse_cpuinfo(CPUINFO) == ("AMD", "AMD Ryzen 9 7950X 16-Core Processor", 2)
    assert parse_cpuinfo(ARM_CPUINFO) == ("ARM", None, None)
    assert parse_cpuinfo("") == (None, None, None)


def test_os_release():
    text = '# comment\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME=\'Ubuntu\'\nVERSION_ID="24.04"\nbroken\n'
    facts = parse_os_release(text)
    assert (facts["NAME"], facts["VERSION_ID"]) == ("Ubuntu", "24.04")


@pytest.mark.parametrize(
    ("facts", "kind", "name"),
    [
        ({}, "native", None),
        ({"maker": "ASUSTeK COMPUTER INC. System Product Name"}, "native", None),
        ({"maker": "QEMU Standard PC (Q35 + ICH9, 2009)"}, "virtual_machine", "QEMU"),
        ({"maker": "Microsoft Corporation Virtual Machine"}, "virtual_machine", "Hyper-V"),
        ({"maker": "Microsoft Corporation Surface Laptop 5"}, "native", None),
        ({"is_guest": True}, "virtual_machine", None),
        ({"kernel": "5.15.167.4-microsoft-standard-WSL2", "is_guest": True}, "wsl", "WSL2"),
        ({"kernel": "5.15.167.4-microsoft-standard-WSL2", "container": "docker"}, "container", "docker"),
    ],
)
def test_environments(facts, kind, name):
    assert (environment_of(**facts).kind, environment_of(**facts).name) == (kind, name)


def test_installed_memory_counts_blocks_in_use(tmp_path):
    folder = "sys/devices/system/memory"
    kernel.write(tmp_path, {f"{folder}/block_size_bytes": "8000000\n", f"{folder}/memory0/online": 1})
    kernel.write(tmp_path, {f"{folder}/memory1/online": 1, f"{folder}/memory2/online": 0})
    assert hardware_system.installed_bytes(tmp_path) == 2 * 0x8000000
    assert hardware_system.installed_bytes(tmp_path / "nowhere") == 0


def test_the_tightest_limit_of_the_control_groups_around_us(tmp_path):
    assert hardware_system.group_limit_bytes(tmp_path) is None
    kernel.write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/app.scope\n",
            "sys/fs/cgroup/user.slice/memory.max": 4 << 30,
            "sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
        },
    )
    assert hardware_system.group_limit_bytes(tmp_path) == 4 << 30


@pytest.mark.linux
def test_memory_is_the_larger_of_reported_and_installed_cut_by_the_limit(tmp_path):
    reported = psutil.virtual_memory().total
    assert hardware_system.read_memory(tmp_path).capacity_bytes == reported
    folder = "sys/devices/system/memory"
    kernel.write(tmp_path, {f"{folder}/block_size_bytes": f"{2 * reported:x}\n", f"{folder}/memory0/online": 1})
    assert hardware_system.read_memory(tmp_path).capacity_bytes == 2 * reported
    kernel.write(tmp_path, {"sys/fs/cgroup/memory.max": 1 << 20})
    assert hardware_system.read_memory(tmp_path).capacity_bytes == 1 << 20


def test_this_machine():
    assert hardware_system.read_cpu().logical_thread_count == psutil.cpu_count()
    assert hardware_system.read_operating_system().family == {"win32": "windows"}.get(sys.platform, "linux")
