"""Heads, chunks and trailers on the wire."""

import pytest

from llamaswap_desktop.errors import Malformed
from llamaswap_desktop.http1 import chunk, end_to_end, header_lines, last_chunk, request_head
from llamaswap_desktop.http1.framing import has_no_body, parse_request, response_head


def parse(target: bytes = b"/", headers=((b"Host", b"h"),), **more):
    settings = {"method": "GET", "version": "1.1", "keep_alive": True, "client": "127.0.0.1", **more}
    return parse_request(target=target, headers=list(headers), **settings)


@pytest.mark.parametrize(
    "host", [b"h", b"h:80", b"[::1]:1", b"", b"a.b-c_d", b"xn--bcher-kva.example", b"127.0.0.1:9292"]
)
def test_hosts(host):
    assert parse(headers=[(b"host", host)]).header(b"host") == host


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"u@h", b"[::1", b"h:x", b"h:1:2", b"a\\b"])
def test_what_is_no_host(host):
    with pytest.raises(Malformed, match="is no host"):
        parse(headers=[(b"host", host)])


def test_first_value_counts_and_names_have_no_case():
    request = parse(headers=[(b"HOST", b"h"), (b"X-a", b"1"), (b"x-A", b"2")])
    assert request.header(b"x-a") == b"1"


def test_absolute_target_of_our_own():
    request = parse(b"http://H/x?y", headers=[(b"Host", b"h")])
    assert (request.path, request.query) == ("/x", "y")
    assert parse(b"https://h", headers=[(b"Host", b"h")]).path == "/"


def test_hop_by_hop_headers_stay_behind():
    headers = [(b"Connection", b"X-One, close"), (b"x-one", b"1"), (b"X-Two", b"2"), (b"Upgrade", b"x"), (b"TE", b"x")]
    assert end_to_end(headers) == [(b"X-Two", b"2")]


def test_chunks_and_their_end():
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert last_chunk([]) == b"0\r\n\r\n"
    assert last_chunk([(b"X", b"y")]) == b"0\r\nX: y\r\n\r\n"


def test_heads():
    assert request_head("GET", "/x", header_lines([(b"A", b"b")])) == b"GET /x HTTP/1.1\r\nA: b\r\n\r\n"
    assert response_head(404, b"") == b"HTTP/1.1 404 Not Found\r\n\r\n"
    assert response_head(299, b"A: b\r\n", b"Fine") == b"HTTP/1.1 299 Fine\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "status", "expected"), [("HEAD", 200, True), ("GET", 204, True), ("GET", 304, True), ("GET", 200, False)]
)
def test_answers_without_a_body(method, status, expected):
    assert has_no_body(method, status) is expected
