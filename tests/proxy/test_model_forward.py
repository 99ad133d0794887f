"""Model routes: where the model is named, what it stands for, and how the body changes (sections 6 to 9)."""

import asyncio
import gzip
import json
import time

import pytest

from llamaswap_desktop.commands import SetProfile
from llamaswap_desktop.config import (
    Desktop,
    Filters,
    Peer,
    PeerId,
    Profile,
    ProfileId,
    Selector,
    SelectorId,
    Strategy,
    WakeOnLan,
)
from llamaswap_desktop.http1 import ROUTES, Group
from llamaswap_desktop.types import ProcessState
from tests.core.test_waking import Network
from tests.proxy.house import Answerer, answer, house, http, model, one_model, says
from tests.waiting import until

CHAT = "/v1/chat/completions"
MODEL_ROUTES = [route for route in ROUTES if route.group is Group.MODEL]


def multipart(**fields: str) -> bytes:
    parts = [
        f'--B0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = b'--B0\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    return file + b"\x00\r\n--B1\r\n\xff" + b"\r\n" + b"".join(parts) + b"--B0--\r\n"


FORM = "multipart/form-data; boundary=B0"


@pytest.mark.parametrize("route", MODEL_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_every_model_route_reaches_its_model_by_the_forwarded_path(route):
    async with one_model() as (house, upstream):
        if route.method == "GET":
            status, _, _ = await house.ask("GET", f"{route.path}?model=m&a=%2F")
        elif route.path in {"/v1/audio/transcriptions", "/v1/images/edits"}:
            status, _, _ = await house.ask("POST", route.path, multipart(model="m"), content_type=FORM)
        else:
            status, _, _ = await house.post(f"{route.path}?a=%2F", {"model": "m"})
        assert status == 200
        got = upstream.received[0]
        assert got.method == route.method
        assert got.target.partition("?")[0] == (route.forwarded or route.path)
        assert house.seen[0].about["path"] == (route.forwarded or route.path)
        assert house.seen[0].about["is_recorded"] is (route.method == "POST")


NAMED = {
    "json": (b'{"model":"m"}', "application/json"),
    "json with charset": (b'{"model":"m"}', "Application/JSON; charset=utf-8"),
    "json with repeats": (b'{"model":"m","model":"x"}', "application/json"),
    "json after nested": (b' {"a":{"model":"x"},"model":"m"}', "application/json"),
    "json, escaped name": (b'{"\\u006dodel":"m"}', "application/json"),
    "json that breaks off": (b'{"model":"m", and now', "application/json"),
    "form in parts": (multipart(model="m"), FORM),
    "form in parts, two models": (multipart(a="1", model="m"), FORM),
    "urlencoded": (b"a=1&model=m&b", "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize(("body", "kind"), NAMED.values(), ids=NAMED.keys())
async def test_model_is_found_and_the_body_passes_byte_for_byte(body, kind):
    async with one_model() as (house, upstream):
        status, _, _ = await house.ask("POST", "/v1/completions", body, content_type=kind)
        assert status == 200
        assert upstream.received[0].body == body
        assert house.seen[0].body == body
        assert house.seen[0].about["model"] == "m"


async def test_query_names_the_model_of_a_body_without_a_known_type():
    async with one_model() as (house, upstream):
        assert (await house.ask("POST", "/completion?model=m", b"abc"))[0] == 200
        assert upstream.received[0].target == "/completion?model=m"


UNNAMED = {
    "json without": (b"{}", "application/json"),
    "json with null": (b'{"model":null}', "application/json"),
    "json as a form": (b'{"model":"m"}', "application/x-www-form-urlencoded"),
    "json without a type": (b'{"model":"m"}', "text/plain"),
    "form without an end": (multipart(model="m")[:-8], FORM),
    "form without a boundary": (multipart(model="m"), "multipart/form-data"),
    "form whose model is a file": (
        b'--B0\r\nContent-Disposition: form-data; name="model"; filename="x"\r\n\r\nm\r\n--B0--\r\n',
        FORM,
    ),
    "nothing": (b"", "application/json"),
}


@pytest.mark.parametrize(("body", "kind"), UNNAMED.values(), ids=UNNAMED.keys())
async def test_request_that_names_no_model_leaves_no_trace(body, kind):
    async with one_model() as (house, upstream):
        status, _, said = await house.ask("POST", "/v1/chat/completions", body, content_type=kind)
        assert status == 404
        assert json.loads(said)["error"]["message"] == "no model id could be identified"
        assert not house.seen
        assert not upstream.received


async def test_compressed_request_is_not_looked_into():
    async with one_model() as (house, _):
        body = gzip.compress(b'{"model":"m"}')
        told = await house.ask("POST", CHAT, body, content_type="application/json", content_encoding="gzip")
        assert (told[0], json.loads(told[2])["error"]["message"]) == (404, "no model id could be identified")


async def test_refusals_before_the_model_is_known_leave_no_trace():
    nowhere = Selector(id=SelectorId("any"), strategy=Strategy.SPILLOVER, targets=("m",))
    async with one_model(fields={"api_keys": ("k",), "selectors": {nowhere.id: nowhere}}) as (house, upstream):
        assert (await house.post(CHAT, {"model": "m"}))[0] == 401
        assert not house.seen
        assert (await house.post(CHAT, {"model": "m"}, x_api_key="k"))[0] == 200
        house.process("m").holds_stop = asyncio.Event()
        unloading = asyncio.ensure_future(house.core.unload())
        await until(lambda: house.process("m").state is ProcessState.STOPPING, "its only target is on its way out")
        status, _, said = await house.post(CHAT, {"model": "any"}, x_api_key="k")
        message = json.loads(said)["error"]["message"]
        assert (status, message) == (503, 'selector "any" has no available spillover targets')
        house.process("m").holds_stop.set()
        await unloading
        assert len(house.seen) == len(upstream.received) == 1


async def test_get_route_without_a_model():
    async with one_model() as (house, _):
        status, _, said = await house.ask("GET", "/props")
        assert (status, json.loads(said)["error"]["message"]) == (404, "no model id could be identified")


async def test_unknown_model_is_recorded():
    async with one_model() as (house, _):
        status, _, said = await house.post("/v1/chat/completions", {"model": "nope"})
        assert (status, json.loads(said)["error"]["message"]) == (404, "no router for requested model")
        await house.at_rest()
        seen = house.seen[0]
        assert (seen.about["model"], seen.status, seen.sent_bytes) == ("nope", 404, said)


# -- aliases, profiles, selectors


async def test_alias_is_passed_on_as_it_was_written():
    async with one_model(aliases=("em",)) as (house, upstream):
        await house.post("/v1/chat/completions", {"model": "em"})
        assert upstream.received[0].json == {"model": "em"}
        assert house.seen[0].about["model"] == "m"


def pins(**targets):
    return {ProfileId("p"): Profile(id=ProfileId("p"), pins=targets)}


REWRITTEN = {
    "json": (
        http("POST", "/v1/chat/completions", b'{"a":1.0, "model" : "x","b":[]}', content_type="application/json"),
        b'{"a":1.0, "model" : "m","b":[]}',
    ),
    "form in parts": (
        http("POST", "/v1/audio/transcriptions", multipart(model="x", stream="true"), content_type=FORM),
        multipart(model="m", stream="true"),
    ),
    "urlencoded": (
        http("POST", "/completion", b"b=%2F&model=x&a=1", content_type="application/x-www-form-urlencoded"),
        b"b=%2F&model=m&a=1",
    ),
}


@pytest.mark.parametrize(("request_bytes", "body"), REWRITTEN.values(), ids=REWRITTEN.keys())
async def test_pin_replaces_the_name_in_the_request_and_nothing_else(request_bytes, body):
    async with one_model(fields={"profiles": pins(x="m")}) as (house, upstream):
        house.core.execute(SetProfile("p"))
        client = await house.client()
        client.send(request_bytes)
        assert (await client.answer())[0] == 200
        assert upstream.received[0].body == body
        assert upstream.received[0].header("content-length") == str(len(body))


async def test_pin_replaces_the_name_in_a_query_whose_keys_are_sorted_then():
    async with one_model(fields={"profiles": pins(x="m")}) as (house, upstream):
        house.core.execute(SetProfile("p"))
        await house.ask("GET", "/props?z=1&model=x&a=b%20c")
        assert upstream.received[0].target == "/props?a=b+c&model=m&z=1"


async def test_pin_to_nothing_switches_a_name_off():
    async with one_model(fields={"profiles": pins(m="")}) as (house, _):
        house.core.execute(SetProfile("p"))
        status, _, said = await house.post("/v1/chat/completions", {"model": "m"})
        assert (status, json.loads(said)["error"]["message"]) == (404, "no model id could be identified")
        assert not house.seen


async def test_selector_is_replaced_by_its_target_and_counted_until_the_end():
    spill = Selector(id=SelectorId("any"), strategy=Strategy.SPILLOVER, targets=("m",))
    async with one_model(fields={"selectors": {spill.id: spill}}) as (house, upstream):
        await house.post("/v1/chat/completions", {"model": "any"})
        assert upstream.received[0].json == {"model": "m"}
        assert house.seen[0].about["selector"] == "any"
        assert house.core._resolver._selectors.count(spill.id, "m") == 0


# -- filters


async def test_filters_in_their_order():
    filters = Filters(
        strip_params="temperature, top_p, model",
        set_params={"seed": 7, "model": "no"},
        set_params_by_id={"org/m:hot": {"seed": 9}},
    )
    async with one_model(aliases=("org/m:hot",), use_model_name="up", filters=filters) as (house, upstream):
        body = b'{"model":"org/m:hot","temperature":1,"messages":[]}'
        await house.ask("POST", "/v1/chat/completions", body, content_type="application/json")
        assert upstream.received[0].body == b'{"model":"up","messages":[],"seed":9}'
        assert house.seen[0].body == b'{"model":"up","messages":[],"seed":9}'


@pytest.mark.parametrize(
    ("filters", "body", "expected"),
    [
        ({"set_params": {"a.b.c": [1]}}, b'{"model":"m"}', b'{"model":"m","a":{"b":{"c":[1]}}}'),
        ({"set_params": {"a.1": 0}}, b'{"model":"m","a":[5, 6 ,7]}', b'{"model":"m","a":[5, 0 ,7]}'),
        ({"strip_params": "a.b"}, b'{"a":{"b":1,"c":2.50},"model":"m"}', b'{"a":{"c":2.50},"model":"m"}'),
        ({"strip_params": "a"}, b'{"a":1,"model":"m","a":2}', b'{"model":"m"}'),
        ({"set_params": {"n": 1}}, b'{"n":1e5,"model":"m","n":2}', b'{"n":1,"model":"m","n":2}'),
        (
            {"set_params": {"x": "\u00e9"}},
            b'{"model":"m","t":"\\ud800 \xff"}',
            b'{"model":"m","t":"\\ud800 \xff","x":"\xc3\xa9"}',
        ),
        ({"strip_params": "z"}, b'{ "model":"m" , "f":1.0}\n', b'{ "model":"m" , "f":1.0}\n'),
    ],
)
async def test_filter_touches_only_what_it_names(filters, body, expected):
    async with one_model(filters=Filters(**filters)) as (house, upstream):
        await house.ask("POST", "/v1/chat/completions", body, content_type="application/json")
        assert upstream.received[0].body == expected


async def test_filter_whose_key_is_no_path_is_an_error():
    async with one_model(filters=Filters(set_params={"a..b": 1})) as (house, upstream):
        status, _, said = await house.post("/v1/chat/completions", {"model": "m"})
        assert status == 500
        assert json.loads(said)["error"]["message"].startswith("error setting parameter a..b in request")
        assert not upstream.received


async def test_use_model_name_in_a_form_in_parts():
    async with one_model(use_model_name="up") as (house, upstream):
        await house.ask("POST", "/v1/images/edits", multipart(model="m"), content_type=FORM)
        assert upstream.received[0].body == multipart(model="up")


# -- peers


async def peer_house(script=None, **fields):
    upstream = Answerer(script)
    await upstream.start()
    peer = Peer(id=PeerId("far"), proxy=f"http://127.0.0.1:{upstream.port}/base/", models=("big", "a/b"), **fields)
    return upstream, {"peers": {peer.id: peer}}


async def test_peer_gets_its_own_name_its_key_and_no_trace_of_the_way():
    upstream, fields = await peer_house(api_key="its-key")
    async with house(model("m"), upstreams=[upstream], **fields) as opened:
        status, _, _ = await opened.post(
            "/v1/chat/completions?x=1",
            {"model": "far/big"},
            authorization="Bearer mine",
            x_api_key="mine",
            x_forwarded_for="9.9.9.9",
            x_forwarded_proto="https",
            forwarded="for=1.1.1.1",
        )
        assert status == 200
        got = upstream.received[0]
        assert got.target == "/base/v1/chat/completions?x=1"
        assert got.json == {"model": "big"}
        assert got.header("host") == f"127.0.0.1:{upstream.port}"
        assert (got.header("authorization"), got.header("x-api-key")) == ("Bearer its-key", "its-key")
        assert not [name for name, _ in got.headers if name.lower().startswith(("x-forwarded", "forwarded"))]
        assert opened.seen[0].about["model"] == "far/big"
        assert opened.seen[0].priority is None


async def test_peer_has_no_limit_no_queue_and_no_loading_stream():
    together = asyncio.Event()

    async def script(_request, _writer, _reader):
        if len(upstream.received) == 15:
            together.set()
        await together.wait()
        return answer()

    upstream, fields = await peer_house(script)
    async with house(model("m"), upstreams=[upstream], send_loading_state=True, **fields) as opened:
        asking = [opened.post(CHAT, {"model": "big", "stream": True}) for _ in range(15)]
        answers = await asyncio.gather(*asking)
        assert [(status, body) for status, _, body in answers] == [(200, b"{}")] * 15


async def test_bare_name_of_a_peer_s_model_passes_unchanged_with_the_client_s_key():
    upstream, fields = await peer_house(filters=Filters(set_params={"seed": 1}))
    async with house(model("m"), upstreams=[upstream], **fields) as opened:
        await opened.post("/v1/chat/completions", {"model": "a/b"}, authorization="Bearer mine")
        assert upstream.received[0].body == b'{"model": "a/b","seed":1}'
        assert upstream.received[0].header("authorization") == "Bearer mine"


async def test_query_and_form_name_a_peer_s_model_too():
    upstream, fields = await peer_house()
    async with house(model("m"), upstreams=[upstream], **fields) as opened:
        await opened.ask("GET", "/props?model=far%2Fbig")
        await opened.ask("POST", "/v1/audio/transcriptions", multipart(model="far/big"), content_type=FORM)
        assert upstream.received[0].target == "/base/props?model=big"
        assert upstream.received[1].body == multipart(model="big")


async def test_peer_that_is_down_is_explained():
    upstream, fields = await peer_house()
    upstream.stop()
    async with house(model("m"), **fields) as opened:
        status, _, said = await opened.post("/v1/chat/completions", {"model": "big"})
        assert status == 502
        assert json.loads(said)["error"]["message"].startswith("peer proxy error: cannot connect to ")
        assert json.loads(said)["error"]["code"] == "bad_gateway"


async def test_sleeping_peer_is_woken_and_its_requests_wait_and_may_leave():
    upstream, fields = await peer_house()
    wake = Desktop(wake_on_lan={PeerId("far"): WakeOnLan(mac="00:11:22:33:44:55", wait_s=5)})
    async with house(model("m"), upstreams=[upstream], desktop=wake, **fields) as opened:
        network = Network(packets=1000)
        opened.server._services.peers.waker = waker = network.waker(step_s=0.0)
        asking = [asyncio.ensure_future(opened.post("/v1/chat/completions", {"model": "big"})) for _ in range(3)]
        leaving = await opened.client()
        leaving.send(http("POST", "/v1/chat/completions", b'{"model": "big"}', content_type="application/json"))
        asked_at = time.monotonic()
        await until(lambda: len(network.looks) > 2, "the peer is asked again and again")
        await until(lambda: time.monotonic() - asked_at > 1.0, "the wait is long enough to be told")
        assert upstream.received == []
        leaving.writer.close()
        network.packets = 1
        answers = await asyncio.gather(*asking)
        assert [status for status, _, _ in answers] == [200] * 3
        assert all(
            headers["x-llamaswap-waited"].endswith('; reason="far had to be woken"') for _, headers, _ in answers
        )
        assert len(network.sent) == 1
        assert waker.is_awake("far")
        assert len(upstream.received) == 3, "who left is not asked for"


async def test_peer_that_does_not_wake_is_explained():
    upstream, fields = await peer_house()
    wake = Desktop(wake_on_lan={PeerId("far"): WakeOnLan(mac="00:11:22:33:44:55", wait_s=5)})
    async with house(model("m"), upstreams=[upstream], desktop=wake, **fields) as opened:
        opened.server._services.peers.waker = Network(packets=None).waker()
        status, _, said = await opened.post("/v1/chat/completions", {"model": "big"})
        assert status == 502
        told = json.loads(said)["error"]["message"]
        assert told == "peer proxy error: far does not answer and has not woken within 5 s"


async def test_local_name_wins_over_a_bare_one():
    upstream, fields = await peer_house(says(b"never"))
    local = Answerer()
    await local.start()
    async with house(model("big", port=local.port), upstreams=[upstream, local], **fields) as opened:
        await opened.post("/v1/chat/completions", {"model": "big"})
        assert local.received
        assert not upstream.received
