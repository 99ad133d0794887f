"""The data plane in a house of its own: a real server over real sockets, real upstreams, and processes that are played.

At its end a house checks that nothing is held any more: no lease, no place in a queue, no connection on either side.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

from llamaswap_desktop.config import Config
from llamaswap_desktop.proxy import Server
from tests.core.fakes import World, config, model
from tests.http1.wire import Client
from tests.waiting import until


@dataclass
class Received:
    """A request as an upstream got it: header names as sent, in order."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return ", ".join(value for key, value in self.headers if key.lower() == name) or None

    @property
    def json(self):
        return json.loads(self.body)


def answer(body: bytes = b"{}", *, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    """Return a whole answer of known length."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def chunked(*pieces: bytes, kind: str = "text/event-stream", trailers: str = "", end: bool = True) -> bytes:
    """Return an answer in chunks, without its end if it is to be continued."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n%s\r\n" % trailers.encode() if end else b"")


class Answerer:
    """A model server that answers each request with ``script(received, writer)``, or with ``{}``."""

    def __init__(self, script=None, *, reads_body=True):
        self.script = script
        self.reads_body = reads_body
        self.received: list[Received] = []
        self.open = 0
        self.dialled = 0
        self.port = 0
        self._server = None

    async def start(self, tls=None):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=4 * 1024 * 1024, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self):
        self._server.close()

    async def _serve(self, reader, writer):
        self.open += 1
        self.dialled += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._answer_one(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _answer_one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        request = Received(method, target, [tuple(line.split(": ", 1)) for line in lines])
        self.received.append(request)
        if self.reads_body:
            request.body = await self._body(reader, request)
        if self.script is None:
            writer.write(answer())
        elif (said := await self.script(request, writer, reader)) is not None:
            writer.write(said)
        await writer.drain()

    async def _body(self, reader, request):
        if request.header("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
            return body
        return await reader.readexactly(int(request.header("content-length") or 0))


def says(data: bytes):
    """A script that always answers the same."""

    async def script(_request, _writer, _reader):
        return data

    return script


async def silent(_request, _writer, reader):
    """A script that never answers, and ends when its connection does."""
    await reader.read()
    raise ConnectionResetError


@dataclass
class Seen:
    """What an observer was told about one request."""

    about: dict
    calls: list = field(default_factory=list)
    body: bytes | None = None
    sent_bytes: bytes = b""
    status: int = 0
    headers: list = field(default_factory=list)
    error: str = ""
    priority: object = "never granted"
    ended_times: int = 0

    def prepared(self, body):
        self.body = body

    def granted(self, fifo_priority):
        self.priority = fifo_priority

    def begun(self, status, headers):
        assert not self.status
        self.status = status
        self.headers = list(headers)

    def sent(self, piece):
        self.sent_bytes += piece

    def ended(self, *, error=""):
        self.ended_times += 1
        self.error = error

    @property
    def is_over(self):
        return self.ended_times > 0


class Watching:
    """An observer that remembers."""

    def __init__(self):
        self.seen: list[Seen] = []

    def begin(self, **about):
        self.seen.append(Seen(about))
        return self.seen[-1]


class House:
    """A server with its world."""

    def __init__(self, configuration: Config, **settings):
        self.world = World(configuration)
        self.core = self.world.core
        self.observer = Watching()
        self.server = Server(self.core, build_borrower=None, observer=self.observer, **settings)
        self.address = ("", 0)
        self.clients: list[Client] = []

    def process(self, name):
        return self.world.processes[name]

    async def client(self, *, buffer_bytes: int = 4 * 1024 * 1024) -> Client:
        reader, writer = await asyncio.open_connection(*self.address, limit=buffer_bytes)
        self.clients.append(Client(reader, writer))
        return self.clients[-1]

    async def ask(self, method: str, target: str, body: bytes = b"", **headers):
        """Ask on a connection of its own; return status, headers and body."""
        client = await self.client()
        client.send(http(method, target, body, **headers))
        return await client.answer(head_only=method == "HEAD")

    def post(self, target: str, value, **headers):
        return self.ask("POST", target, json.dumps(value).encode(), content_type="application/json", **headers)

    @property
    def seen(self) -> list[Seen]:
        return self.observer.seen

    def held(self) -> int:
        """How many requests wait or are being answered, by the core's account."""
        return sum(each.waiting + each.in_flight for each in self.core.snapshot().models)

    async def at_rest(self):
        """Wait until nothing is held."""
        await until(lambda: self.held() == 0, "no lease and no place in the queue is held")
        await until(lambda: all(seen.ended_times == 1 for seen in self.seen), "every observation has ended, once")


def http(method: str, target: str, body: bytes = b"", *, host: str = "127.0.0.1", **headers) -> bytes:
    """Return a request; ``content_type`` becomes ``Content-Type``."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    if body or method in {"POST", "PUT"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def house(*models, upstreams=(), settings=None, tls=None, **fields):
    """Open a house for ``models``; ``upstreams`` are stopped with it."""
    opened = House(config(*models, **fields), **(settings or {}))
    opened.address = await opened.server.listen("127.0.0.1", 0, tls=tls)
    try:
        yield opened
        await opened.at_rest()
    finally:
        for client in opened.clients:
            client.writer.close()
        opened.server.stop_listening()
        await until(lambda: repr(opened.server) == "<Server 0 connections>", "no client connection is left")
        await opened.server.drain(0)
        for process in opened.world.processes.values():
            process._address.close()
        await opened.world.end()
        for upstream in upstreams:
            upstream.stop()
            await until(lambda upstream=upstream: upstream.open == 0, "no upstream connection is left")


@contextlib.asynccontextmanager
async def one_model(script=None, *, observe=None, reads_body=True, settings=None, tls=None, fields=None, **of_model):
    """Open a house with one model ``m`` that answers by ``script``; yields the house and its upstream."""
    upstream = Answerer(script, reads_body=reads_body)
    await upstream.start()
    its_model = model("m", port=upstream.port, **of_model)
    async with house(its_model, upstreams=[upstream], settings=settings, tls=tls, **(fields or {})) as opened:
        yield opened, upstream
