"""The reader of requests: upgrades that wait, trailers, and what never ends."""

import pytest

from llamaswap_desktop.config import Limits
from llamaswap_desktop.errors import BodyTooLarge, HeadTooLarge, Malformed
from llamaswap_desktop.http1.reader import RequestReader


class Sink:
    def __init__(self, **limits):
        self.requests = []
        self.bodies = []
        self.whole = 0
        self.reader = RequestReader(self, Limits(**limits), "127.0.0.1")

    def on_request(self, request):
        self.requests.append(request)
        self.bodies.append(b"")

    def on_request_body(self, data):
        self.bodies[-1] += data

    def on_request_complete(self):
        self.whole += 1


GET = b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n"
SOCKET = b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_what_follows_an_upgrade_waits_for_the_decision():
    sink = Sink()
    sink.reader.feed(SOCKET + b"\x81\x01")
    sink.reader.feed(b"\x02")
    assert (len(sink.requests), sink.requests[0].upgrade, sink.whole) == (1, b"websocket", 1)
    assert sink.reader.held_bytes == 3
    assert sink.reader.take_held() == b"\x81\x01\x02"


def test_refused_upgrade_goes_on_with_the_next_request():
    sink = Sink()
    sink.reader.feed(SOCKET + GET % b"a")
    sink.reader.go_on()
    sink.reader.feed(GET % b"b")
    assert [request.path for request in sink.requests] == ["/ws", "/a", "/b"]
    assert sink.whole == 3


@pytest.mark.parametrize("protocol", [b"h2c", b"H2C, websocket"])
def test_h2c_is_not_heard(protocol):
    sink = Sink()
    sink.reader.feed(SOCKET.replace(b"websocket", protocol) + GET % b"a")
    assert [(request.path, request.upgrade) for request in sink.requests] == [("/ws", b""), ("/a", b"")]


def test_upgrade_with_a_body_keeps_it():
    sink = Sink()
    sink.reader.feed(SOCKET.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"abc" + GET % b"a")
    assert [request.path for request in sink.requests] == ["/ws", "/a"]
    assert sink.bodies == [b"abc", b""]


def test_trailers_are_dropped():
    sink = Sink()
    sink.reader.feed(CHUNKED + b"1\r\nx\r\n0\r\nHost: other\r\nX: y\r\n\r\n" + GET % b"a")
    assert [name for name, _ in sink.requests[0].headers] == [b"Host", b"Transfer-Encoding"]
    assert [name for name, _ in sink.requests[1].headers] == [b"Host"]


ENDLESS = {
    "target": b"GET /",
    "header name": b"GET / HTTP/1.1\r\n",
    "header value": b"GET / HTTP/1.1\r\nX: ",
    "trailer": CHUNKED + b"0\r\nX: ",
    "chunk extension": CHUNKED + b"1;",
}


@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_never_ends_is_refused_before_it_fills_the_memory(beginning):
    sink = Sink(header_bytes=10_000)
    sink.reader.feed(beginning)
    with pytest.raises(HeadTooLarge, match="larger than 10000 bytes"):
        for _ in range(40):
            sink.reader.feed(b"a" * 10_000)


def test_size_of_a_head_is_exact():
    def head(size):
        return b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * size + b"\r\n\r\n"

    Sink(header_bytes=1000).reader.feed(head(1000 - 1 - 9 - 5))
    with pytest.raises(HeadTooLarge):
        Sink(header_bytes=1000).reader.feed(head(1000 - 1 - 9 - 4))


def test_long_bodies_are_no_long_heads():
    sink = Sink(header_bytes=1000)
    sink.reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")
    for _ in range(30):
        sink.reader.feed(b"x" * 100_000)
    assert sink.whole == 1


def test_limit_of_bodies():
    with pytest.raises(BodyTooLarge):
        Sink(body_bytes=5).reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n")
    with pytest.raises(BodyTooLarge):
        Sink(body_bytes=5).reader.feed(CHUNKED + b"6\r\nabcdef\r\n")


def test_bytes_behind_the_last_request_are_nobody_s():
    sink = Sink()
    sink.reader.feed(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + GET % b"a")
    sink.reader.feed(GET % b"b")
    assert len(sink.requests) == 1


@pytest.mark.parametrize("upgrade", [b"", b"Upgrade: h2c\r\n"])
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_last_request_in_single_bytes(framing, upgrade):
    connection = b"Connection: close, Upgrade\r\n" if upgrade else b"Connection: close\r\n"
    sink = Sink()
    for byte in b"POST / HTTP/1.1\r\nHost: h\r\n" + connection + upgrade + framing + GET % b"a":
        sink.reader.feed(bytes([byte]))
    assert (len(sink.requests), sink.bodies, sink.whole) == (1, [b"hello"], 1)


def test_mistake_of_the_sink_is_not_taken_for_the_client_s():
    sink = Sink()
    sink.on_request = lambda request: 1 // 0
    with pytest.raises(Exception) as caught:
        sink.reader.feed(GET % b"a")
    assert not isinstance(caught.value, Malformed)
