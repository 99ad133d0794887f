"""A head that is recognized means what it meant when it was parsed, and nothing is recognized that should not be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llamaswap_desktop.config import Limits
from llamaswap_desktop.errors import Malformed
from llamaswap_desktop.http1.known_head import KnownHead
from llamaswap_desktop.http1.reader import RequestReader

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nX-A: b\r\n\r\n"


def message(body: bytes, head: bytes = HEAD) -> bytes:
    return head % len(body) + body


def known(first: bytes) -> KnownHead:
    head = KnownHead()
    assert head.learn(first)
    return head


@pytest.mark.parametrize("body", [b"", b"x", b"y" * 12345, b"\r\n\r\n"])
def test_another_length_is_the_same_head(body):
    assert known(message(b"abc")).body_of(message(body)) == body


@pytest.mark.parametrize(
    "other",
    [
        message(b"abc")[:-1],
        message(b"abc") + b"d",
        message(b"abc") * 2,
        message(b"abc").replace(b"POST", b"PUT "),
        message(b"abc").replace(b"X-A: b", b"X-A: c"),
        message(b"abc").replace(b": 3", b": +3"),
        message(b"abc").replace(b": 3", b": 3 "),
        message(b"abc").replace(b": 3", b": "),
        message(b"abc").replace(b": 3", b": 0x3"),
        message(b"abc").replace(b": 3", b": 00000000000000003"),
        message(b"abc").replace(b"X-A: b", b"X-A: b\r\nX-B: c"),
        HEAD % 3,
        message(b"abc").partition(b"3")[0],
        b"",
    ],
)
def test_anything_else_is_not(other):
    assert known(message(b"abc")).body_of(other) is None


@pytest.mark.parametrize(
    "other",
    [
        message(b"abc") + b"d",
        message(b"abc")[:-1],
        message(b"abc").replace(b": 3", b": 3 "),
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        message(b"abc", HEAD.replace(b"X-A: b", b"Content-Length: 3")),
        message(b"abc", HEAD.replace(b"X-A: b", b"X-Content-Length: 3")),
        b"no head at all",
    ],
)
def test_what_has_no_plain_length_is_not_learnt_and_what_was_known_is_forgotten(other):
    head = known(message(b"abc"))
    assert not head.learn(other)
    assert head.body_of(message(b"abc")) is None


class Sink:
    def __init__(self):
        self.said = []

    def on_request(self, request):
        told = (request.method, request.target, request.headers, request.fields, request.length, request.remote_ip)
        self.said.append(told)

    def on_request_body(self, data):
        self.said.append(data)

    def on_request_complete(self):
        self.said.append("whole")


def told_by(reads, *, forgets):
    """Feed ``reads`` to a reader and return what it finds; one that ``forgets`` knows no heads."""
    sink = Sink()
    reader = RequestReader(sink, Limits(), "127.0.0.1")
    for read in reads:
        try:
            reader.feed(read)
        except Malformed:
            return [*sink.said, "fault"]
        if forgets:
            reader._known = None
    return sink.said


HEADS = st.sampled_from(
    [
        HEAD,
        HEAD.replace(b"X-A: b", b"X-Forwarded-For: 9.9.9.9"),
        HEAD.replace(b"X-A: b", b"Connection: close"),
        HEAD.replace(b"X-A: b", b"Expect: 100-continue"),
        HEAD.replace(b"X-A: b", b"Connection: Upgrade\r\nUpgrade: h2c"),
        HEAD.replace(b"X-A: b", b"Transfer-Encoding: chunked"),
        HEAD.replace(b"Content-Length: %d", b"content-length:%d"),
        HEAD.replace(b" HTTP/1.1", b"?a=%%41 HTTP/1.1"),
        HEAD.replace(b"Host: h\r\n", b""),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"\r\n" + HEAD,
    ]
)
MESSAGES = st.builds(message, st.binary(max_size=40), HEADS)
READS = st.one_of(
    MESSAGES.map(lambda one: [one]),
    st.tuples(MESSAGES, st.integers(1, 200)).map(lambda pair: [pair[0][: pair[1]], pair[0][pair[1] :]]),
    st.tuples(MESSAGES, MESSAGES).map(lambda pair: [pair[0] + pair[1]]),
    st.just([b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"]),
    st.just([b"\r\n"]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(READS, min_size=2, max_size=6))
def test_a_reader_that_knows_heads_finds_what_one_finds_that_parses_all(reads):
    flat = [read for several in reads for read in several if read]
    assert told_by(flat, forgets=False) == told_by(flat, forgets=True)
