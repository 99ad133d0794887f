"""The addresses of peers."""

from llamaswap_desktop.config import Peer, PeerId, Timeouts
from llamaswap_desktop.proxy.peers import Peers
from tests.core.fakes import config, model


def peers_at(address: str, **fields):
    peer = Peer(id=PeerId("far"), proxy=address, models=("big",), **fields)
    return config(model("m"), peers={peer.id: peer})


def test_address_stays_as_long_as_the_definition_does():
    peers = Peers()
    first = peers.upstream_of(PeerId("far"), peers_at("http://one/base/"))
    assert (first.prefix, first.host_header) == ("/base", b"one")
    assert peers.upstream_of(PeerId("far"), peers_at("http://one/base/")) is first
    second = peers.upstream_of(PeerId("far"), peers_at("http://two", timeouts=Timeouts(connect_s=1)))
    assert second is not first
    assert second.timeouts.connect_s == 1
    peers.close()


def test_after_a_sleep_neither_connections_nor_beliefs_are_left():
    peers, far = Peers(), PeerId("far")
    first = peers.upstream_of(far, peers_at("http://one"))
    peers.waker.heard_of(far)
    peers.begin_anew()
    assert not peers.waker.is_awake(far)
    assert peers.upstream_of(far, peers_at("http://one")) is not first
    peers.close()


def test_credentials_in_an_address_are_not_sent_as_host():
    upstream = Peers().upstream_of(PeerId("far"), peers_at("https://user:password@b\u00fccher.example:8443/x"))
    assert upstream.host_header == b"xn--bcher-kva.example:8443"
