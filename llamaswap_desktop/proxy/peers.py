"""The other servers: where they are reached, with their idle connections (HTTP specification, section 10.2)."""

from llamaswap_desktop.config import Config, Peer, PeerId
from llamaswap_desktop.http1 import Upstream


class Peers:
    """Keeps one ``Upstream`` per peer for as long as its definition stays the same."""

    def __init__(self) -> None:
        self._upstreams: dict[PeerId, tuple[Peer, Upstream]] = {}

    def upstream_of(self, peer_id: PeerId, config: Config) -> Upstream:
        """Return where the peer is reached."""
        peer = config.peers[peer_id]
        known = self._upstreams.get(peer_id)
        if known is not None:
            if known[0] is peer or known[0] == peer:
                return known[1]
            known[1].close()
        upstream = Upstream(peer.proxy, timeouts=peer.timeouts)
        self._upstreams[peer_id] = (peer, upstream)
        return upstream

    def close(self) -> None:
        """Close the idle connections."""
        for _, upstream in self._upstreams.values():
            upstream.close()
        self._upstreams.clear()
