"""The other servers: where they are reached, with their idle connections (HTTP specification, section 10.2).

One that may be asleep (``desktop.wakeOnLan``) is woken first.
"""

from llamaswap_desktop.config import Config, Peer, PeerId, WakeOnLan
from llamaswap_desktop.core import Waker
from llamaswap_desktop.http1 import Upstream


class Peers:
    """Keeps one ``Upstream`` per peer for as long as its definition stays the same."""

    def __init__(self, waker: Waker | None = None) -> None:
        self.waker = waker or Waker()
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

    def may_sleep(self, peer_id: PeerId, config: Config) -> bool:
        """Tell whether the peer has to be asked first, and woken if need be."""
        return peer_id in config.desktop.wake_on_lan and not self.waker.is_awake(peer_id)

    async def until_awake(self, peer_id: PeerId, config: Config) -> bool:
        """Return when the peer, which may sleep, takes connections; False if it has not woken in time."""
        wake: WakeOnLan = config.desktop.wake_on_lan[peer_id]
        return await self.waker.until_awake(peer_id, config.peers[peer_id].proxy, wake)

    def begin_anew(self) -> None:
        """Believe no peer to be awake, and use none of the connections that there are: this computer has slept."""
        self.waker.forget()
        self._close_connections()

    def close(self) -> None:
        """Close the idle connections."""
        self.waker.close()
        self._close_connections()

    def _close_connections(self) -> None:
        for _, upstream in self._upstreams.values():
            upstream.close()
        self._upstreams.clear()
