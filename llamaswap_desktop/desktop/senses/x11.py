"""Window managers on X11 say which window is active, and windows whether they fill the screen (EWMH).

Wayland tells nobody; but most games are X11 programs there too, and the X server that they get says the same.

Three requests of a protocol that has not changed since 1987, so they are spoken here: the library for it is 1.8 MB
that block, take 200 ms to import and would travel in every bundle.
"""

import asyncio
import contextlib
import os
import struct
from collections.abc import Mapping
from pathlib import Path

_ANSWER_S = 2.0

_COOKIE_NAME = b"MIT-MAGIC-COOKIE-1"
_INTERN_ATOM, _GET_PROPERTY = 16, 20
_ERROR, _REPLY, _GENERIC_EVENT = 0, 1, 35
_ANY_TYPE, _MOST_WORDS = 0, 256
_HEAD_BYTES = 32
"""Of every reply, event and error."""


class X11Sense:
    """Asks the X server whether the active window is in full screen; ``environment`` says which server."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._server: _Server | None = None

    async def is_on(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_S):
                if self._server is None:
                    self._server = await _connected(self._environment)
                return await _fills_the_screen(self._server)
        except (OSError, EOFError, TimeoutError, struct.error):  # no server, none that we may ask, or it is gone
            await self.close()
            return False

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()


async def _fills_the_screen(server: "_Server") -> bool:
    active = await server.numbers(server.root, "_NET_ACTIVE_WINDOW")
    if not active or not active[0]:
        return False
    return await server.atom("_NET_WM_STATE_FULLSCREEN") in await server.numbers(active[0], "_NET_WM_STATE")


class _Server:
    """A connection to an X server that one task asks at a time; ``root`` is its first screen's root window."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, root: int) -> None:
        self._reader = reader
        self._writer = writer
        self._atoms: dict[str, int] = {}
        self.root = root

    async def atom(self, name: str) -> int:
        """Return the server's number for ``name``."""
        if name not in self._atoms:
            text = name.encode()
            words = struct.pack("<HH", len(text), 0) + _padded(text)
            reply = await self._ask(_INTERN_ATOM, words)
            self._atoms[name] = struct.unpack_from("<I", reply, 8)[0]
        return self._atoms[name]

    async def numbers(self, window: int, name: str) -> tuple[int, ...]:
        """Return a property that is a list of numbers; empty if there is none such, or no such window."""
        words = struct.pack("<5I", window, await self.atom(name), _ANY_TYPE, 0, _MOST_WORDS)
        reply = await self._ask(_GET_PROPERTY, words)
        if not reply or reply[1] != 32:  # bits of each number
            return ()
        (count,) = struct.unpack_from("<I", reply, 16)
        return struct.unpack_from(f"<{count}I", reply, _HEAD_BYTES)

    async def _ask(self, opcode: int, words: bytes) -> bytes:
        """Send a request and return its reply, empty if the server calls it an error."""
        self._writer.write(struct.pack("<BxH", opcode, 1 + len(words) // 4) + words)
        while True:
            head = await self._reader.readexactly(_HEAD_BYTES)
            kind = head[0] & 0x7F  # the highest bit marks events that other clients have sent
            more = b""
            if kind in {_REPLY, _GENERIC_EVENT}:
                more = await self._reader.readexactly(4 * struct.unpack_from("<I", head, 4)[0])
            if kind == _ERROR:
                return b""
            if kind == _REPLY:
                return head + more

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def _connected(environment: Mapping[str, str]) -> _Server:
    """Connect to the server on this computer that ``DISPLAY`` names.  Raises ``OSError`` where there is none."""
    host, _, rest = environment.get("DISPLAY", "").rpartition(":")
    number = rest.partition(".")[0]
    if host not in {"", "unix"} or not number.isdecimal():
        raise OSError("no X server on this computer")
    reader, writer = await _open(f"/tmp/.X11-unix/X{number}")  # noqa: S108 - where X servers listen
    try:
        root = await _let_in(reader, writer, cookie_of(number, _authority(environment)))
    except BaseException:
        writer.close()
        raise
    return _Server(reader, writer, root)


async def _let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cookie: bytes) -> int:
    """Begin to talk; return the first screen's root window.  Raises ``OSError`` if the server does not want us."""
    name = _COOKIE_NAME if cookie else b""
    writer.write(struct.pack("<cxHHHHxx", b"l", 11, 0, len(name), len(cookie)) + _padded(name) + _padded(cookie))
    head = await reader.readexactly(8)
    body = await reader.readexactly(4 * struct.unpack_from("<H", head, 6)[0])
    if head[0] != 1:
        raise OSError("the X server does not let us in")
    vendor_bytes, _, _, formats = struct.unpack_from("<HHBB", body, 16)
    (root,) = struct.unpack_from("<I", body, 32 + len(_padded(bytes(vendor_bytes))) + 8 * formats)
    return int(root)


async def _open(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    connect = asyncio.open_unix_connection  # type: ignore[attr-defined, unused-ignore] # not on Windows
    with contextlib.suppress(OSError):  # a sandbox may have only the other kind
        return await connect(path)
    return await connect("\0" + path)


def _authority(environment: Mapping[str, str]) -> bytes:
    file = environment.get("XAUTHORITY") or os.path.join(environment.get("HOME", "/"), ".Xauthority")  # noqa: PTH118
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""  # many servers let their own user in without


def cookie_of(number: str, authority: bytes) -> bytes:
    """Return what lets us in to display ``number`` by an authority file's entries; empty if there is none."""
    at = 0
    while at + 2 < len(authority):
        at += 2  # the kind of address; for a server on this computer its own file has no other
        fields = []
        for _ in range(4):
            (length,) = struct.unpack_from(">H", authority, at)
            fields.append(authority[at + 2 : at + 2 + length])
            at += 2 + length
        _, display, name, data = fields
        if display in {b"", number.encode()} and name == _COOKIE_NAME:
            return data
    return b""


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
