"""Which headers go on (HTTP specification, sections 3, 10.1 and 10.2)."""

import pytest

from llamaswap_desktop.http1 import Keys, ResponseHead
from llamaswap_desktop.proxy.headers import (
    answer_headers,
    framing_lines,
    headers_for_model,
    headers_for_peer,
    waited_header,
)
from tests.http1.test_auth import request


def for_model(metered=False, is_upgrade=False, **headers):
    found = headers_for_model(request(**headers), Keys(), is_metered=metered, is_upgrade=is_upgrade)
    return {name.decode().lower(): value.decode() for name, value in found}


@pytest.mark.parametrize(
    ("sent", "metered", "kept"),
    [
        ("br, gzip;q=0.5", True, "gzip;q=0.5"),
        ("GZIP , deflate;q=0", True, "GZIP, deflate;q=0"),
        ("br, identity, *", True, None),
        ("", True, None),
        ("br, gzip", False, "br, gzip"),
    ],
)
def test_accept_encoding(sent, metered, kept):
    assert for_model(metered, accept_encoding=sent).get("accept-encoding") == kept


def test_hop_by_hop_headers_and_those_that_connection_names_stay():
    assert for_model(
        connection="X-One, close",
        x_one="1",
        keep_alive="5",
        proxy_connection="x",
        proxy_authenticate="x",
        trailer="x",
        transfer_encoding="chunked",
        upgrade="websocket",
        te="deflate",
        x_two="2",
    ) == {"x-two": "2", "x-forwarded-for": "127.0.0.1"}


def test_upgrade_is_asked_for_again():
    got = for_model(is_upgrade=True, connection="keep-alive, Upgrade", upgrade="websocket")
    assert (got["upgrade"], got["connection"]) == ("websocket", "Upgrade")


def for_peer(api_key="", **headers):
    found = headers_for_peer(request(**headers), Keys(api=("ours",)), host=b"peer:1", api_key=api_key, is_metered=True)
    return {name.decode().lower(): value.decode() for name, value in found}


def test_peer_gets_its_own_host_and_no_trace_of_the_way():
    got = for_peer(host="h", forwarded="x", x_forwarded_for="x", x_forwarded_host="x", x_real_ip="1.1.1.1")
    assert got == {"host": "peer:1", "x-real-ip": "1.1.1.1"}


def test_credentials_for_a_peer():
    assert for_peer(authorization="Bearer theirs")["authorization"] == "Bearer theirs"
    assert "authorization" not in for_peer(authorization="Bearer ours")
    got = for_peer("key", authorization="Bearer theirs", x_api_key="theirs")
    assert (got["authorization"], got["x-api-key"]) == ("Bearer key", "key")


def test_framing():
    assert framing_lines(request(), 0) == b""
    assert framing_lines(request(), 3) == b"Content-Length: 3\r\n"
    assert framing_lines(request(), None) == b"Transfer-Encoding: chunked\r\n"


def head(*headers):
    return ResponseHead(status=200, reason=b"OK", headers=list(headers), keep_alive=True)


def test_event_stream_is_not_to_be_buffered_elsewhere():
    got = answer_headers(head((b"content-type", b"Text/Event-Stream; x"), (b"x-accel-buffering", b"yes")))
    assert got == [(b"content-type", b"Text/Event-Stream; x"), (b"X-Accel-Buffering", b"no")]


def test_trailer_is_announced_where_there_may_be_one():
    assert (b"Trailer", b"X") in answer_headers(head((b"Trailer", b"X")))
    assert (b"Trailer", b"X") not in answer_headers(head((b"Trailer", b"X"), (b"Content-Length", b"0")))


@pytest.mark.parametrize(
    ("waited_s", "reason", "value"),
    [
        (0.99, "x", None),
        (1.04, 'm "x" \\', b'1.0; reason="m \\"x\\" \\\\"'),
        (12.34, "gr\u00f6\u00dfe\n", b'12.3; reason="gr??e"'),
    ],
)
def test_waited(waited_s, reason, value):
    assert waited_header(waited_s, reason) == ([] if value is None else [(b"X-LlamaSwap-Waited", value)])
