"""Waking peers that sleep."""

import asyncio
import socket

import pytest

from llamaswap_desktop.config import WakeOnLan
from llamaswap_desktop.core import Waker
from llamaswap_desktop.core.waking import can_connect, magic_packet, send_broadcast

WAKE = WakeOnLan(mac="00:11:22:aa:bb:cc", broadcast="192.168.1.255", wait_s=5)
ADDRESS = "http://deep-thought:4242/v1"


class Network:
    """A peer that wakes after ``packets`` packets (never: None), on a clock that each look takes further."""

    def __init__(self, packets: int | None, *, fails: bool = False) -> None:
        self.packets = packets
        self.fails = fails
        self.sent = []
        self.looks = []
        self.now = 100.0
        self.step_s = 1.0

    def send(self, packet, address):
        self.sent.append((packet, address))
        if self.fails:
            raise OSError(101, "Network is unreachable")

    async def connect(self, host, port):
        self.looks.append((host, port))
        self.now += self.step_s
        await asyncio.sleep(0)
        return self.packets is not None and len(self.sent) >= self.packets

    def waker(self, *, step_s: float = 1.0) -> Waker:
        self.step_s = step_s
        return Waker(send=self.send, connect=self.connect, now=lambda: self.now)


def test_packet_is_the_address_sixteen_times():
    packet = magic_packet("00-11-22-AA-bb-cc")
    assert packet == b"\xff" * 6 + b"\x00\x11\x22\xaa\xbb\xcc" * 16
    assert len(packet) == 102


async def test_peer_that_answers_is_not_woken_and_believed_for_a_while():
    network = Network(packets=0)
    waker = network.waker()
    assert not waker.is_awake("hal")
    assert await waker.until_awake("hal", ADDRESS, WAKE)
    assert (network.sent, network.looks) == ([], [("deep-thought", 4242)])
    assert await waker.until_awake("hal", ADDRESS, WAKE)
    assert len(network.looks) == 1, "lately heard of"
    network.now += 31
    assert not waker.is_awake("hal")
    waker.heard_of("hal")
    assert waker.is_awake("hal")
    waker.lost("hal")
    assert not waker.is_awake("hal")


async def test_sleeping_peer_is_woken_once_for_all_who_wait():
    network = Network(packets=2)
    waker = network.waker()
    assert await asyncio.gather(*(waker.until_awake("hal", ADDRESS, WAKE) for _ in range(5))) == [True] * 5
    assert network.sent == [(magic_packet(WAKE.mac), "192.168.1.255")] * 2


async def test_peer_that_does_not_wake_is_given_up_after_its_bound(caplog):
    network = Network(packets=None)
    assert not await network.waker().until_awake("hal", "https://hal", WAKE)
    assert network.looks[0] == ("hal", 443)
    assert network.now - 100 <= 5 + 1
    assert "peer hal has not woken within 5 s" in caplog.text


async def test_network_that_takes_no_packet_is_a_warning(caplog):
    network = Network(packets=1, fails=True)
    assert await network.waker().until_awake("hal", ADDRESS, WAKE)
    assert "cannot send the packet that wakes peer hal to 192.168.1.255: [Errno 101] Network" in caplog.text


async def test_who_loses_interest_does_not_stop_the_others():
    network = Network(packets=2)
    waker = network.waker()
    one, two = (asyncio.get_running_loop().create_task(waker.until_awake("hal", ADDRESS, WAKE)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert await two
    with pytest.raises(asyncio.CancelledError):
        await one


async def test_closing_gives_up():
    network = Network(packets=None)
    waker = network.waker()
    waiting = asyncio.get_running_loop().create_task(waker.until_awake("hal", ADDRESS, WAKE))
    await asyncio.sleep(0)
    waker.close()
    assert not await waiting


async def test_packet_really_leaves_and_connections_are_really_tried():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener, socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not await can_connect("127.0.0.1", port), "bound, but nobody listens"
        server.listen()
        assert await can_connect("127.0.0.1", port)
        listener.bind(("127.0.0.1", 0))
        send_broadcast(magic_packet(WAKE.mac), "127.0.0.1")
