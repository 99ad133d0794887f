"""The loading feed: its texts and pace on a clock that the test moves, its stream over real sockets (section 12)."""

import asyncio
import json
import random

import pytest

from llamaswap_desktop.config import Desktop
from llamaswap_desktop.proxy.loading import REMARKS, LoadingFeed
from tests.core.fakes import model
from tests.proxy.house import Answerer, answer, chunked, house, http, one_model, says
from tests.waiting import until


class Clock:
    """Time that passes when the test says so; ``call_later`` is kept to."""

    def __init__(self):
        self.now = 100.0
        self.timers = []

    def __call__(self):
        return self.now

    def call_later(self, delay_s, act):
        timer = Timer(self.now + delay_s, act)
        self.timers.append(timer)
        return timer

    def advance(self, seconds):
        end = self.now + seconds
        while due := sorted((t for t in self.timers if t.at <= end), key=lambda t: t.at):
            self.timers.remove(due[0])
            self.now = due[0].at
            due[0].act()
        self.now = end


class Timer:
    def __init__(self, at, act):
        self.at, self.act = at, act

    def cancel(self):
        self.act = lambda: None


class Shown:
    """A feed with what it has written."""

    def __init__(self):
        self.clock = Clock()
        self.place = None
        self.events = []
        self.feed = LoadingFeed(
            "m",
            write=self.events.append,
            position=lambda: self.place,
            call_later=self.clock.call_later,
            clock=self.clock,
            chance=random.Random(1),
        )

    @property
    def pieces(self):
        return [
            json.loads(line.removeprefix(b"data: "))["choices"][0]["delta"]["reasoning_content"]
            for event in self.events
            for line in event.split(b"\n\n")[:-1]
        ]

    @property
    def text(self):
        return "".join(self.pieces)


OPENING = "━━━━━\nllama-swap loading model: m\n"


def test_opening_comes_in_pieces_at_a_readable_speed():
    shown = Shown()
    shown.feed.begin()
    assert shown.pieces == ["━━━━━"]
    shown.clock.advance(0.19)
    assert shown.pieces == ["━━━━━"]
    shown.clock.advance(0.02)
    assert shown.pieces[:2] == ["━━━━━", "\n"]
    shown.clock.advance(0.5)
    assert shown.text == OPENING
    assert all(len(piece) <= 5 for piece in shown.pieces)


def test_event_holds_a_piece_of_reasoning_and_nothing_else():
    shown = Shown()
    shown.feed.begin()
    assert shown.events[0] == 'data: {"choices":[{"delta":{"reasoning_content":"━━━━━"}}]}\n\n'.encode()


def test_first_tick_shows_a_remark_then_dots_until_the_next_is_due():
    shown = Shown()
    shown.feed.begin()
    shown.clock.advance(4.0)
    told = shown.text.removeprefix(OPENING)
    remark, _, dots = told.removeprefix("\n").rpartition(" ")
    assert remark in REMARKS
    assert set(dots) == {"."}
    shown.clock.advance(8.0)
    assert sum(shown.text.count(f"\n{remark} ") for remark in REMARKS) == 2


def test_new_place_in_the_queue_goes_before_remarks_and_is_shown_once():
    shown = Shown()
    shown.place = 3
    shown.feed.begin()
    shown.clock.advance(0.76)
    shown.place = 2
    shown.clock.advance(0.1)
    shown.place = 1
    shown.clock.advance(3.0)
    assert shown.text.count("\nQueue position: #3 ") == 1
    assert shown.text.count("\nQueue position: #1 ") == 1
    assert "#2" not in shown.text, "only the latest is shown"


def test_closing_cuts_what_is_left_and_says_how_long_it_took():
    shown = Shown()
    shown.feed.begin()
    shown.clock.advance(1.5)
    before = shown.text
    shown.feed.close()
    assert shown.text.removeprefix(before) == "\nDone! (1.50s)\n━━━━━\n \n"
    shown.clock.advance(10)
    assert shown.text.endswith("\n \n")


def test_stopped_feed_says_nothing_more():
    shown = Shown()
    shown.feed.begin()
    shown.feed.stop()
    shown.clock.advance(10)
    assert shown.pieces == ["━━━━━"]


# -- over sockets


STREAM = http("POST", "/v1/chat/completions", b'{"model":"m","stream":true}', content_type="application/json")
SSE = chunked(b"data: 1\n\n", b"data: [DONE]\n\n")


async def loading_stream(house, request=STREAM):
    house.process("m").holds = True
    client = await house.client()
    client.send(request)
    head = await client.reader.readuntil(b"\r\n\r\n")
    return client, head


async def test_answer_follows_in_the_stream():
    async with one_model(says(SSE), send_loading_state=True) as (house, upstream):
        client, head = await loading_stream(house)
        lines = head.lower().split(b"\r\n")
        assert lines[0] == b"http/1.1 200 ok"
        assert {b"content-type: text/event-stream", b"cache-control: no-cache", b"connection: keep-alive"} <= set(lines)
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        assert rest.index(b"Done!") < rest.index(b"data: 1\n\n") < rest.index(b"data: [DONE]")
        assert rest.count(b"HTTP/1.1") == 0
        assert b"x-llamaswap-waited" not in rest.lower()
        assert upstream.received[0].header("accept-encoding") is None
        await house.at_rest()
        assert house.seen[0].status == 200
        assert house.seen[0].sent_bytes.startswith(b'data: {"choices":[{"delta":{"reasoning_content"')
        assert house.seen[0].sent_bytes.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    "said",
    [
        answer(b'{"error":{"message":"too long","code":"ctx"}}', status="400 Bad Request"),
        answer(b"oops", status="500 X"),
    ],
    ids=["json", "text"],
)
async def test_answer_other_than_200_becomes_an_error_event(said):
    async with one_model(says(said), send_loading_state=True) as (house, _):
        client, _ = await loading_stream(house)
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        event = json.loads(rest.split(b"data: ")[-1].partition(b"\n\n")[0])
        if b"too long" in said:
            assert (event["error"]["message"], event["error"]["code"]) == ("too long", "ctx")
        else:
            assert event["error"]["message"] == "upstream error: the upstream answered 500 where a stream was expected"
        await house.at_rest()
        assert house.seen[0].error


async def test_failed_start_becomes_an_error_event_without_a_closing_part():
    async with one_model(send_loading_state=True) as (house, _):
        client, _ = await loading_stream(house)
        house.process("m").fails = "the reason"
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        assert b'data: {"error":{"message":"unspecific error: the reason"' in rest
        assert b"Done!" not in rest


@pytest.mark.parametrize(
    ("path", "body", "settings"),
    [
        ("/v1/chat/completions", b'{"model":"m"}', {"send_loading_state": True}),
        ("/v1/chat/completions", b'{"model":"m","stream":true}', {}),
        ("/v/chat/completions", b'{"model":"m","stream":true}', {"send_loading_state": True}),
        ("/v1/completions", b'{"model":"m","stream":true}', {"send_loading_state": True}),
        ("/upstream/m/v1/chat/completions", b'{"model":"m","stream":true}', {"send_loading_state": True}),
    ],
)
async def test_nothing_is_shown_to_those_who_did_not_ask(path, body, settings):
    async with one_model(says(SSE), **settings) as (house, _):
        house.process("m").holds = True
        client = await house.client()
        client.send(http("POST", path, body, content_type="application/json"))
        await until(lambda: house.process("m").starts, "the model is loading")
        house.process("m").go_on()
        assert (await client.answer())[2] == b"data: 1\n\ndata: [DONE]\n\n"


async def test_ready_model_shows_no_loading():
    async with one_model(says(SSE), send_loading_state=True) as (house, _):
        await house.ask("GET", "/props?model=m")
        client = await house.client()
        client.send(STREAM)
        assert (await client.answer())[2] == b"data: 1\n\ndata: [DONE]\n\n"


async def test_client_that_reads_nothing_of_its_feed_holds_nobody_up():
    async with one_model(says(SSE), send_loading_state=True) as (house, _):
        house.process("m").holds = True
        stuck, other = await house.client(), await house.client()
        stuck.writer.transport.pause_reading()
        for client in (stuck, other):
            client.send(STREAM)
        await until(lambda: house.core.snapshot().models[0].waiting == 2, "both wait")
        house.process("m").go_on()
        assert (await other.answer())[2].endswith(b"data: 1\n\ndata: [DONE]\n\n")
        await house.at_rest()


async def test_queued_client_is_told_its_place():
    busy, idle = Answerer(says(SSE)), Answerer(says(SSE))
    await busy.start()
    await idle.start()
    models = [model("a", port=busy.port), model("m", port=idle.port, send_loading_state=True)]
    async with house(*models, upstreams=[busy, idle]) as opened:
        opened.process("a").holds = True
        holder = await opened.client()
        holder.send(STREAM.replace(b'"m"', b'"a"'))
        await until(lambda: opened.process("a").starts, "a is loading")
        client = await opened.client()
        client.send(STREAM)
        text = await client.reader.readuntil(b'" #1"')
        assert b"Done!" not in text
        opened.process("a").go_on()
        await client.reader.readuntil(b"[DONE]")


# -- keep-alive comments (section 12.1)


QUICK = {"desktop": Desktop(keep_alive_after_s=0.05)}
COMMENT = b": keep-alive\n\n"


@pytest.mark.interpreted
@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/completions", "/v1/messages", "/infill", "/v/responses", "/v/messages"]
)
async def test_comments_are_sent_while_a_stream_waits_and_the_answer_follows(path):
    async with one_model(says(SSE), fields=QUICK) as (house, _):
        client, head = await loading_stream(house, http("POST", path, STREAM[-27:], content_type="application/json"))
        assert b"content-type: text/event-stream" in head.lower()
        await client.reader.readuntil(COMMENT)
        await client.reader.readuntil(COMMENT)
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        assert b"data: 1\n\n" in rest


@pytest.mark.interpreted
async def test_comments_are_sent_while_a_ready_model_is_silent():

    go_on = asyncio.Event()

    async def thinks(_request, _writer, _reader):
        await go_on.wait()
        return SSE

    async with one_model(thinks, fields=QUICK) as (house, _):
        client = await house.client()
        client.send(STREAM)
        await client.reader.readuntil(COMMENT)
        go_on.set()
        assert b"data: 1\n\n" in await client.reader.readuntil(b"0\r\n\r\n")


REFUSALS = {
    "another type": answer(b'{"choices":[]}'),
    "an error": answer(b'{"error":{"message":"bad","code":"x1"}}', status="400 Bad Request"),
    "an error as text": answer(b'{"error":"bad"}', status="400 Bad Request"),
}


@pytest.mark.interpreted
@pytest.mark.parametrize("said", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
async def test_anything_but_an_event_stream_becomes_an_error_event_behind_comments(said, path):
    async with one_model(says(said), fields=QUICK) as (house, _):
        client, _ = await loading_stream(house, http("POST", path, STREAM[-27:], content_type="application/json"))
        await client.reader.readuntil(COMMENT)
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        event = rest.partition(b"\r\n")[2]
        assert (b"event: error\n" in event) is (path != "/v1/chat/completions")
        if b"bad" in said:
            assert b'"message":"bad"' in event


@pytest.mark.interpreted
async def test_dead_upstream_behind_comments_is_an_error_event_and_a_proper_end():
    async def hang_up(_request, _writer, _reader):
        raise ConnectionResetError

    async with one_model(hang_up, fields=QUICK) as (house, _):
        client, _ = await loading_stream(house)
        await client.reader.readuntil(COMMENT)
        house.process("m").go_on()
        rest = await client.reader.readuntil(b"0\r\n\r\n")
        assert b'"code":"bad_gateway"' in rest


@pytest.mark.interpreted
@pytest.mark.parametrize(
    ("request_bytes", "fields"),
    [
        (http("POST", "/v1/embeddings", STREAM[-27:], content_type="application/json"), QUICK),
        (http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"), QUICK),
        (http("POST", "/upstream/m/v1/chat/completions", STREAM[-27:], content_type="application/json"), QUICK),
        (STREAM, {"desktop": Desktop(keep_alive_after_s=0)}),
    ],
    ids=["other route", "no stream", "upstream", "switched off"],
)
async def test_nobody_else_gets_comments(request_bytes, fields):

    async def thinks(_request, _writer, _reader):
        await asyncio.sleep(0.15)
        return SSE

    async with one_model(thinks, fields=fields) as (house, _):
        client = await house.client()
        client.send(request_bytes)
        assert (await client.answer())[2] == b"data: 1\n\ndata: [DONE]\n\n"
