"""AMD by the kernel's files, as recorded on a desktop card and on a chip inside a processor."""

import shutil

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_amd import AmdSysfs
from tests.monitor import kernel


@pytest.fixture
def machine(tmp_path):
    kernel.write_card(
        tmp_path / "sys", 0, driver="amdgpu", pci_id="1002:744C", slot="0000:03:00.0", files=kernel.RX_7900_XTX
    )
    kernel.write_card(
        tmp_path / "sys", 1, driver="amdgpu", pci_id="1002:15BF", slot="0000:C4:00.0", files=kernel.RADEON_780M
    )
    return tmp_path


def _probe(machine):
    return AmdSysfs(sys_root=machine / "sys", proc_root=machine / "proc")


def test_a_card_with_memory_of_its_own(machine):
    card, _ = _probe(machine).read()
    assert (card.index, card.uuid) == (0, "9f9d1a0b1c2d3e4f")
    assert (card.temp_c, card.vram_temp_c, card.util_pct, card.fan_pct, card.power_w) == (53, 68, 3, 20, 68)
    assert (card.mem_used_bytes, card.mem_total_bytes) == (1717986918, 25753026560)


def test_a_chip_inside_a_processor_has_the_system_s_memory_too(machine):
    _, chip = _probe(machine).read()
    assert chip.mem_total_bytes == 536870912 + 16106127360
    assert chip.mem_used_bytes == 412868608 + 1073741824
    assert (chip.power_w, chip.fan_pct, chip.vram_temp_c) == (7.222, 0, 0)


def test_memory_of_processes(machine):
    chip = kernel.AMD_FDINFO.replace("0000:03:00.0", "0000:c4:00.0")
    kernel.write_process(machine / "proc", 10, {3: kernel.AMD_FDINFO, 4: kernel.AMD_OLD_FDINFO})
    kernel.write_process(machine / "proc", 11, {3: chip})
    found = _probe(machine).memory_of(frozenset({10, 11, 12}))
    assert found == {10: {0: (4 << 30) + (2 << 20)}, 11: {1: (4 << 30) + (20 << 20)}}


def test_rocm_s_own_count_is_taken_where_it_says_more(machine):
    kernel.write(
        machine / "sys/class/kfd/kfd",
        {
            "topology/nodes/0/gpu_id": 0,
            "topology/nodes/1/gpu_id": 26967,
            "topology/nodes/1/properties": "cpu_cores_count 0\nsimd_count 192\nlocation_id 768\ndomain 0\n",
            "proc/10/vram_26967": 8 << 30,
            "proc/10/vram_999": 1,
        },
    )
    kernel.write_process(machine / "proc", 10, {3: kernel.AMD_FDINFO})
    assert _probe(machine).memory_of(frozenset({10})) == {10: {0: 8 << 30}}


def test_without_a_card_there_is_no_source_and_a_card_that_goes_is_a_loss(machine, tmp_path_factory):
    with pytest.raises(SourceLost):
        AmdSysfs(sys_root=tmp_path_factory.mktemp("empty"))
    probe = _probe(machine)
    shutil.rmtree(machine / "sys/class/drm/card0")
    with pytest.raises(SourceLost, match="card0 is gone"):
        probe.read()
