"""The kernel's graphics files: recorded ones, odd ones, and none."""

import pytest

from llamaswap_desktop.monitor import drm
from tests.monitor import kernel


def _xtx(root):
    kernel.write_card(root, 1, driver="amdgpu", pci_id="1002:744C", slot="0000:03:00.0", files=kernel.RX_7900_XTX)
    return drm.find_cards(root)[0]


def test_cards_in_the_order_of_their_numbers_without_connectors_and_virtual_ones(tmp_path):
    for number in (10, 2):
        kernel.write_card(tmp_path, number, driver="xe", pci_id="8086:E20B", slot=f"0000:{number:02}:00.0", files={})
    kernel.write(
        tmp_path, {"class/drm/card2-DP-1/status": "connected\n", "class/drm/card3/device/uevent": "DRIVER=x\n"}
    )
    assert [card.path.name for card in drm.find_cards(tmp_path)] == ["card2", "card10"]
    assert drm.find_cards(tmp_path / "nowhere") == ()


def test_a_card_s_facts(tmp_path):
    card = _xtx(tmp_path)
    assert (card.driver, card.vendor_id, card.device_id, card.bus_address) == ("amdgpu", "1002", "744c", "0000:03:00.0")
    assert card.number("mem_info_vram_total") == 25753026560
    assert card.number("no_such_file") is None


def test_sensors_by_label(tmp_path):
    sensors = drm.read_sensors(_xtx(tmp_path))
    assert sensors.temps_c == {"edge": 53, "junction": 61, "mem": 68}
    assert (sensors.power_w, sensors.power_limit_w, sensors.fan_pct) == (68, 290, 20)
    assert sensors.temp_c("nothing", "mem") == 68


def test_the_name_is_the_driver_s_word_else_the_database_s_else_the_ids(tmp_path):
    card = _xtx(tmp_path)
    database = tmp_path / "pci.ids"
    assert drm.device_name(card, (database,)) == "amdgpu 1002:744c"
    database.write_text(kernel.PCI_IDS)
    assert drm.device_name(card, (database,)) == "Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]"
    kernel.write(tmp_path, {"class/drm/card1/device/product_name": "Radeon PRO W7900\n"})
    assert drm.device_name(card, (database,)) == "Radeon PRO W7900"


def test_fdinfo_of_a_new_amdgpu_counts_what_is_resident():
    client = drm.parse_fdinfo(kernel.AMD_FDINFO)
    assert (client.id, client.bus_address) == ("219", "0000:03:00.0")
    assert (client.local_bytes, client.shared_bytes) == (4 << 30, 20 << 20)
    assert client.busy == {"gfx": 10**9, "compute": 5 * 10**8}


def test_fdinfo_of_an_old_amdgpu_and_of_xe():
    assert drm.parse_fdinfo(kernel.AMD_OLD_FDINFO).local_bytes == 2 << 20
    client = drm.parse_fdinfo(kernel.xe_fdinfo(100, 1000))
    assert (client.local_bytes, client.shared_bytes) == (32 << 20, 512 << 10)
    assert (client.busy["ccs"], client.clock["ccs"]) == (100, 1000)


@pytest.mark.parametrize("text", ["", "pos:\t0\nflags:\t02\n", "drm-driver:\tamdgpu\n", "\x00\xff:\n"])
def test_other_files_are_no_clients(text):
    assert drm.parse_fdinfo(text) is None


def test_broken_sizes_are_0():
    text = "drm-driver: xe\ndrm-client-id: 1\ndrm-resident-vram0: many KiB\ndrm-total-gtt: 5 parsecs\ndrm-engine-x: 9"
    client = drm.parse_fdinfo(text)
    assert (client.local_bytes, client.shared_bytes, client.busy) == (0, 0, {})


def test_a_client_opened_twice_counts_once_and_other_files_not_at_all(tmp_path):
    kernel.write_process(tmp_path, 4711, {5: kernel.AMD_FDINFO, 6: kernel.AMD_FDINFO, 7: kernel.AMD_OLD_FDINFO})
    kernel.write_process(tmp_path, 4712, {5: kernel.AMD_FDINFO}, target="/dev/null")
    assert [client.id for client in sorted(drm.clients_of(4711, tmp_path), key=lambda client: client.id)] == [
        "219",
        "7",
    ]
    assert list(drm.clients_of(4712, tmp_path)) == []
    assert list(drm.clients_of(1, tmp_path)) == []
    assert sorted(drm.own_pids(tmp_path)) == [4711, 4712]
