"""Intel by the kernel's files: what it tells at once, and what only two looks tell."""

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_intel import IntelSysfs, parse_memory_window
from tests.monitor import kernel

GPU = "class/drm/card0/device/"


@pytest.fixture
def machine(tmp_path):
    kernel.write_card(tmp_path / "sys", 0, driver="xe", pci_id="8086:E20B", slot="0000:03:00.0", files=kernel.ARC_B580)
    kernel.write_process(tmp_path / "proc", 10, {3: kernel.xe_fdinfo(1000, 10_000)})
    return tmp_path


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def _probe(machine, clock=None):
    return IntelSysfs(sys_root=machine / "sys", proc_root=machine / "proc", now=clock or Clock())


def test_the_first_look(machine):
    (card,) = _probe(machine).read()
    assert (card.temp_c, card.vram_temp_c) == (45, 52)
    assert (card.mem_used_bytes, card.mem_total_bytes) == (32 << 20, 12 << 30)
    assert (card.util_pct, card.power_w) == (0, 0)


def test_the_second_look_tells_use_and_watts(machine):
    clock = Clock()
    probe = _probe(machine, clock)
    probe.read()
    clock.now += 5
    (machine / "proc/10/fdinfo/3").write_text(kernel.xe_fdinfo(8500, 20_000))
    kernel.write(machine / "sys", {f"{GPU}hwmon/hwmon3/energy1_input": 1000000000 + 600000000})
    (card,) = probe.read()
    assert (card.util_pct, card.power_w) == (75, 120)


def test_processes_that_come_are_found_at_the_next_scan(machine):
    clock = Clock()
    probe = _probe(machine, clock)
    probe.read()
    kernel.write_process(machine / "proc", 11, {3: kernel.xe_fdinfo(0, 10_000, client=43)})
    clock.now += 31
    assert probe.read()[0].mem_used_bytes == 64 << 20
    assert probe.memory_of(frozenset({11, 12})) == {11: {0: 32 << 20}}


def test_i915_shows_its_memory_as_a_window_and_a_chip_in_a_processor_has_none(tmp_path):
    assert parse_memory_window(kernel.ARC_A380_WINDOWS) == 6 << 30
    assert parse_memory_window("0x1 0x2 0x3\n") == 0
    assert parse_memory_window("a\nb\nnot three numbers\n") == 0
    files = {"resource": kernel.ARC_A380_WINDOWS}
    kernel.write_card(tmp_path, 0, driver="i915", pci_id="8086:9A49", slot="0000:00:02.0", files=files)
    with pytest.raises(SourceLost):
        IntelSysfs(sys_root=tmp_path)
    kernel.write_card(tmp_path, 1, driver="i915", pci_id="8086:56A5", slot="0000:03:00.0", files=files)
    assert IntelSysfs(sys_root=tmp_path, proc_root=tmp_path).read()[0].mem_total_bytes == 6 << 30
