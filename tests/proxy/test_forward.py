"""Relaying: what passes, how, and what a client is told when it breaks (HTTP specification, section 10)."""

import asyncio
import contextlib
import gzip
import json

import pytest

from llamaswap_desktop.config import Desktop, Peer, PeerId, Timeouts
from llamaswap_desktop.types import ProcessState
from tests.proxy.house import Answerer, answer, chunked, house, http, model, one_model, says, silent
from tests.waiting import until

CHAT = "/v1/chat/completions"


def chat(house, **headers):
    return house.post(CHAT, {"model": "m"}, **headers)


def message(said: bytes) -> str:
    return json.loads(said)["error"]["message"]


# -- headers to the model


async def test_headers_that_reach_a_local_model():
    async with one_model() as (house, upstream):
        await chat(
            house,
            host="my.host:9292",
            user_agent="tester",
            cookie="a=b",
            origin="http://o",
            x_forwarded_for="9.9.9.9",
            x_forwarded_proto="https",
            forwarded="for=1.1.1.1",
            accept_encoding="br, gzip;q=0.5, deflate",
            te="trailers, deflate",
            connection="keep-alive, X-Mine, TE",
            x_mine="secret",
            keep_alive="timeout=5",
            proxy_authorization="Basic x",
        )
        got = upstream.received[0]
        assert {name.lower(): value for name, value in got.headers} == {
            "host": "my.host:9292",
            "user-agent": "tester",
            "cookie": "a=b",
            "origin": "http://o",
            "x-forwarded-for": "9.9.9.9, 127.0.0.1",
            "x-forwarded-proto": "https",
            "forwarded": "for=1.1.1.1",
            "accept-encoding": "gzip;q=0.5, deflate",
            "te": "trailers",
            "content-type": "application/json",
            "content-length": str(len(got.body)),
        }


async def test_two_lines_of_x_forwarded_for_keep_their_order():
    async with one_model() as (house, upstream):
        client = await house.client()
        client.send(
            b"GET /props?model=m HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n"
        )
        await client.answer()
        assert upstream.received[0].header("x-forwarded-for") == "1.1.1.1, 2.2.2.2, 127.0.0.1"
        assert upstream.received[0].header("content-length") is None


async def test_client_of_http_1_0_need_not_name_a_host_but_a_model_server_gets_one():
    async with one_model() as (house, upstream):
        client = await house.client()
        client.send(b"GET /props?model=m HTTP/1.0\r\n\r\n")
        assert (await client.answer())[0] == 200
        assert upstream.received[0].header("host") == f"127.0.0.1:{upstream.port}"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"authorization": "Bearer ours"}, {}),
        ({"x_api_key": "ours", "authorization": "Basic dXNlcjpvdXJz"}, {}),
        ({"authorization": "Bearer ours", "x_api_key": "theirs"}, {"x-api-key": "theirs"}),
        ({"authorization": "Bearer chief"}, {}),
        ({"authorization": "Bearer token"}, {}),
    ],
)
async def test_keys_of_ours_do_not_leave(sent, kept):
    fields = {"api_keys": ("ours",), "desktop": Desktop(admin_keys=("chief",))}
    async with one_model(fields=fields, settings={"own_token": "token"}) as (house, upstream):
        assert (await chat(house, **sent))[0] == 200
        got = {name.lower(): value for name, value in upstream.received[0].headers}
        assert {name: got[name] for name in ("authorization", "x-api-key") if name in got} == kept


async def test_keys_of_others_pass():
    async with one_model() as (house, upstream):
        await chat(house, authorization="Bearer theirs", x_api_key="theirs")
        assert upstream.received[0].header("authorization") == "Bearer theirs"
        assert upstream.received[0].header("x-api-key") == "theirs"


# -- answers


async def test_answer_passes_unchanged():
    said = answer(
        b"\x00body", status="418 I'm a teapot", kind="x/y", extra="Set-Cookie: a\r\nSet-Cookie: b\r\nLocation: /z\r\n"
    )
    async with one_model(says(said)) as (house, _):
        client = await house.client()
        client.send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        raw = await client.reader.readuntil(b"\r\n\r\n") + await client.reader.readexactly(5)
        assert raw.startswith(b"HTTP/1.1 418 I'm a teapot\r\nContent-Type: x/y\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n")
        assert b"Location: /z\r\n" in raw
        assert b"Server" not in raw
        assert b"Date" not in raw
        assert raw.endswith(b"\r\n\r\n\x00body")


BODIES = {
    "known length": answer(b"hello", kind="text/plain"),
    "empty": answer(b"", kind="text/plain"),
    "chunks": chunked(b"he", b"llo", kind="text/plain"),
    "until closed": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "304 with a length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n",
}


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("said", BODIES.values(), ids=BODIES.keys())
async def test_every_way_to_end_a_body_passes(said, version):
    async def script(_request, writer, _reader):
        writer.write(said)
        if b"close" in said or b"HTTP/1.0" in said:
            await writer.drain()
            raise ConnectionResetError

    async with one_model(script) as (house, _):
        client = await house.client()
        client.send(http("GET", "/props?model=m").replace(b"HTTP/1.1", b"HTTP/" + version.encode()))
        status, headers, body = await client.answer()
        assert body == (b"" if status in {204, 304} or b"Length: 0" in said else b"hello")
        has_known_end = b"Content-Length" in said or status == 204
        assert ("transfer-encoding" in headers) is (version == "1.1" and not has_known_end)
        if status == 304:
            assert headers["content-length"] == "5"
        if version == "1.0":
            assert await client.rest() == b""


async def test_head_passes_without_a_body():
    async with one_model(says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) as (house, _):
        client = await house.client()
        client.send(http("HEAD", "/upstream/m/x") + http("HEAD", "/props?model=m"))
        for _ in range(2):
            status, headers, _ = await client.answer(head_only=True)
            assert (status, headers["content-length"]) == (200, "5")


async def test_trailers_pass_to_those_who_get_chunks():
    said = chunked(b"x", kind="text/plain", trailers="X-Sum: 1\r\nX-More: 2\r\n").replace(
        b"Transfer", b"Trailer: X-Sum\r\nTransfer"
    )
    async with one_model(says(said)) as (house, _):
        client = await house.client()
        client.send(http("GET", "/props?model=m", connection="close"))
        raw = await client.rest()
        assert raw.endswith(b"1\r\nx\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")
        assert b"Trailer: X-Sum\r\n" in raw
        client = await house.client()
        client.send(http("GET", "/props?model=m").replace(b"1.1", b"1.0"))
        assert (await client.rest()).endswith(b"\r\n\r\nx")


async def test_interim_answers_pass_but_for_100():
    said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(b"x")
    async with one_model(says(said)) as (house, _):
        client = await house.client()
        client.send(http("GET", "/props?model=m"))
        status, headers, _ = await client.answer()
        assert (status, headers["link"]) == (103, "</a>")
        assert (await client.answer())[0] == 200
        client = await house.client()
        client.send(http("GET", "/props?model=m").replace(b"1.1", b"1.0"))
        assert (await client.answer())[0] == 200


async def test_compressed_answer_is_not_touched():
    packed = gzip.compress(b"hello" * 100)
    said = answer(packed, extra="Content-Encoding: gzip\r\n")
    async with one_model(says(said)) as (house, _):
        _, headers, body = await chat(house, accept_encoding="gzip")
        assert (headers["content-encoding"], body) == ("gzip", packed)


async def test_event_stream_arrives_event_by_event_and_is_never_buffered_elsewhere():
    go_on = asyncio.Event()

    async def script(_request, writer, _reader):
        first = chunked(b"data: 1\n\n", end=False).replace(b"Content", b"X-Accel-Buffering: yes\r\nContent", 1)
        writer.write(first)
        await writer.drain()
        await go_on.wait()
        return b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"

    async with one_model(script) as (house, _):
        client = await house.client()
        client.send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.count(b"X-Accel-Buffering") == 1
        assert b"X-Accel-Buffering: no\r\n" in head
        assert await client.reader.readuntil(b"data: 1\n\n\r\n") == b"9\r\ndata: 1\n\n\r\n"
        go_on.set()
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"


async def test_slow_reader_slows_the_model_down():
    written = []

    async def script(_request, writer, _reader):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Length: 40000000\r\n\r\n")
        for _ in range(40):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            written.append(1)

    async with one_model(script) as (house, _):
        client = await house.client(buffer_bytes=65536)
        client.send(http("GET", "/props?model=m"))
        await until(lambda: len(written) > 2, "the model writes")
        (connection,) = house.process("m")._address._open
        await until(lambda: not connection._transport.is_reading(), "the model is not read any more")
        assert len(written) < 30, "much of the answer is still to be written"
        await client.answer(head_only=True)
        left = 40_000_000
        while left:
            left -= len(await client.reader.read(1 << 20))


# -- failures


async def hang_up(_request, _writer, _reader):
    raise ConnectionResetError


async def test_model_that_closes_without_answering():
    async with one_model(hang_up) as (house, _):
        status, headers, said = await chat(house)
        assert (status, headers["content-type"]) == (502, "application/json")
        assert message(said).startswith("upstream error: the connection ended before answering")
        await house.at_rest()
        assert (house.seen[0].status, house.seen[0].sent_bytes) == (502, said)


async def test_nobody_listens():
    async with one_model() as (house, upstream):
        upstream.stop()
        status, _, said = await chat(house)
        assert status == 502
        assert message(said).startswith("upstream error: cannot connect to http://127.0.0.1:")


async def test_model_that_dies_is_named():
    async with one_model(hang_up) as (house, _):
        await chat(house)
        house.process("m").die()
        house.process("m").change(ProcessState.STOPPED)
        house.process("m").fails = "the reason"
        status, _, said = await chat(house)
        assert (status, message(said)) == (500, "unspecific error: the reason")


def breaks_after(*pieces: bytes, kind="text/event-stream", extra=b""):
    async def script(_request, writer, _reader):
        writer.write(chunked(*pieces, kind=kind, end=False).replace(b"Content-Type", extra + b"Content-Type", 1))
        await writer.drain()
        raise ConnectionResetError

    return script


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        (CHAT, b'data: {"error":'),
        ("/v1/messages", b'event: error\ndata: {"type":"error","error":{"type":"api_error"'),
        ("/v1/responses", b'event: error\ndata: {"type":"error","code":"bad_gateway"'),
        ("/upstream/m/v1/messages", b"event: error\ndata: "),
    ],
)
async def test_broken_event_stream_ends_in_one_error_event_and_a_cut(path, begins):
    async with one_model(breaks_after(b"data: 1\n\n", b"data: 2")) as (house, _):
        client = await house.client()
        client.send(http("POST", path, b'{"model":"m"}', content_type="application/json"))
        raw = await client.rest()
        body = raw.partition(b"\r\n\r\n")[2]
        assert not raw.endswith(b"0\r\n\r\n")
        assert b"data: 2" in body
        assert b"\n\n" + begins in body
        assert body.count(b"error: the connection ended in the middle") == 1
        await house.at_rest()
        assert house.seen[0].error.startswith("upstream error: the connection ended in the middle of its answer")


@pytest.mark.parametrize(
    "script",
    [
        breaks_after(b"half", kind="application/json"),
        breaks_after(b"data: 1\n\n", extra=b"Content-Encoding: gzip\r\n"),
    ],
    ids=["json", "compressed stream"],
)
async def test_any_other_body_is_cut_at_once(script):
    async with one_model(script) as (house, _):
        client = await house.client()
        client.send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        raw = await client.rest()
        assert raw.endswith((b"half\r\n", b"data: 1\n\n\r\n"))


async def test_answer_that_is_no_http():
    async with one_model(says(b"SSH-2.0-OpenSSH\r\n")) as (house, _):
        status, _, said = await chat(house)
        assert status == 502
        assert "not valid HTTP" in message(said)


async def test_upstream_that_switches_protocols_without_being_asked():
    async with one_model(says(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")) as (house, _):
        assert (await chat(house))[0] == 502


async def test_model_that_does_not_answer_in_time():
    async with one_model(silent, timeouts=Timeouts(response_header_s=0.1)) as (house, _):
        status, _, said = await chat(house)
        assert status == 502
        assert "no answer from" in message(said)
        assert "within 0.1 s (responseHeader)" in message(said)


async def test_peer_that_does_not_answer_in_time():
    upstream = Answerer(silent)
    await upstream.start()
    peer = Peer(
        id=PeerId("far"),
        proxy=f"http://127.0.0.1:{upstream.port}",
        models=("big",),
        timeouts=Timeouts(response_header_s=0.1),
    )
    async with house(model("m"), upstreams=[upstream], peers={peer.id: peer}) as opened:
        status, _, said = await opened.post(CHAT, {"model": "big"})
        assert status == 502
        assert message(said).startswith("peer proxy error: no answer from")


async def test_process_that_vanished_between_grant_and_forward():
    async with one_model() as (house, _):
        await chat(house)
        address, house.process("m")._address = house.process("m")._address, None
        status, _, said = await chat(house)
        house.process("m")._address = address
        assert (status, message(said)) == (503, "[m] process is not ready")


async def test_failed_start_is_answered_and_observed():
    async with one_model() as (house, _):
        house.process("m").fails = "upstream command exited prematurely"
        status, _, said = await chat(house)
        assert (status, message(said)) == (500, "unspecific error: upstream command exited prematurely")
        await house.at_rest()
        assert (house.seen[0].status, house.seen[0].priority) == (500, "never granted")


async def test_third_failed_start_says_when_to_come_back():
    async with one_model() as (house, _):
        house.process("m").fails = "no"
        for _ in range(2):
            assert (await chat(house))[0] == 500
        status, headers, _ = await chat(house)
        assert (status, int(headers["retry-after"]) >= 1) == (503, True)


async def test_concurrency_limit_is_always_json():
    async with one_model(silent, concurrency_limit=1) as (house, upstream):
        waits = await house.client()
        waits.send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        await until(lambda: upstream.received, "the first is being answered")
        status, headers, said = await chat(house, accept="text/plain")
        assert (status, headers["retry-after"], json.loads(said)["error"]["code"]) == (429, "1", "concurrency_limit")
        waits.writer.close()


async def test_limit_counts_all_ways_to_a_model_and_holds_before_a_stream_begins():
    async with one_model(silent, concurrency_limit=2, send_loading_state=True) as (house, upstream):
        busy = [await house.client(), await house.client()]
        busy[0].send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        busy[1].send(http("GET", "/upstream/m/slots"))
        await until(lambda: len(upstream.received) == 2, "both are being answered")
        for asking in (
            house.post(CHAT, {"model": "m", "stream": True}),
            house.ask("GET", "/upstream/m/x"),
            house.ask("GET", "/props?model=m", accept="text/html"),
        ):
            status, headers, said = await asking
            assert (status, headers["content-type"], headers["retry-after"]) == (429, "application/json", "1")
            assert json.loads(said)["error"]["message"] == "Too many requests"
        assert [seen.status for seen in house.seen if seen.status] == [429, 429], "the model routes leave a trace"
        for client in busy:
            client.writer.close()


async def test_request_whose_model_is_unloaded_meanwhile():
    async with one_model() as (house, _):
        house.process("m").holds = True
        asking = asyncio.ensure_future(chat(house))
        await until(lambda: house.process("m").starts, "the model starts")
        await house.core.unload([house.process("m").model.id])
        status, _, said = await asking
        assert (status, message(said)) == (500, "unspecific error: group: model unloaded")


@contextlib.asynccontextmanager
async def long_wait(script=None, **of_model):
    """Open a house with a client whose request seems to have waited for its load for more than a second."""
    async with one_model(script, **of_model) as (house, _):
        house.process("m").holds = True
        client = await house.client()
        client.send(http("POST", CHAT, b'{"model":"m"}', content_type="application/json"))
        await until(lambda: house.process("m").starts, "the model starts")
        (request,) = house.core._scheduler._state.requests.values()
        request.arrived -= 1.1
        yield house, client


def waited(headers) -> str:
    """Return what the header names as the reason, with the time looked at."""
    seconds, _, reason = headers["x-llamaswap-waited"].partition("; ")
    assert 1.0 <= float(seconds) < 10
    return reason


async def test_long_wait_is_told_in_a_header():
    async with long_wait() as (house, client):
        house.process("m").go_on()
        status, headers, _ = await client.answer()
        assert (status, waited(headers)) == (200, 'reason="m had to be loaded"')
        assert "x-llamaswap-waited" not in (await chat(house))[1]


async def test_long_wait_for_an_upstream_that_then_breaks():
    async with long_wait(says(b"nonsense")) as (house, client):
        house.process("m").go_on()
        status, headers, _ = await client.answer()
        assert (status, waited(headers)) == (502, 'reason="m had to be loaded"')


async def test_long_wait_for_a_start_that_then_fails():
    async with long_wait() as (house, client):
        house.process("m").fails = "no memory"
        house.process("m").go_on()
        status, headers, _ = await client.answer()
        assert (status, waited(headers)) == (500, 'reason="m had to be loaded"')
        assert dict(house.seen[0].headers)[b"X-LlamaSwap-Waited"].decode() == headers["x-llamaswap-waited"]


async def test_long_wait_that_is_cancelled():
    async with long_wait() as (house, client):
        house.seen[0].about["cancel"]()
        status, headers, _ = await client.answer()
        assert (status, waited(headers)) == (499, 'reason="m had to be loaded"')
        house.process("m").go_on()


async def test_long_answer_that_is_cancelled():
    async with long_wait(silent) as (house, client):
        house.process("m").go_on()
        await until(lambda: house.seen[0].priority == 0, "the request is granted")
        house.seen[0].about["cancel"]()
        status, headers, _ = await client.answer()
        assert (status, waited(headers)) == (499, 'reason="m had to be loaded"')


async def test_wait_beyond_the_bound_of_the_queue():
    upstream = Answerer(silent)
    await upstream.start()
    models = [model("a", port=upstream.port), model("b", port=upstream.port, queue_timeout_s=1)]
    async with house(*models, upstreams=[upstream]) as opened:
        busy = await opened.client()
        busy.send(http("POST", CHAT, b'{"model":"a"}', content_type="application/json"))
        await until(lambda: upstream.received, "a is busy")
        status, headers, body = await opened.post(CHAT, {"model": "b"})
        assert (status, waited(headers)) == (503, 'reason="a was answering 1 request"')
        assert json.loads(body)["error"]["message"].startswith("waited too long: 1 s for b: a is answering 1 request")
        assert int(headers["retry-after"]) >= 1
        busy.writer.close()


# -- large bodies


async def test_body_beyond_memory_is_spooled_searched_and_patched(tmp_path):
    filler = b"x" * (9 * 1024 * 1024)
    body = b'{"a":{"model":"no"},"image":"' + filler + b'", "model" : "em" ,"b":1.50}'
    async with one_model(aliases=("em",), use_model_name="up", settings={"spool_folder": tmp_path}) as (
        house,
        upstream,
    ):
        status, _, _ = await house.ask("POST", CHAT, body, content_type="application/json")
        assert status == 200
        assert upstream.received[0].body == body.replace(b'"em"', b'"up"')
        assert house.seen[0].body is None


async def test_large_file_passes_a_form_byte_for_byte(tmp_path):
    file = bytes(range(256)) * 50_000
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    tail = b'\r\n--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--B--\r\n'
    body = head + file + tail
    async with one_model(settings={"spool_folder": tmp_path}) as (house, upstream):
        status, _, _ = await house.ask(
            "POST", "/v1/audio/transcriptions", body, content_type="multipart/form-data; boundary=B"
        )
        assert status == 200
        assert upstream.received[0].body == body


async def test_upload_to_a_slow_reader_is_held_back(tmp_path):
    go_on = asyncio.Event()

    async def script(_request, _writer, reader):
        await go_on.wait()
        await reader.readexactly(50_000_000)
        return answer(b"ok")

    async with one_model(script, reads_body=False, settings={"spool_folder": tmp_path}) as (house, upstream):
        client = await house.client()
        client.send(b"POST /upstream/m/up HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n")
        await until(lambda: upstream.received, "the model has got the head")
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 50_000_000:
                client.send(b"x" * 1_000_000)
                sent += 1_000_000
                async with asyncio.timeout(0.3):
                    await client.writer.drain()
        assert sent < 40_000_000
        go_on.set()
        client.send(b"x" * (50_000_000 - sent))
        assert (await client.answer())[2] == b"ok"


@pytest.mark.parametrize("target", [CHAT, "/upstream/m/v1/chat/completions"])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_request_that_arrives_in_small_pieces(target, connection):
    body = b'{"model":"m","messages":[]}'
    async with one_model() as (house, upstream):
        client = await house.client()
        message = http("POST", target, body, content_type="application/json", connection=connection)
        for at in range(0, len(message), 9):
            client.send(message[at : at + 9])
            await client.writer.drain()
            await asyncio.sleep(0)
        status, headers, _ = await client.answer()
        assert (status, headers.get("connection")) == (200, "close" if connection == "close" else None)
        assert upstream.received[0].body == body
