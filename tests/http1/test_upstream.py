"""The model server's side of HTTP/1.1, against real sockets that misbehave."""

import asyncio
import contextlib
import gc

import pytest

from llamaswap_desktop.config import Timeouts
from llamaswap_desktop.errors import UpstreamFailed
from llamaswap_desktop.http1 import Upstream, fetch, load_server_context
from llamaswap_desktop.http1.call import Call
from llamaswap_desktop.http1.tls import client_context
from llamaswap_desktop.http1.upstream_connection import UpstreamConnection
from tests.http1.certificate import make_certificate
from tests.waiting import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Stub:
    """Answers each request on a connection with the next of its scripted byte strings; b"" closes."""

    def __init__(self, *answers: bytes):
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self.lost = 0

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self.answers.pop(0) if self.answers else OK
                if answer:
                    writer.write(answer)
                    await writer.drain()
                if not answer or b"onnection: close" in answer:
                    break
        self.lost += 1
        writer.close()


@contextlib.asynccontextmanager
async def upstream_of(stub, **settings):
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    upstream = Upstream(
        f"http://localhost:{server.sockets[0].getsockname()[1]}", **{"timeouts": Timeouts(), **settings}
    )
    try:
        yield upstream
    finally:
        upstream.close()
        server.close()
        await until(lambda: stub.lost == stub.connections, "the stub's connections are closed")


async def test_connection_is_used_again():
    stub = Stub()
    async with upstream_of(stub) as upstream:
        for _ in range(3):
            response = await fetch(upstream, "/health", timeout_s=5)
            assert (response.status, response.body) == (200, b"hi")
    assert stub.connections == 1
    assert stub.requests[0].startswith(b"GET /health HTTP/1.1\r\nHost: localhost:")


async def test_connection_that_has_ended_does_not_wait_for_the_collector():
    def count():
        return sum(type(each) is UpstreamConnection for each in gc.get_objects())

    gc.collect()
    before = count()
    gc.disable()
    try:
        async with upstream_of(Stub()) as upstream:
            await fetch(upstream, "/health", timeout_s=5)
            assert count() == before + 1
        await until(lambda: count() == before, "it has gone")
    finally:
        gc.enable()


async def test_path_of_the_base_url_stands_before_the_request_s():
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/", timeouts=Timeouts())
    await fetch(upstream, "/health", timeout_s=5)
    assert stub.requests[0].startswith(b"GET /base/health ")
    upstream.close()
    server.close()


BODIES = {
    "length": OK,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
    "closing": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi",
    "after 100": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "after 103": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhi",
}


@pytest.mark.parametrize("answer", BODIES.values(), ids=BODIES.keys())
async def test_every_way_to_end_a_body(answer):
    async with upstream_of(Stub(answer)) as upstream:
        response = await fetch(upstream, "/", timeout_s=5)
        assert (response.status, response.body) == (200, b"hi")


async def test_head_does_not_wait_for_a_body():
    stub = Stub(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    async with upstream_of(stub) as upstream:
        assert (await fetch(upstream, "/", method="HEAD", timeout_s=5)).status == 200
        assert (await fetch(upstream, "/", timeout_s=5)).body == b"hi"
    assert stub.connections == 1


BROKEN = {
    "closes before answering": b"",
    "closes within the head": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-",
    "closes within a length": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhi",
    "closes within chunks": b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
    "is no HTTP": b"SSH-2.0-OpenSSH\r\nConnection: close",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_answers_are_failures(answer):
    async with upstream_of(Stub(answer)) as upstream:
        with pytest.raises(UpstreamFailed, match="upstream error: "):
            await fetch(upstream, "/", timeout_s=5)


async def test_surplus_bytes_end_the_connection_but_not_the_answer():
    stub = Stub(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    async with upstream_of(stub) as upstream:
        assert (await fetch(upstream, "/", timeout_s=5)).body == b"hi"
        assert (await fetch(upstream, "/", timeout_s=5)).body == b"hi"
    assert stub.connections == 2


async def test_stale_connection_is_replaced_for_an_idempotent_request():
    stub = Stub(OK, b"")
    async with upstream_of(stub) as upstream:
        await fetch(upstream, "/", timeout_s=5)
        assert (await fetch(upstream, "/", timeout_s=5)).body == b"hi"
    assert len(stub.requests) == 3


async def test_generation_is_never_sent_twice():
    stub = Stub(OK, b"")
    async with upstream_of(stub) as upstream:
        await fetch(upstream, "/", timeout_s=5)
        with pytest.raises(UpstreamFailed, match="before answering"):
            await fetch(upstream, "/", method="POST", timeout_s=5)
    assert len(stub.requests) == 2


async def test_announced_idle_time_is_honoured():
    stub = Stub(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1, max=5\r\n\r\nhi")
    async with upstream_of(stub) as upstream:
        await fetch(upstream, "/", timeout_s=5)
        await fetch(upstream, "/", timeout_s=5)
    assert stub.connections == 2


class Taking:
    """A receiver that remembers."""

    def __init__(self):
        self.interim = []
        self.head = None
        self.body = b""
        self.is_complete = False
        self.error = None

    def on_interim(self, status, headers):
        self.interim.append((status, headers))

    def on_answer(self, head, body, *, complete):
        self.head = head or self.head
        self.body += body
        self.is_complete = complete

    def on_failure(self, error):
        self.error = error


async def test_trailers_are_no_headers():
    stub = Stub(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n")
    async with upstream_of(stub) as upstream:
        taking = Taking()
        call = upstream.send("GET", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", taking)
        await until(lambda: taking.is_complete, "the answer is whole")
        assert call.trailers == [(b"X-Sum", b"1")]
        assert taking.head.headers == [(b"Transfer-Encoding", b"chunked")]


async def test_interim_answers_are_told_but_for_100():
    stub = Stub(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK)
    async with upstream_of(stub) as upstream:
        taking = Taking()
        upstream.send("GET", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", taking)
        await until(lambda: taking.is_complete, "the answer is whole")
        assert taking.interim == [(103, [(b"A", b"b")])]
        assert taking.head.status == 200


class Pieces:
    """A body that comes in pieces, as far as the test has given any."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.is_ended = False

    def read(self):
        return self.pieces.pop(0) if self.pieces else b""

    @property
    def is_exhausted(self):
        return self.is_ended and not self.pieces


async def test_answer_before_the_body_has_been_sent_ends_the_connection():
    stub = Stub(OK, OK)
    async with upstream_of(stub) as upstream:
        taking = Taking()
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"
        upstream.send("POST", head, taking, body=Pieces(b"abc"))
        await until(lambda: taking.is_complete, "the answer is whole")
        assert repr(upstream).endswith("0 idle>")


async def test_body_is_sent_on_when_it_is_pumped():
    got = []

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        got.append(await reader.readexactly(6))
        writer.write(OK)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeouts=Timeouts())
    taking, body = Taking(), Pieces(b"abc")
    call = upstream.send("POST", b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", taking, body=body)
    await until(lambda: not body.pieces, "the first piece is on its way")
    body.pieces.append(b"def")
    body.is_ended = True
    call.pump()
    await until(lambda: taking.is_complete, "the answer is whole")
    assert got == [b"abcdef"]
    assert repr(upstream).endswith("1 idle>"), "the connection can be used again"
    upstream.close()
    server.close()


async def test_what_arrives_in_a_bytearray_is_taken_as_bytes():
    """As asyncio's proactor loop hands it over; compiled modules take no other type than they say."""
    received = []

    class Receiving:
        def on_answer(self, head, body, *, complete):
            received.append((body, type(body), complete))

    class Transport(asyncio.Transport):
        def write(self, data):
            pass

        def is_closing(self):
            return False

    upstream = Upstream("http://127.0.0.1:1", timeouts=Timeouts(keepalive_s=0, idle_conn_s=0))
    connection = UpstreamConnection(upstream)
    connection.connection_made(Transport())
    for _ in range(2):
        connection.start(Call("GET", b"GET / HTTP/1.1\r\n\r\n", Receiving(), None, is_upgrade=False))
        connection.data_received(bytearray(OK))
    assert received == [(b"hi", bytes, True)] * 2


async def test_idle_connections_end_after_their_time():
    stub = Stub()
    async with upstream_of(stub, timeouts=Timeouts(idle_conn_s=0.05)) as upstream:
        await fetch(upstream, "/", timeout_s=5)
        assert repr(upstream).endswith("1 idle>")
        await until(lambda: stub.lost == 1, "the idle connection has been closed")


async def test_time_for_the_head_of_the_answer():
    stub = Stub()

    async def silent(reader, writer):
        stub.connections += 1
        await reader.read()
        stub.lost += 1
        writer.close()

    stub.serve = silent
    async with upstream_of(stub, timeouts=Timeouts(response_header_s=0.05)) as upstream:
        with pytest.raises(UpstreamFailed, match=r"within 0.05 s \(responseHeader\)"):
            await fetch(upstream, "/", timeout_s=5)


async def test_tls_is_spoken_and_certificates_are_checked(tmp_path, monkeypatch):
    certificate, key = make_certificate(tmp_path)
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0, ssl=load_server_context(certificate, key))
    address = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(UpstreamFailed, match=r"cannot connect to https://localhost:\d+: .*certificate"):
        await fetch(Upstream(address, timeouts=Timeouts()), "/", timeout_s=5)
    await until(lambda: getattr(server, "_active_count", 0) == 0, "the refused connection is gone")
    client_context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    upstream = Upstream(address, timeouts=Timeouts())
    try:
        assert (await fetch(upstream, "/", timeout_s=5)).body == b"hi"
    finally:
        client_context.cache_clear()
    upstream.close()
    server.close()
    await until(lambda: getattr(server, "_active_count", 0) == 0, "the connection is closed")


async def test_server_that_switches_protocols_when_asked_gets_raw_bytes():
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw")
        writer.write(await reader.readexactly(3))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeouts=Timeouts())
    taking, body = Taking(), Pieces()
    call = upstream.send("GET", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", taking, body=body, is_upgrade=True)
    await until(lambda: taking.body == b"raw", "the other protocol has begun")
    assert taking.head.status == 101
    body.pieces.append(b"abc")
    call.pump()
    await until(lambda: taking.is_complete, "the other side has ended it")
    assert taking.body == b"rawabc"
    server.close()


async def test_nobody_listens():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(UpstreamFailed, match=f"cannot connect to http://localhost:{port}"):
        await fetch(Upstream(f"http://localhost:{port}", timeouts=Timeouts()), "/", timeout_s=5)


async def test_no_answer_in_time_closes_the_connection():
    silent = asyncio.Event()

    async def serve(reader, writer):
        await reader.read()
        silent.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeouts=Timeouts())
    with pytest.raises(UpstreamFailed, match="within 0.05 s"):
        await fetch(upstream, "/", timeout_s=0.05)
    async with asyncio.timeout(5):
        await silent.wait()
    assert repr(upstream).endswith("0 connections, 0 idle>")
    server.close()


async def test_an_answer_like_the_last_but_for_its_length():
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-A: b\r\n\r\n%s" % (size, b"x" * size) for size in (2, 2, 5)]
    stub = Stub(*answers, b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n-", answers[0])
    async with upstream_of(stub) as upstream:
        responses = [await fetch(upstream, "/health", timeout_s=5) for _ in range(5)]
    assert [(its.status, its.body) for its in responses] == [
        (200, b"xx"), (200, b"xx"), (200, b"xxxxx"), (404, b"-"), (200, b"xx")
    ]  # fmt: skip
    assert stub.connections == 1
