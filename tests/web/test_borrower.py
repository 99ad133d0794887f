"""The contract with the pinned aiohttp: its request handler on a connection that is lent for one request at a time.

The server is the real one; its control routes are answered by a small aiohttp application of the test.
"""

import asyncio
import contextlib

from aiohttp import web

from llamaswap_desktop.proxy import Server
from llamaswap_desktop.web import Borrower
from tests.core.fakes import World, config, model
from tests.http1.wire import Client
from tests.proxy.house import Answerer, http
from tests.waiting import until

CHAT = http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json")
HEALTH = http("GET", "/health")


class App:
    """A few handlers, with what happened to them."""

    def __init__(self):
        self.left = 0
        self.release = asyncio.Event()
        self.app = web.Application(client_max_size=0)
        self.app.router.add_get("/health", self.health)
        self.app.router.add_get("/v1/models", self.headers)
        self.app.router.add_post("/api/models/unload", self.echo)
        self.app.router.add_get("/api/events", self.events)
        self.app.router.add_get("/running", self.broken)
        self.app.router.add_get("/logs", self.closing)
        self.app.router.add_get("/metrics", self.flood)

    async def health(self, _request):
        return web.Response(text="OK")

    async def headers(self, request):
        return web.json_response(dict(request.headers.items()))

    async def echo(self, request):
        return web.Response(body=await request.read())

    async def events(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(b"data: 1\n\n")
            await self.release.wait()
            await response.write(b"data: 2\n\n")
        except BaseException:
            self.left += 1
            raise
        return response

    async def broken(self, _request):
        raise ValueError("a bug")

    async def closing(self, _request):
        response = web.Response(text="bye")
        response.force_close()
        return response

    async def flood(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(200):
            await response.write(b"x" * 100_000)
        return response


class Lending:
    def __init__(self, address, server, app, world):
        self.address, self.server, self.app, self.world = address, server, app, world
        self.finished = []
        world.core.requests.subscribe(self.finished.append)
        self.clients = []

    async def client(self):
        self.clients.append(Client(*await asyncio.open_connection(*self.address)))
        return self.clients[-1]


@contextlib.asynccontextmanager
async def lending():
    upstream = Answerer()
    await upstream.start()
    world = World(config(model("m", port=upstream.port)))
    app = App()
    runner = web.AppRunner(app.app, handle_signals=False, access_log=None)
    await runner.setup()
    server = Server(world.core, build_borrower=lambda finished: Borrower(runner.server, finished))
    opened = Lending(await server.listen("127.0.0.1", 0), server, app, world)
    try:
        yield opened
    finally:
        for client in opened.clients:
            client.writer.close()
        server.stop_listening()
        await until(lambda: repr(server) == "<Server 0 connections>", "no connection is left")
        await until(lambda: not runner.server.connections, "no connection is lent any more")
        for process in world.processes.values():
            process._address.close()
        await world.end()
        await runner.cleanup()
        upstream.stop()
        await until(lambda: upstream.open == 0, "no upstream connection is left")


async def test_connection_comes_back_after_each_request():
    async with lending() as lent:
        client = await lent.client()
        for request, said in [(HEALTH, b"OK"), (CHAT, b"{}"), (HEALTH, b"OK"), (HEALTH, b"OK"), (CHAT, b"{}")]:
            client.send(request)
            status, headers, body = await client.answer()
            assert (status, body) == (200, said)
            assert "connection" not in headers


async def test_pipelined_requests_are_answered_in_order():
    async with lending() as lent:
        client = await lent.client()
        echo = http("POST", "/api/models/unload", b"hello")
        client.send(HEALTH + CHAT + echo + HEALTH + CHAT)
        assert [(await client.answer())[2] for _ in range(5)] == [b"OK", b"{}", b"hello", b"OK", b"{}"]


async def test_chunked_body_arrives_whole():
    async with lending() as lent:
        client = await lent.client()
        client.send(
            b"POST /api/models/unload HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        )
        client.send(b"2\r\nde\r\n0\r\n\r\n" + HEALTH)
        assert (await client.answer())[2] == b"abcde"
        assert (await client.answer())[2] == b"OK"


async def test_large_body_arrives_whole():
    async with lending() as lent:
        client = await lent.client()
        body = bytes(range(256)) * 8192
        client.send(http("POST", "/api/models/unload", body))
        assert (await client.answer())[2] == body


async def test_head_and_http_1_0():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("HEAD", "/health") + HEALTH)
        assert (await client.answer(head_only=True))[1]["content-length"] == "2"
        assert (await client.answer())[2] == b"OK"
        client.send(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await client.answer())[2] == b"OK"
        assert await client.rest() == b""


async def test_connection_close_is_heard_on_both_sides():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/health", connection="close"))
        assert (await client.answer())[1]["connection"] == "close"
        assert await client.rest() == b""
        client = await lent.client()
        client.send(http("GET", "/logs"))
        await client.answer()
        assert await client.rest() == b""


async def test_headers_of_a_mebibyte_are_taken():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/v1/models", x_long="y" * 900_000))
        status, _, body = await client.answer()
        assert (status, len(body) > 900_000) == (200, True)


async def test_stream_is_passed_on_and_ended_properly():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/api/events"))
        await client.reader.readuntil(b"data: 1\n\n\r\n")
        lent.app.release.set()
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"
        client.send(HEALTH)
        assert (await client.answer())[2] == b"OK"


async def test_client_that_leaves_a_stream_ends_its_handler():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/api/events"))
        await client.reader.readuntil(b"data: 1\n\n\r\n")
        client.writer.close()
        await until(lambda: repr(lent.server) == "<Server 0 connections>", "the server knows that the client left")
        lent.app.release.set()
        await until(lambda: lent.app.left == 1, "the handler has ended")
        assert [event.status for event in lent.finished] == [200], "that is what the client was told"


async def test_slow_reader_holds_the_handler_and_gets_everything():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/metrics"))
        await client.answer(head_only=True)
        left, tail = 200 * 100_000, b""
        while not tail.endswith(b"0\r\n\r\n"):
            piece = await client.reader.read(1 << 20)
            left -= piece.count(b"x")
            tail = (tail + piece)[-5:]
        assert left == 0


async def test_bug_in_a_handler_is_a_500_and_ends_the_connection():
    async with lending() as lent:
        client = await lent.client()
        client.send(http("GET", "/running"))
        assert (await client.answer())[0] == 500
        assert await client.rest() == b""


async def test_what_happened_is_told_once_per_request():
    async with lending() as lent:
        client = await lent.client()
        client.send(HEALTH + http("POST", "/api/models/unload", b"hello") + http("HEAD", "/health"))
        for head_only in (False, False, True):
            await client.answer(head_only=head_only)
        await until(lambda: len(lent.finished) == 3, "three requests have been told")
        assert [(event.status, event.body_bytes) for event in lent.finished] == [(200, 2), (200, 5), (200, 0)]
