"""rocm-smi: tables of five versions, as recorded, and broken ones."""

from pathlib import Path

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_rocm_smi import RocmSmi, parse_table
from tests.monitor.tools import Tools, missing

RECORDED = Path(__file__).parent / "recorded"
V5_7 = (RECORDED / "rocm-smi-5.7.csv").read_text(encoding="utf-8")
V7_1 = (RECORDED / "rocm-smi-7.1.csv").read_text(encoding="utf-8")
V1_4 = (RECORDED / "rocm-smi-1.4.csv").read_text(encoding="utf-8")
V2_3 = (RECORDED / "rocm-smi-2.3.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("table", "name"), [(V5_7, "0x1002"), (V7_1, "gfx1201")])
def test_ubuntu_24_and_26(table, name):
    (card,) = parse_table(table)
    assert (card.index, card.name) == (0, name)
    assert (card.temp_c, card.vram_temp_c, card.fan_pct, card.power_w, card.util_pct) == (38, 39, 20, 15, 3)
    assert (card.mem_used_bytes, card.mem_total_bytes) == (16 << 30, 32 << 30)


def test_a_warning_before_the_header_two_cards_and_a_second_die():
    first, second = parse_table(V1_4)
    assert (first.index, first.uuid, first.name, first.power_w) == (0, "0x18f68e602b8a790f", "Instinct MI210", 41)
    assert (second.index, second.temp_c, second.power_w, second.util_pct) == (1, 43, 0, 7)


def test_the_newer_name_of_the_power_and_the_chip_behind_the_name():
    (card,) = parse_table(V2_3)
    assert (card.power_w, card.name) == (35, "Arcturus GL-XL [Instinct MI100] gfx9008")


def test_broken_tables():
    header, line = V5_7.splitlines()
    assert parse_table("") == ()
    assert parse_table("cat: /sys/module/amdgpu/initstate: No such file or directory\n") == ()
    assert parse_table(line) == ()
    assert parse_table(f"{header}\ncard0,0x7551,38.0\nsystem{line[5:]}\n{line},surplus\n") == ()
    assert len(parse_table(f"{header}\ncard0,0x7551\n{line}\n")) == 1


@pytest.mark.child
async def test_one_call_per_reading_but_not_twice_a_second():
    tools = Tools(V5_7)
    source = RocmSmi(tools)
    assert await source.read() == await source.read() == parse_table(V5_7)
    assert len(tools.started) == 1
    assert "--csv" in tools.commands[0]
    assert await source.memory_of(frozenset({1})) is None
    await source.close()


async def test_without_tool_or_table_there_is_no_source():
    with pytest.raises(SourceLost, match="No such file"):
        await RocmSmi(missing).read()


@pytest.mark.child
async def test_a_tool_without_a_table_is_a_lost_source():
    with pytest.raises(SourceLost, match="names no device"):
        await RocmSmi(Tools("ERROR: no GPU")).read()
