"""The client's side of HTTP/1.1, over real sockets."""

import asyncio
import gc

import pytest

from llamaswap_desktop.http1 import ServerConnection
from tests.http1.wire import Echo, Service, serving
from tests.waiting import until

GET = b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n"


async def test_keep_alive_answers_one_request_after_the_other():
    async with serving(Service()) as client:
        for name in (b"a", b"b"):
            client.send(GET % name)
            status, _, body = await client.answer()
            assert (status, body) == (200, b"GET /" + name + b" ")


async def test_pipelined_requests_are_answered_in_order():
    async with serving(Service()) as client:
        client.send(GET % b"a" + b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" + GET % b"c")
        bodies = [(await client.answer())[2] for _ in range(3)]
        assert bodies == [b"GET /a ", b"POST /b hi", b"GET /c "]


class Keeping(Echo):
    def on_body(self, data):
        self.kind = type(data)
        super().on_body(data)


async def test_what_arrives_in_a_bytearray_is_taken_as_bytes():
    """As asyncio's proactor loop hands it over; compiled modules take no other type than they say."""
    service = Service(Keeping)
    async with serving(service) as client:
        await until(lambda: service.connections, "the client is connected")
        (connection,) = service.connections
        for body in (b"hi", b"you"):
            head = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
            connection.data_received(bytearray(head % len(body) + body))
            assert (await client.answer())[2] == b"POST /x " + body
    assert [handler.kind for handler in service.handlers] == [bytes, bytes]


async def test_request_arrives_in_single_bytes():
    async with serving(Service()) as client:
        for byte in b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n":
            client.send(bytes([byte]))
            await client.writer.drain()
        assert (await client.answer())[2] == b"POST /x hi"


async def test_connection_close_ends_the_connection_after_the_answer():
    async with serving(Service()) as client:
        client.send(b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        _, headers, _ = await client.answer()
        assert headers["connection"] == "close"
        assert await client.rest() == b""


async def test_http_1_0_closes_unless_asked_to_stay():
    async with serving(Service()) as client:
        client.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        _, headers, _ = await client.answer()
        assert headers["connection"] == "keep-alive"
        client.send(b"GET /b HTTP/1.0\r\n\r\n")
        assert (await client.answer())[2] == b"GET /b "
        assert await client.rest() == b""


async def test_head_gets_the_length_but_no_body():
    async with serving(Service()) as client:
        client.send(b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" + GET % b"b")
        _, headers, _ = await client.answer(head_only=True)
        assert headers["content-length"] == str(len("HEAD /a "))
        assert (await client.answer())[2] == b"GET /b "


async def test_expect_100_continue_is_answered_before_the_body():
    async with serving(Service()) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert (await client.answer())[0] == 100
        client.send(b"hi")
        assert (await client.answer())[2] == b"POST /a hi"
        client.send(GET % b"b")
        assert (await client.answer())[2] == b"GET /b ", "and the connection goes on"


class Hasty(Echo):
    """Begins to answer before it has seen the body."""

    def __init__(self, exchange):
        super().__init__(exchange)
        exchange.begin(200, [], length=4)

    def on_body_complete(self):
        self.exchange.send(self.body)
        self.exchange.finish()


async def test_who_is_being_answered_is_not_asked_for_the_body():
    async with serving(Service(Hasty)) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        client.send(b"body")
        status, _, body = await client.answer()
        assert (status, body) == (200, b"body")


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
async def test_upgrade_is_served_as_plain_http_and_keeps_its_body(upgrade):
    async with serving(Service()) as client:
        head = b"POST /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: %s\r\nContent-Length: 2\r\n\r\n"
        client.send(head % upgrade + b"hi" + GET % b"b")
        assert (await client.answer())[2] == b"POST /a hi"
        assert (await client.answer())[2] == b"GET /b "


HOSTILE = {
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "gzip, chunked": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "coding and length": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    "coding in 1.0": b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "negative length": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
    "foreign target": b"GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "raw bytes in the path": b"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("request_bytes", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_http_is_refused_and_reaches_nobody(request_bytes):
    service = Service()
    async with serving(service) as client:
        client.send(request_bytes)
        status, headers, body = await client.answer()
        assert status == 400
        assert headers["connection"] == "close"
        assert b'"src":"llama-swap"' in body
        assert await client.rest() == b""
    assert not [handler for handler in service.handlers if handler.exchange.status == 200]


async def test_refusal_follows_the_answers_that_are_owed():
    async with serving(Service()) as client:
        client.send(GET % b"a" + b"GET / HTTP/1.1\r\n\r\n")
        assert (await client.answer())[2] == b"GET /a "
        assert (await client.answer())[0] == 400


async def test_what_is_no_http_behind_a_refused_upgrade_is_refused():
    service = Service()
    async with serving(service) as client:
        upgrade = b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        broken = b"POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello"
        client.send(upgrade + broken + GET % b"c")
        assert [(await client.answer())[0] for _ in range(2)] == [200, 400]
        assert await client.rest() == b""
        assert [exchange.request.path for exchange in service.ended] == ["/a"]


async def test_own_absolute_target_is_served_as_its_path():
    async with serving(Service()) as client:
        client.send(b"GET http://h/x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await client.answer())[2] == b"GET /x?y=1 "


async def test_head_over_one_mebibyte_is_refused_and_one_below_is_served():
    async with serving(Service()) as client:
        client.send(b"GET /a HTTP/1.1\r\nHost: h\r\nX: " + b"x" * (1024 * 1024 - 200) + b"\r\n\r\n")
        assert (await client.answer())[0] == 200
        client.send(b"GET /a HTTP/1.1\r\nHost: h\r\nX: " + b"x" * (1024 * 1024) + b"\r\n\r\n")
        assert (await client.answer())[0] == 431


class Silent(Echo):
    """Never answers, and notes that its client left."""

    left = False

    def on_body_complete(self):
        pass

    def on_client_left(self):
        self.left = True


async def test_client_that_leaves_is_noticed_while_nothing_is_being_sent():
    service = Service(Silent)
    async with serving(service) as client:
        client.send(GET % b"a")
        await until(lambda: service.handlers, "request has arrived")
        client.writer.close()
        await until(lambda: service.handlers[0].left, "handler knows that the client left")
        assert len(service.ended) == 1


async def test_reading_stops_when_too_much_is_sent_ahead():
    service = Service(Silent)
    async with serving(service) as client:
        client.send(GET % b"a")
        await until(lambda: service.handlers, "request has arrived")
        connection = next(iter(service.connections))
        client.send(GET % b"b" * 10_000)
        await until(lambda: connection._is_paused, "reading is paused")
        service.answer = Echo
        service.handlers[0].exchange.respond(200, [], b"first")
        assert (await client.answer())[2] == b"first"
        for _ in range(10_000):
            assert (await client.answer())[2] == b"GET /b "


class Early(Echo):
    """Answers before the body is there."""

    def __init__(self, exchange):
        super().__init__(exchange)
        exchange.respond(401, [], b"no")

    def on_body_complete(self):
        raise AssertionError("an answered request is not completed again")


async def test_answer_before_the_body_lets_the_connection_live_on():
    async with serving(Service(Early)) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
        assert (await client.answer())[0] == 401
        client.send(b"cde" + b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        assert (await client.answer())[0] == 401


async def test_endless_body_behind_an_early_answer_ends_the_connection():
    async with serving(Service(Early)) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n")
        assert (await client.answer())[0] == 401
        with pytest.raises((ConnectionError, TimeoutError)):
            async with asyncio.timeout(5):
                while True:
                    client.send(b"x" * 65536)
                    await client.writer.drain()
                    await asyncio.sleep(0)
                    if client.writer.transport.is_closing():
                        raise ConnectionResetError


class Streaming(Echo):
    def on_body_complete(self):
        self.exchange.begin(200, [(b"Content-Type", b"text/plain")], length=None)
        self.exchange.send(b"one")
        self.exchange.flush()
        self.exchange.send(b"two")
        self.exchange.finish()


async def test_nobody_is_asked_once_the_connection_ends_behind_an_early_answer():
    """A client that announced a body and was refused without it sends it all the same, and more behind it."""

    class Refusing(Service):
        def dispatch(self, exchange):
            if exchange.request.path == "/early":
                exchange.respond(404, [])
                return None
            return super().dispatch(exchange)

    service = Refusing()
    async with serving(service) as client:
        client.send(b"POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (404, "close")
        client.send(b"hi" + GET % b"a" + b"no http")
        client.writer.write_eof()
        assert await client.rest() == b""
        await until(lambda: not service.connections, "the connection is over")
        assert not service.handlers


async def test_nobody_is_asked_behind_the_last_answer_of_a_server_that_ends():
    service = Service()
    async with serving(service) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n")
        await until(lambda: service.handlers, "the first is being received")
        (connection,) = service.connections
        connection.close_when_idle()
        client.send(b"hi" + GET % b"b")
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await client.rest() == b""
        assert len(service.handlers) == 1


async def test_answer_of_unknown_length_is_chunked_or_ends_by_closing():
    async with serving(Service(Streaming)) as client:
        client.send(GET % b"a" + b"GET /b HTTP/1.0\r\n\r\n")
        _, headers, body = await client.answer()
        assert (headers["transfer-encoding"], body) == ("chunked", b"onetwo")
        _, headers, body = await client.answer()
        assert "transfer-encoding" not in headers
        assert body == b"onetwo"


class Broken(Echo):
    def on_body_complete(self):
        self.exchange.begin(200, [], length=None)
        self.exchange.send(b"half")
        self.exchange.abort()


async def test_aborted_answer_has_no_last_chunk():
    async with serving(Service(Broken)) as client:
        client.send(GET % b"a")
        assert (await client.rest()).endswith(b"4\r\nhalf\r\n")


async def test_aborted_answer_to_http_1_0_is_a_reset():
    async with serving(Service(Broken)) as client:
        client.send(b"GET /a HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await client.rest()


class Flood(Echo):
    """Writes until told to stop."""

    paused_at = 0
    resumed = False

    def on_body_complete(self):
        self.exchange.begin(200, [], length=None)
        while not self.paused_at and self.exchange.body_bytes < 200_000_000:
            self.exchange.send(b"x" * 65536)
            self.exchange.flush()

    def on_writable(self, writable):
        if writable:
            self.resumed = True
        else:
            self.paused_at = self.exchange.body_bytes


async def test_client_that_reads_slowly_stops_the_producer():
    service = Service(Flood)
    async with serving(service) as client:
        client.send(GET % b"a")
        await until(lambda: service.handlers and service.handlers[0].paused_at, "producer was told to stop")
        assert service.handlers[0].paused_at < 50_000_000
        async with asyncio.timeout(5):
            while not service.handlers[0].resumed:
                await client.reader.read(1 << 20)


async def test_connection_that_has_ended_does_not_wait_for_the_collector():
    """Programs that connect anew for each request would leave the collector a heap to search."""

    def count():
        return sum(type(each) is ServerConnection for each in gc.get_objects())

    service = Service()
    gc.collect()
    before = count()
    gc.disable()
    try:
        async with serving(service) as client:
            client.send(GET % b"a")
            await client.answer()
            assert count() == before + 1
        service.handlers.clear()
        service.ended.clear()
        await until(lambda: count() == before, "it has gone")
    finally:
        gc.enable()
