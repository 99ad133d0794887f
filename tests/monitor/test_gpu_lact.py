"""LACT over a real socket, with a daemon of our own that answers as recorded."""

import asyncio
import json
import sys

import pytest

from llamaswap_desktop.monitor import SourceLost
from llamaswap_desktop.monitor.gpu_lact import Lact, find_socket, parse_answer, parse_stats

VEGA = "1002:687F-1043:0555-0000:0b:00.0"
XTX = "1002:744C-1DA2:E471-0000:03:00.0"
STATS = {
    "fan": {"control_enabled": False, "pwm_current": 51, "pwm_max": 254, "speed_current": 0, "pmfw_info": {}},
    "clockspeed": {"gpu_clockspeed": 31, "sensors": {}, "vram_clockspeed": 1249},
    "voltage": {"gpu": 686, "sensors": {}},
    "vram": {"total": 25753026560, "used": 1717986918},
    "power": {"average": 68.0, "cap_current": 290.0, "cap_default": 290.0, "cap_max": 333.0, "cap_min": 261.0},
    "temps": {
        "junction": {"crit": 110.0, "crit_hyst": -273.15, "current": 61.0, "display_only": False, "primary": True},
        "edge": {"crit": 100.0, "crit_hyst": -273.15, "current": 53.0, "display_only": False, "primary": True},
        "mem": {"crit": 108.0, "crit_hyst": -273.15, "current": 68.0, "display_only": False, "primary": True},
    },
    "busy_percent": 3,
    "performance_level": "auto",
}
NO_MEMORY = {"fan": {"control_enabled": False}, "power": {}, "temps": {}, "voltage": {}, "vram": {}}
ANSWERS = {
    ("list_devices", None): [{"id": XTX, "name": "Navi 31 [Radeon RX 7900 XTX]"}, {"id": VEGA}],
    ("device_stats", XTX): STATS,
    ("device_stats", VEGA): NO_MEMORY,
    ("process_list", XTX): {"processes": {"4711": {"name": "llama", "memory_used": 4096, "types": []}, "x": {}}},
}


class Daemon:
    """Answers from a table; what is not in it is an error, as with an older daemon."""

    def __init__(self, path, answers):
        self.path, self.answers, self.connections = path, answers, 0

    async def __aenter__(self):
        self._server = await asyncio.start_unix_server(self._talk, self.path)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, reader, writer):
        self.connections += 1
        while line := await reader.readline():
            request = json.loads(line)
            key = (request["command"], request.get("args", {}).get("id"))
            if key in self.answers:
                answer = {"status": "ok", "data": self.answers[key]}
            else:
                answer = {"status": "error", "data": f"unknown variant `{key[0]}`"}
            writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="LACT exists on Linux only")


async def test_devices_with_memory_over_a_new_connection_each_time(tmp_path):
    async with Daemon(tmp_path / "lactd.sock", ANSWERS) as daemon:
        source = Lact(daemon.path)
        (card,) = await source.read()
        assert (card.index, card.name, card.uuid) == (0, "Navi 31 [Radeon RX 7900 XTX]", XTX)
        assert (card.temp_c, card.vram_temp_c, card.util_pct, card.fan_pct, card.power_w) == (53, 68, 3, 20, 68)
        assert (card.mem_used_bytes, card.mem_total_bytes) == (1717986918, 25753026560)
        assert await source.memory_of(frozenset({4711, 1})) == {4711: {0: 4096}}
        assert daemon.connections == 2


async def test_an_older_daemon_tells_no_processes(tmp_path):
    answers = {key: value for key, value in ANSWERS.items() if key[0] != "process_list"}
    async with Daemon(tmp_path / "lactd.sock", answers) as daemon:
        source = Lact(daemon.path)
        await source.read()
        assert await source.memory_of(frozenset({4711})) is None


async def test_no_daemon_is_a_lost_source(tmp_path):
    with pytest.raises(SourceLost, match="No such file"):
        await Lact(tmp_path / "nothing.sock").read()


@pytest.mark.parametrize("line", [b"", b"\n", b'{"status":"ok"', b"[]", b'{"status":"fine"}', b"\xff\xfe"])
def test_what_is_no_answer(line):
    with pytest.raises(SourceLost, match="LACT answers"):
        parse_answer(line)


@pytest.mark.parametrize("stats", [None, [], {}, {"vram": None}, {"vram": {"total": "big"}}, {"vram": {"total": True}}])
def test_statistics_of_an_unknown_form_are_no_device(stats):
    assert parse_stats({"id": XTX}, stats, index=0) is None


def test_without_edge_the_junction_else_any_and_the_current_power():
    stats = {"vram": {"total": 1}, "temps": {"GPU": {"current": 40.0}, "x": None}, "power": {"current": 9.5}}
    device = parse_stats({"id": XTX, "name": None}, stats, index=3)
    assert (device.temp_c, device.power_w, device.name, device.index) == (40, 9.5, XTX, 3)
    stats["temps"]["junction"] = {"current": 70}
    assert parse_stats({"id": XTX}, stats, index=0).temp_c == 70


def test_where_the_socket_is_looked_for(tmp_path):
    assert find_socket({}) is None
    (tmp_path / "lactd.sock").touch()
    assert find_socket({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "lactd.sock"
    (tmp_path / "own").touch()
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "LACT_DAEMON_SOCKET_PATH": str(tmp_path / "own")}
    assert find_socket(environment) == tmp_path / "own"
