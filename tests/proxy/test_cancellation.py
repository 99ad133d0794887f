"""Leaving and cancelling in every state that holds something.

Each house checks at its end that no lease, no place in a queue and no connection is left, and that every observation
has ended exactly once.  Source: HTTP specification, section 10.6.
"""

import asyncio
import contextlib
import functools
import json

import pytest

from llamaswap_desktop.config import Desktop, Peer, PeerId, Selector, SelectorId, Strategy
from tests.proxy.house import Answerer, answer, chunked, house, http, model, one_model, silent
from tests.waiting import until

JSON = {"content_type": "application/json"}
CHAT = http("POST", "/v1/chat/completions", b'{"model":"m"}', **JSON)
STREAM = http("POST", "/v1/chat/completions", b'{"model":"m","stream":true}', **JSON)


async def begins_stream(_request, writer, reader):
    """A script that begins an event stream and goes on until its connection ends."""
    writer.write(chunked(b"data: 1\n\n", end=False))
    await silent(None, writer, reader)


async def begins_json(_request, writer, reader):
    writer.write(chunked(b"{", kind="application/json", end=False))
    await silent(None, writer, reader)


@contextlib.asynccontextmanager
async def reading(house, _upstream):
    client = await house.client()
    client.send(CHAT[:-3])
    await until(lambda: "1 connections" in repr(house.server), "the connection is there")
    yield client


@contextlib.asynccontextmanager
async def loading(house, _upstream, *, request=CHAT, shown=b""):
    house.process("m").holds = True
    client = await house.client()
    client.send(request)
    await until(lambda: house.process("m").starts == 1, "the model is loading")
    if shown:
        await client.reader.readuntil(shown)
    yield client
    house.process("m").go_on()


showing_loading = functools.partial(loading, request=STREAM, shown=b"reasoning_content")
commenting = functools.partial(loading, request=STREAM, shown=b": keep-alive\n\n\r\n")


@contextlib.asynccontextmanager
async def sending(house, upstream):
    client = await house.client()
    client.send(CHAT)
    await until(lambda: upstream.received, "the model has got the request")
    yield client


@contextlib.asynccontextmanager
async def uploading(house, upstream):
    client = await house.client()
    client.send(b"POST /upstream/m/v1/audio/speech HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n")
    await until(lambda: upstream.received, "the model has got the head")
    client.send(b"x" * 4_000_000)
    yield client


@contextlib.asynccontextmanager
async def relaying(house, _upstream):
    client = await house.client()
    client.send(CHAT)
    await client.reader.readuntil(b"\r\n\r\n")
    await client.reader.readuntil(b"\r\n")
    yield client


@contextlib.asynccontextmanager
async def pipelining(house, upstream):
    client = await house.client()
    client.send(CHAT * 3)
    await until(lambda: upstream.received, "the model has got the first request")
    yield client


STATES = {
    "reading": (reading, silent, {}),
    "loading": (loading, None, {}),
    "showing the loading": (showing_loading, None, {"send_loading_state": True}),
    "commenting": (commenting, None, {"fields": {"desktop": Desktop(keep_alive_after_s=0.05)}}),
    "sending": (sending, silent, {}),
    "uploading": (uploading, silent, {"reads_body": False}),
    "relaying a stream": (relaying, begins_stream, {}),
    "relaying a body": (relaying, begins_json, {}),
    "pipelining": (pipelining, silent, {}),
}


@pytest.mark.parametrize("how", ["closes", "resets"])
@pytest.mark.parametrize(
    ("state", "script", "settings"),
    [
        pytest.param(*values, marks=pytest.mark.interpreted if name == "commenting" else (), id=name)
        for name, values in STATES.items()
    ],
)
async def test_client_that_leaves_is_forgotten_at_once(state, script, settings, how):
    async with one_model(script, **settings) as (house, upstream), state(house, upstream) as client:
        if how == "closes":
            client.writer.close()
        else:
            client.writer.transport.abort()
        await until(lambda: repr(house.server) == "<Server 0 connections>", "the server knows that the client left")
        await house.at_rest()
        await until(lambda: upstream.open == 0, "the upstream's connection is closed")


async def test_client_that_leaves_the_queue_loads_nothing():
    busy, idle = Answerer(begins_stream), Answerer()
    await busy.start()
    await idle.start()
    async with house(model("m", port=busy.port), model("n", port=idle.port), upstreams=[busy, idle]) as opened:
        holder = await opened.client()
        holder.send(CHAT)
        await holder.reader.readuntil(b"data: 1")
        queued = await opened.client()
        queued.send(CHAT.replace(b'"m"', b'"n"'))
        await until(lambda: opened.held() == 2, "the second waits")
        queued.writer.close()
        await until(lambda: opened.held() == 1, "it has left the queue")
        holder.writer.close()
        await opened.at_rest()
        assert opened.process("n").starts == 0


async def test_client_that_leaves_while_its_connection_is_being_made():
    """A peer whose TLS handshake never gets on."""
    peer_server = Answerer(silent, reads_body=False)
    await peer_server.start()
    peer = Peer(id=PeerId("far"), proxy=f"https://127.0.0.1:{peer_server.port}", models=("big",))
    async with house(model("m"), upstreams=[peer_server], peers={peer.id: peer}) as opened:
        client = await opened.client()
        client.send(CHAT.replace(b'"m"', b'"big"').replace(b"h: 13", b"h: 15"))
        await until(lambda: peer_server.open == 1, "the peer is being dialled")
        client.writer.close()
        await until(lambda: peer_server.open == 0, "the attempt is given up")


async def test_grant_that_is_on_its_way_to_a_client_that_leaves_comes_back():
    async with one_model(silent) as (house, upstream):
        house.process("m").holds = True
        client = await house.client()
        client.send(CHAT)
        await until(lambda: house.process("m").starts == 1, "the model is loading")
        connection = next(iter(house.server._connections))
        house.process("m").go_on()
        while house.core.snapshot().models[0].in_flight == 0:
            await asyncio.sleep(0)
        connection.connection_lost(None)
        await house.at_rest()
        assert not upstream.received
        connection._transport = None


async def test_client_that_leaves_while_the_failure_is_being_explained():
    async def hang_up(_request, _writer, _reader):
        raise ConnectionResetError

    async with one_model(hang_up) as (house, upstream):
        client = await house.client()
        client.send(CHAT)
        await until(lambda: upstream.received and not upstream.open, "the model has hung up")
        client.writer.close()
        await until(lambda: house.seen[0].is_over, "it is over")


async def test_selector_counts_a_client_that_left_no_more():
    spill = Selector(id=SelectorId("any"), strategy=Strategy.SPILLOVER, targets=("m",))
    async with one_model(silent, fields={"selectors": {spill.id: spill}}) as (house, upstream):
        client = await house.client()
        client.send(CHAT.replace(b'"m"', b'"any"').replace(b"h: 13", b"h: 15"))
        await until(lambda: upstream.received, "it is being answered")
        assert house.core._resolver._selectors.count(spill.id, "m") == 1
        client.writer.close()
        await house.at_rest()
        assert house.core._resolver._selectors.count(spill.id, "m") == 0


# -- cancelled by its id


def cancel(house) -> None:
    house.seen[0].about["cancel"]()


@pytest.mark.parametrize(("state", "script"), [(loading, None), (sending, silent)], ids=["waiting", "not answered yet"])
async def test_cancelled_with_nothing_sent_is_a_499(state, script):
    async with one_model(script) as (house, upstream), state(house, upstream) as client:
        cancel(house)
        status, _, said = await client.answer()
        assert status == 499
        assert json.loads(said)["error"] == {
            "message": "request cancelled",
            "type": "invalid_request_error",
            "param": None,
            "code": "request_cancelled",
        }
        await house.at_rest()
        assert (house.seen[0].status, house.seen[0].error) == (499, "request cancelled")
        cancel(house)


@pytest.mark.parametrize(
    ("state", "settings"),
    [
        (showing_loading, {"send_loading_state": True}),
        pytest.param(
            commenting, {"fields": {"desktop": Desktop(keep_alive_after_s=0.05)}}, marks=pytest.mark.interpreted
        ),
    ],
    ids=["loading stream", "comments"],
)
async def test_cancelled_in_a_stream_of_ours_is_an_error_event_and_a_proper_end(state, settings):
    async with one_model(None, **settings) as (house, upstream), state(house, upstream) as client:
        cancel(house)
        rest = await client.reader.readuntil(b"\r\n0\r\n\r\n")
        assert b'"code":"request_cancelled"' in rest
        assert b"Done!" not in rest
        assert b"[DONE]" not in rest


async def test_cancelled_in_mid_stream_is_an_error_event_and_a_cut():
    async with one_model(begins_stream) as (house, upstream), relaying(house, upstream) as client:
        await client.reader.readuntil(b"data: 1\n\n\r\n")
        cancel(house)
        rest = await client.rest()
        assert b'"code":"request_cancelled"' in rest
        assert not rest.endswith(b"0\r\n\r\n")


async def test_cancelled_in_the_middle_of_a_body_is_a_cut():
    async with one_model(begins_json) as (house, upstream), relaying(house, upstream) as client:
        cancel(house)
        assert await client.rest() == b"{\r\n"


async def test_connection_serves_on_after_a_cancel():
    async def first_silent(request, writer, reader):
        if b"slow" in request.body:
            await silent(request, writer, reader)
        return answer(b"fast")

    async with one_model(first_silent) as (house, upstream):
        client = await house.client()
        client.send(http("POST", "/v1/completions", b'{"model":"m","p":"slow"}', **JSON) + CHAT)
        await until(lambda: upstream.received, "the first is being answered")
        cancel(house)
        assert (await client.answer())[0] == 499
        assert (await client.answer())[2] == b"fast"
