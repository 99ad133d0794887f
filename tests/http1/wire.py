"""Real sockets for the HTTP tests: a server of connections under test, and a client that sees raw bytes."""

import asyncio
import contextlib

from llamaswap_desktop.config import Limits
from llamaswap_desktop.http1 import ServerConnection
from tests.waiting import until


class Echo:
    """Answers a request with what it was, once its body is whole."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.body = b""

    def on_body(self, data):
        self.body += data

    def on_body_complete(self):
        request = self.exchange.request
        said = f"{request.method} {request.target} {self.body.decode()}"
        self.exchange.respond(200, [(b"Content-Type", b"text/plain")], said.encode())

    def on_client_left(self):
        pass

    def on_writable(self, writable):
        pass


class Service:
    """Hands every exchange to ``answer`` and remembers what happened."""

    def __init__(self, answer=Echo, **limits):
        self.answer = answer
        self.limits = Limits(**limits)
        self.connections = set()
        self.handlers = []
        self.ended = []

    def opened(self, connection):
        self.connections.add(connection)
        return not self.limits.connections or len(self.connections) <= self.limits.connections

    def closed(self, connection):
        self.connections.discard(connection)

    def dispatch(self, exchange):
        handler = self.answer(exchange)
        self.handlers.append(handler)
        return handler

    def finished(self, exchange):
        self.ended.append(exchange)


@contextlib.asynccontextmanager
async def serving(service):
    """Serve ``service`` on a free port, and open one client to it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ServerConnection(service), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        server.close()
        for connection in list(service.connections):
            connection.drop()
        await until(lambda: not service.connections, "connections are closed")


class Client:
    """Sends bytes and reads whole answers."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, head_only=False):
        """Read one answer: status, headers (lower-case names) and body."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")[:-2]
            status = int(first.split(" ")[1])
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if head_only or status in {204, 304} or status < 200:
                return status, headers, b""
            if headers.get("transfer-encoding") == "chunked":
                return status, headers, await self._chunks()
            if "content-length" in headers:
                return status, headers, await self.reader.readexactly(int(headers["content-length"]))
            return status, headers, await self.reader.read()

    async def _chunks(self):
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body

    async def rest(self) -> bytes:
        """Read until the other side closes."""
        async with asyncio.timeout(5):
            return await self.reader.read()
