"""rocm-smi: tables of five versions, as recorded, and broken ones."""

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_rocm_smi import RocmSmi, parse_table
from tests.monitor.tools import Tools, missing

V5_7 = """\
device,GPU ID,Temperature (Sensor edge) (C),Temperature (Sensor junction) (C),Temperature (Sensor memory) (C),Fan speed (level),Fan speed (%),Fan RPM,Average Graphics Package Power (W),GPU use (%),GPU memory use (%),Memory Activity,VRAM Total Memory (B),VRAM Total Used Memory (B),Card series,Card model,Card vendor,Card SKU
card0,0x7551,38.0,38.0,39.0,51,20,1068,15.0,3,0,N/A,34359738368,17179869184,0x1002,0x1002,0x1002,APM123456
"""
V7_1 = """\
device,Device Name,Device ID,Device Rev,Subsystem ID,GUID,Temperature (Sensor edge) (C),Temperature (Sensor junction) (C),Temperature (Sensor memory) (C),Fan speed (level),Fan speed (%),Fan RPM,Average Graphics Package Power (W),GPU use (%),GPU Memory Allocated (VRAM%),GPU Memory Read/Write Activity (%),Memory Activity,Avg. Memory Bandwidth,VRAM Total Memory (B),VRAM Total Used Memory (B),Card Series,Card Model,Card Vendor,Card SKU,Node ID,GFX Version
card0,N/A,0x7551,0xc0,0x1234,55555,38.0,38.0,39.0,51,20,1068,15.0,3,88,0,N/A,0,34359738368,17179869184,N/A,0x7551,0x1002,APM123456,1,gfx1201
"""
V1_4 = """\
WARNING: Unlocked monitor_devices lock; it should have already been unlocked.
device,Unique ID,Temperature (Sensor edge) (C),Temperature (Sensor junction) (C),Temperature (Sensor memory) (C),Average Graphics Package Power (W),GPU use (%),GFX Activity,GPU memory use (%),Memory Activity,Voltage (mV),VRAM Total Memory (B),VRAM Total Used Memory (B),Card series,Card model,Card vendor,Card SKU
card0,0x18f68e602b8a790f,40.0,42.0,53.0,41.0,0,2248597662,0,304605986,793,68702699520,10960896,Instinct MI210,0x0c34,Advanced Micro Devices Inc. [AMD/ATI],D67301
card1,0x95a1ca7691e7c391,N/A,43.0,50.0,N/A (Secondary die),7,1412362,0,6113,793,68702699520,10960896,Instinct MI210,0x0c34,Advanced Micro Devices Inc. [AMD/ATI],D67301

"""
V2_3 = """\
device,Unique ID,Temperature (Sensor edge) (C),Temperature (Sensor junction) (C),Temperature (Sensor memory) (C),Current Socket Graphics Package Power (W),GPU use (%),GPU Memory Allocated (VRAM%),GPU Memory Read/Write Activity (%),Memory Activity,Avg. Memory Bandwidth,Voltage (mV),VRAM Total Memory (B),VRAM Total Used Memory (B),Card Series,Card Model,Card Vendor,Card SKU,Subsystem ID,Device Rev,Node ID,GUID,GFX Version
card0,0x19645d9a01fc11bd,31.0,35.0,37.0,35.0,0,0,0,N/A,0,656,34342961152,6762496,Arcturus GL-XL [Instinct MI100],0x738c,Advanced Micro Devices Inc. [AMD/ATI],D3431401,0x0c34,0x01,8,51219,gfx9008
"""


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
