"""One connection to a bus: calls with their replies, signals both ways, and calls that others make to us."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageFlag,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus import get_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

DAEMON = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

_REPLY_TIMEOUT_S = 10.0
_LOOK_TIMEOUT_S = 1.0


class BusGone(Exception):
    """There is no such bus, or the connection to it has broken; the text says which and why."""


class CallFailed(Exception):
    """The other side answered a call with an error, or not at all; the text names it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call that somebody makes to us."""

    signature: str | None = None
    body: tuple[object, ...] = ()


class NoSuchMethod(Exception):
    """Nobody here answers to that path, interface and member, or the arguments name nothing that exists."""


Serve = Callable[[str, str, str, tuple[object, ...]], Reply]
"""Answers a call to path, interface and member with a body; raises ``NoSuchMethod``.  It must not wait."""

Hear = Callable[[str, tuple[object, ...]], None]
"""Is told of each signal's member and body."""


def session_bus_address() -> str:
    """Return the address of the user's bus, as the environment names it, or where it lives by convention."""
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"  # type: ignore[attr-defined, unused-ignore] # not on Windows
    return f"unix:path={Path(runtime) / 'bus'}"


def system_bus_address() -> str:
    """Return the address of the system's bus."""
    return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"


def serve_nothing(path: str, interface: str, member: str, _body: tuple[object, ...]) -> Reply:
    """Answer as somebody who has no objects: ``NoSuchMethod``."""
    raise NoSuchMethod(f"{interface}.{member} on {path}")


def why_no_bus() -> str:
    """Say why there is no session bus; empty if one answers."""
    address = session_bus_address()
    try:
        path = get_bus(address)
        with socket.socket(socket.AF_UNIX) as probe:  # type: ignore[attr-defined, unused-ignore] # not on Windows
            probe.settimeout(_LOOK_TIMEOUT_S)
            probe.connect(path)
    except (OSError, RuntimeError, ValueError) as error:  # the latter two: an address that makes no sense
        return f"there is no session bus at {address} ({error})"
    return ""


class Bus:
    """The connection.  ``open`` makes it, ``run`` reads from it until it breaks."""

    def __init__(self, connection: DBusConnection, serve: Serve, hear: Hear) -> None:
        self._connection = connection
        self._serve = serve
        self._hear = hear
        self._replies: dict[int, asyncio.Future[Message]] = {}

    @classmethod
    async def open(cls, address: str, serve: Serve, hear: Hear) -> "Bus":
        """Connect; raises ``BusGone``."""
        try:
            connection = await open_dbus_connection(address)
        except Exception as error:  # jeepney raises what it likes for a bad address or a refused handshake
            raise BusGone(f"no bus at {address}: {error or type(error).__name__}") from error
        return cls(connection, serve, hear)

    @property
    def unique_name(self) -> str:
        """The name that the bus gave this connection."""
        return str(self._connection.unique_name)

    async def run(self) -> None:
        """Read and answer until the connection breaks: ``BusGone``."""
        try:
            while True:
                await self._received(await self._connection.receive())
        except (EOFError, OSError) as error:
            gone = BusGone(f"the bus has gone: {error or 'it closed the connection'}")
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(gone)
            raise gone from error

    async def run_until_gone(self) -> None:
        """Do the same, and end in silence: whoever calls next hears that the bus has gone."""
        with contextlib.suppress(BusGone):
            await self.run()

    async def call(
        self, address: DBusAddress, member: str, signature: str | None = None, *body: object
    ) -> tuple[object, ...]:
        """Call a method and return the body of the answer; raises ``CallFailed`` and ``BusGone``.

        Needs ``run`` to be running beside it.
        """
        serial = next(self._connection.outgoing_serial)
        reply = self._replies[serial] = asyncio.get_running_loop().create_future()
        try:
            await self._send(new_method_call(address, member, signature, body), serial)
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                message = await reply
        except TimeoutError as error:
            raise CallFailed(f"{address.bus_name} did not answer {member} within {_REPLY_TIMEOUT_S:.0f} s") from error
        finally:
            del self._replies[serial]
        if message.header.message_type is MessageType.error:
            name = message.header.fields.get(HeaderFields.error_name)
            raise CallFailed(f"{address.bus_name} answered {member} with {name}: {message.body}")
        return tuple(message.body)

    async def signal(self, address: DBusAddress, member: str, signature: str | None = None, *body: object) -> None:
        """Tell whoever listens; raises ``BusGone``."""
        await self._send(new_signal(address, member, signature, body))

    async def close(self) -> None:
        """Leave the bus; hosts take the icon away at once."""
        with contextlib.suppress(OSError):  # it broke before
            await self._connection.close()

    async def _received(self, message: Message) -> None:
        fields = message.header.fields
        match message.header.message_type:
            case MessageType.method_return | MessageType.error:
                reply = self._replies.get(fields.get(HeaderFields.reply_serial, 0))
                if reply is not None and not reply.done():
                    reply.set_result(message)
                    await asyncio.sleep(0)  # whoever asked goes on before what came behind the answer is heard
            case MessageType.signal:
                self._hear(fields.get(HeaderFields.member, ""), message.body)
            case MessageType.method_call:
                await self._answer(message)

    async def _answer(self, call: Message) -> None:
        fields = call.header.fields
        path = fields.get(HeaderFields.path, "")
        interface = fields.get(HeaderFields.interface, "")
        member = fields.get(HeaderFields.member, "")
        try:
            reply = self._serve(path, interface, member, tuple(call.body))
            message = new_method_return(call, reply.signature, reply.body)
        except NoSuchMethod as error:
            message = new_error(call, "org.freedesktop.DBus.Error.UnknownMethod", "s", (str(error),))
        if not call.header.flags & MessageFlag.no_reply_expected:
            await self._send(message)

    async def _send(self, message: Message, serial: int | None = None) -> None:
        try:
            await self._connection.send(message, serial=serial)
        except OSError as error:
            raise BusGone(f"the bus has gone: {error}") from error
