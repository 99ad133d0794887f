"""Wakes peers that sleep: ``desktop.wakeOnLan`` (configuration specification, section 20).

A peer that has lately answered is believed to be awake.  Otherwise a connection is tried, which costs a round trip;
if nobody takes it the peer's network card is sent magic packets, and whoever wants something of the peer waits until it
takes a connection or ``wait`` has passed.  However many wait, there is one attempt at a time for each peer.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from llamaswap_desktop.config import PeerId, WakeOnLan
from llamaswap_desktop.tasks import spawn

_log = logging.getLogger("llamaswap_desktop.core")

_BELIEVED_S = 30.0
"""How long a peer that has answered is believed to be awake; computers that go to sleep wait for minutes before."""

_CONNECT_S = 1.0
_PACKET_EVERY_S = 3.0
_LOOK_EVERY_S = 0.25
_DISCARD_PORT = 9

SendPacket = Callable[[bytes, str], None]
"""Sends a packet to a broadcast address.  Raises ``OSError``."""

CanConnect = Callable[[str, int], Awaitable[bool]]
"""Tells within about a second whether somebody takes connections at a host and port."""


def magic_packet(mac: str) -> bytes:
    """Return what wakes the network card of this address: six times 255, and the address sixteen times."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "").replace("-", "")) * 16


def send_broadcast(packet: bytes, address: str) -> None:
    """Send ``packet`` to everybody at ``address``; the port does not matter.  Raises ``OSError``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.sendto(packet, (address, _DISCARD_PORT))


async def can_connect(host: str, port: int) -> bool:
    """Tell whether somebody takes a connection within a second."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


class Waker:
    """Knows which peers are awake, and wakes the others.

    ``send`` and ``connect`` are the network's, ``now`` is a monotonic clock in seconds; tests bring their own.
    """

    def __init__(
        self,
        *,
        send: SendPacket = send_broadcast,
        connect: CanConnect = can_connect,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._connect = connect
        self._now = now
        self._heard_at: dict[PeerId, float] = {}
        self._under_way: dict[PeerId, asyncio.Task[object]] = {}

    def heard_of(self, peer: PeerId) -> None:
        """Know that the peer has just answered."""
        self._heard_at[peer] = self._now()

    def lost(self, peer: PeerId) -> None:
        """Know that the peer could not be reached."""
        self._heard_at.pop(peer, None)

    def forget(self) -> None:
        """Believe no peer to be awake."""
        self._heard_at.clear()

    def is_awake(self, peer: PeerId) -> bool:
        """Tell whether the peer has answered so lately that nothing has to be asked."""
        heard_at = self._heard_at.get(peer)
        return heard_at is not None and self._now() - heard_at < _BELIEVED_S

    async def until_awake(self, peer: PeerId, address: str, wake: WakeOnLan) -> bool:
        """Return when the peer at the base URL ``address`` takes connections; False if ``wake.wait_s`` passed first.

        Whoever loses interest may cancel: the others go on waiting.
        """
        if self.is_awake(peer):
            return True
        attempt = self._under_way.get(peer)
        if attempt is None:
            attempt = self._under_way[peer] = spawn(f"wake {peer}", self._wake(peer, address, wake))
            attempt.add_done_callback(lambda _: self._under_way.pop(peer))
        await asyncio.wait({attempt})  # cancelling this wait leaves the attempt alone
        return self.is_awake(peer)

    def close(self) -> None:
        """Give up whatever is under way."""
        for attempt in tuple(self._under_way.values()):
            attempt.cancel()

    async def _wake(self, peer: PeerId, address: str, wake: WakeOnLan) -> None:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        began = self._now()
        if await self._connect(host, port):
            self.heard_of(peer)
            return
        _log.info("peer %s does not answer: waking it, for %d s at most", peer, wake.wait_s)
        packet, packet_due = magic_packet(wake.mac), began
        while self._now() - began < wake.wait_s:
            if self._now() >= packet_due:
                self._send_to(wake.broadcast, packet, peer)
                packet_due = self._now() + _PACKET_EVERY_S
            if await self._connect(host, port):
                _log.info("peer %s is awake after %.1f s", peer, self._now() - began)
                self.heard_of(peer)
                return
            await asyncio.sleep(_LOOK_EVERY_S)
        _log.warning("peer %s has not woken within %d s", peer, wake.wait_s)

    def _send_to(self, address: str, packet: bytes, peer: PeerId) -> None:
        try:
            self._send(packet, address)
        except OSError as error:
            _log.warning("cannot send the packet that wakes peer %s to %s: %s", peer, address, error)
