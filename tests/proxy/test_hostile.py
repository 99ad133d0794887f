"""Requests that mean harm: none is served, none reaches a model, none is observed, none leaves anything behind.

Most are attempts to have two parsers disagree on where a request ends (RFC 9112, sections 6 and 11.2).
"""

import pytest

from tests.proxy.house import http, one_model
from tests.waiting import until

BODY = b'{"model":"m"}'


def post(*headers: bytes, body: bytes = BODY, line: bytes = b"POST /v1/chat/completions HTTP/1.1") -> bytes:
    lines = [line, b"Host: h", b"Content-Type: application/json", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def get(line: bytes = b"GET /props?model=m HTTP/1.1", *headers: bytes) -> bytes:
    return b"\r\n".join([line, *(headers or (b"Host: h",))]) + b"\r\n\r\n"


CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: 13"
CHUNKS = b"d\r\n" + BODY + b"\r\n0\r\n\r\n"
SMUGGLED = b"GET /upstream/m/admin HTTP/1.1\r\nHost: h\r\n\r\n"

HOSTILE = {
    # which host?
    "no Host": get(b"GET /props?model=m HTTP/1.1", b"X: y"),
    "two Hosts": get(b"GET /props?model=m HTTP/1.1", b"Host: a", b"Host: b"),
    "two equal Hosts": get(b"GET /props?model=m HTTP/1.1", b"Host: a", b"Host: a"),
    "Host with a path": get(b"GET /props?model=m HTTP/1.1", b"Host: h/x"),
    "Host with a user": get(b"GET /props?model=m HTTP/1.1", b"Host: u@h"),
    "Host with a space": get(b"GET /props?model=m HTTP/1.1", b"Host: a b"),
    "Host with two ports": get(b"GET /props?model=m HTTP/1.1", b"Host: h:1:2"),
    "Host with a comma": get(b"GET /props?model=m HTTP/1.1", b'Host: a"b'),
    "Host in the target differs": get(b"GET http://other/props?model=m HTTP/1.1"),
    "Host in the target never ends": get(b"GET http://[h/props?model=m HTTP/1.1"),
    "target of another scheme": get(b"GET ftp://h/props?model=m HTTP/1.1"),
    # which length?
    "coding and length": post(CHUNKED, LENGTH, body=CHUNKS),
    "length and coding": post(LENGTH, CHUNKED, body=CHUNKS),
    "two lengths": post(LENGTH, b"Content-Length: 5"),
    "two equal lengths": post(LENGTH, LENGTH),
    "list of lengths": post(b"Content-Length: 13, 13"),
    "length with a sign": post(b"Content-Length: +13"),
    "negative length": post(b"Content-Length: -13"),
    "hexadecimal length": post(b"Content-Length: 0xd"),
    "length with an underscore": post(b"Content-Length: 1_3"),
    "length with a space within": post(b"Content-Length: 1 3"),
    "length that is no number": post(b"Content-Length: many"),
    "empty length": post(b"Content-Length:"),
    "endless length": post(b"Content-Length: 99999999999999999999999"),
    "length with a decimal": post(b"Content-Length: 13.0"),
    "space before the colon of a length": post(b"Content-Length : 13"),
    "tab before the colon of a length": post(b"Content-Length\t: 13"),
    # which coding?
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "chunked, gzip": post(b"Transfer-Encoding: chunked, gzip", body=CHUNKS),
    "chunked twice": post(CHUNKED, CHUNKED, body=CHUNKS),
    "chunked, chunked": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "identity": post(b"Transfer-Encoding: identity", body=CHUNKS),
    "xchunked": post(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "chunked in quotes": post(b'Transfer-Encoding: "chunked"', body=CHUNKS),
    "chunked with a parameter": post(b"Transfer-Encoding: chunked;q=1", body=CHUNKS),
    "coding behind a vertical tab": post(b"Transfer-Encoding:\x0bchunked", body=CHUNKS),
    "coding with a space in its name": post(b"Transfer-Encoding : chunked", body=CHUNKS),
    "coding with a NUL in its name": post(b"Transfer\x00-Encoding: chunked", body=CHUNKS),
    "empty coding": post(b"Transfer-Encoding:", body=CHUNKS),
    "coding in HTTP/1.0": post(CHUNKED, body=CHUNKS, line=b"POST /v1/chat/completions HTTP/1.0"),
    "coding on a continued line": post(b"X: y\r\n Transfer-Encoding: chunked", body=CHUNKS),
    # chunks
    "chunk size with a prefix": post(CHUNKED, body=b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk size with a sign": post(CHUNKED, body=b"+d\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "negative chunk size": post(CHUNKED, body=b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk size that is no number": post(CHUNKED, body=b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "endless chunk size": post(CHUNKED, body=b"fffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "space behind a chunk size": post(CHUNKED, body=b"d \r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk size ended by LF": post(CHUNKED, body=b"d\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk longer than said": post(CHUNKED, body=b"c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk ended by LF": post(CHUNKED, body=b"d\r\n" + BODY + b"\n0\r\n\r\n"),
    "line break in a chunk extension": post(CHUNKED, body=b'd;a="\n"\r\n' + BODY + b"\r\n0\r\n\r\n"),
    "length in a trailer": post(CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nContent-Length: 50\r\n\r\n"),
    "connection in a trailer": post(CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nConnection: close\r\n\r\n"),
    "upgrade in a trailer": post(CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nUpgrade: h2c\r\n\r\n"),
    "coding in a trailer": post(CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    # lines
    "LF only": get().replace(b"\r\n", b"\n"),
    "LF behind a header": get(b"GET /props?model=m HTTP/1.1", b"Host: h\nX: y"),
    "CR within a header": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"X: a\rb"),
    "NUL within a header": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"X: a\x00b"),
    "folded header": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"X: a\r\n b"),
    "space before the first header": get(b"GET /props?model=m HTTP/1.1", b" X: y", b"Host: h"),
    "header without a name": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b": y"),
    "header without a colon": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"nonsense"),
    "header name with a space": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"X y: z"),
    "header name beyond ASCII": get(b"GET /props?model=m HTTP/1.1", b"Host: h", b"X\xff: z"),
    # request lines
    "no version": get(b"GET /props?model=m"),
    "HTTP/0.9": get(b"GET /props?model=m HTTP/0.9"),
    "HTTP/1.2": get(b"GET /props?model=m HTTP/1.2"),
    "HTTP/2.0": get(b"GET /props?model=m HTTP/2.0"),
    "HTTP/1.10": get(b"GET /props?model=m HTTP/1.10"),
    "HTTP/11": get(b"GET /props?model=m HTTP/11"),
    "version in small letters": get(b"GET /props?model=m http/1.1"),
    "space behind the version": get(b"GET /props?model=m HTTP/1.1 "),
    "method in small letters": get(b"get /props?model=m HTTP/1.1"),
    "method with a line break": get(b"GET\r\n /props?model=m HTTP/1.1"),
    "invented method": get(b"GETS /props?model=m HTTP/1.1"),
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": get(b"CONNECT h:80 HTTP/1.1"),
    "asterisk without OPTIONS": get(b"GET * HTTP/1.1"),
    "target without a slash": get(b"GET props?model=m HTTP/1.1"),
    "target with a tab": get(b"GET /props\t?model=m HTTP/1.1"),
    "target with a NUL": get(b"GET /props\x00?model=m HTTP/1.1"),
    "target with a fragment": get(b"GET /props?model=m#x HTTP/1.1"),
    "target beyond ASCII": get("GET /props?model=m\u00e4 HTTP/1.1".encode()),
    "TLS without being asked": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "binary noise": bytes(range(256)) * 4,
}


def test_the_table_is_long_enough():
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("request_bytes", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_means_harm_is_refused_and_reaches_nobody(request_bytes):
    async with one_model() as (house, upstream):
        client = await house.client()
        client.send(request_bytes + SMUGGLED)
        raw = await client.rest()
        assert raw.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert raw.count(b"HTTP/1.1 ") == 1, "nothing behind it is answered"
        assert b"\r\nConnection: close\r\n" in raw
        assert b'"src":"llama-swap"' in raw
        client.writer.close()
        await until(lambda: repr(house.server) == "<Server 0 connections>", "its connection is gone")
        assert not upstream.received
        assert not house.seen
        assert (await house.post("/v1/chat/completions", {"model": "m"}))[0] == 200, "and the next is served"


HARMLESS = {
    "trailer that looks like a header": post(
        CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
    ),
    "chunk with an extension": post(CHUNKED, body=b"d;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "coding in capitals": post(b"Transfer-Encoding: CHUNKED", body=CHUNKS),
    "leading line breaks": b"\r\n\r\n" + post(LENGTH),
    "length with zeros": post(b"Content-Length: 0013"),
    "own absolute target": post(LENGTH, line=b"POST http://h/v1/chat/completions HTTP/1.1"),
    "h2c": post(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: x", LENGTH),
}


@pytest.mark.parametrize("request_bytes", HARMLESS.values(), ids=HARMLESS.keys())
async def test_what_looks_odd_but_is_no_harm_is_served(request_bytes):
    async with one_model() as (house, upstream):
        client = await house.client()
        client.send(request_bytes + http("GET", "/props?model=m"))
        assert [(await client.answer())[0] for _ in range(2)] == [200, 200]
        got = upstream.received[0]
        assert got.body == BODY
        assert got.header("content-length") == "13"
        assert got.header("transfer-encoding") is None
        assert got.header("authorization") is None
        assert got.header("x-forwarded-for") == "127.0.0.1"


async def test_trailer_without_an_end_is_refused():
    async with one_model() as (house, upstream):
        client = await house.client()
        client.send(post(CHUNKED, body=b"d\r\n" + BODY + b"\r\n0\r\nX: "))
        for _ in range(40):
            client.send(b"x" * 65536)
        raw = await client.rest()
        assert b" 431 " in raw.partition(b"\r\n")[0]
        assert not upstream.received
