"""``/upstream`` and ``/comfyui`` (HTTP specification, sections 16, 17 and 10.5)."""

import asyncio
import json

import pytest

from llamaswap_desktop.commands import SetProfile
from llamaswap_desktop.config import Compat, Desktop, Peer, PeerId, Profile, ProfileId
from llamaswap_desktop.proxy.path_forward import name_ends, rest_behind
from llamaswap_desktop.proxy.spool import MEMORY_BYTES
from llamaswap_desktop.types import ProcessState
from tests.proxy.house import Answerer, chunked, house, http, model, one_model
from tests.waiting import until


def message(said: bytes) -> str:
    return json.loads(said)["error"]["message"]


@pytest.mark.parametrize(
    ("path", "ends", "rests"),
    [
        ("m", [1], [""]),
        ("m/", [1, 2], ["/", ""]),
        ("a/b/c%2Fd", [1, 3, 5, 9], ["/b/c%2Fd", "/c%2Fd", "/d", ""]),
    ],
)
def test_where_a_name_may_end(path, ends, rests):
    assert name_ends(path) == ends
    assert [rest_behind(path, end) for end in ends] == rests


FOUND = {
    "/upstream/m/x": ("m", "/x"),
    "/upstream/m/": ("m", "/"),
    "/upstream/a/b/x": ("a/b", "/x"),
    "/upstream/a%2Fb/x": ("a/b", "/x"),
    "/upstream/a/x": ("a", "/x"),
    "/upstream/em/v1/models": ("m", "/v1/models"),
    "/upstream/m/a%2Fb%20c%25?x=1&y=%2F": ("m", "/a%2Fb%20c%25?x=1&y=%2F"),
    "/upstream/m/caf%C3%A9": ("m", "/caf%C3%A9"),
}


@pytest.mark.parametrize(("target", "found"), FOUND.items(), ids=FOUND.keys())
async def test_longest_name_wins_and_the_rest_keeps_its_escaping(target, found):
    upstreams = {name: Answerer() for name in ("m", "a", "a/b")}
    for upstream in upstreams.values():
        await upstream.start()
    models = [model("m", port=upstreams["m"].port, aliases=("em",))]
    models += [model(name, port=upstreams[name].port) for name in ("a", "a/b")]
    async with house(*models, upstreams=upstreams.values(), together=True) as opened:
        assert (await opened.ask("PATCH", target))[0] == 200
        assert [(name, each.received[0].target) for name, each in upstreams.items() if each.received] == [found]


@pytest.mark.parametrize("target", ["/upstream/nope/x", "/upstream/", "/upstream/nope", "/upstream/M/x"])
async def test_unknown_name(target):
    async with one_model() as (house, _):
        status, _, said = await house.ask("GET", target)
        assert (status, message(said)) == (404, "model not found")


@pytest.mark.parametrize(
    ("method", "target", "status", "location"),
    [
        ("GET", "/upstream/m", 301, "/upstream/m/"),
        ("HEAD", "/upstream/m?x=1", 301, "/upstream/m/?x=1"),
        ("POST", "/upstream/m?x=1", 308, "/upstream/m/?x=1"),
        ("GET", "/upstream/a%2Fb", 301, "/upstream/a%2Fb/"),
        ("GET", "/upstream", 302, "/ui/models"),
        ("POST", "/upstream", 307, "/upstream/"),
        ("GET", "/comfyui?a=1", 301, "/comfyui/?a=1"),
        ("PUT", "/comfyui", 308, "/comfyui/"),
        ("GET", "/", 302, "/ui"),
        ("GET", "/ui", 307, "/ui/"),
        ("GET", "/v1//models?x=1", 307, "/v1/models?x=1"),
    ],
)
async def test_redirects(method, target, status, location):
    async with one_model(aliases=("a/b",)) as (house, upstream):
        got, headers, _ = await house.ask(method, target)
        assert (got, headers["location"]) == (status, location)
        assert not upstream.received


@pytest.mark.parametrize("length", ["known", "chunked"])
async def test_body_and_method_pass_as_they_are(length):
    body = b'{"model":"something else"}' * 1000
    async with one_model() as (house, upstream):
        client = await house.client()
        if length == "known":
            client.send(http("PUT", "/upstream/m/files", body))
        else:
            client.send(b"PUT /upstream/m/files HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert (await client.answer())[0] == 200
        got = upstream.received[0]
        assert (got.method, got.target, got.body) == ("PUT", "/files", body)
        assert (got.header("transfer-encoding") == "chunked") is (length == "chunked")


async def test_body_passes_while_it_arrives():
    """A stream that the client goes on writing reaches the model piece by piece."""
    arrived = []

    async def script(_request, _writer, reader):
        while piece := await reader.read(1000):
            arrived.append(piece)
            if b"end" in piece:
                break
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    async with one_model(script, reads_body=False) as (house, _):
        client = await house.client()
        client.send(b"POST /upstream/m/live HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await until(lambda: b"first" in b"".join(arrived), "the first piece is there")
        client.send(b"3\r\nend\r\n0\r\n\r\n")
        assert (await client.answer())[2] == b"ok"


async def test_body_that_arrives_behind_the_answers_head_is_not_captured():
    async def script(_request, writer, reader):
        writer.write(chunked(b"data: 1\n\n", end=False))
        await reader.readuntil(b"whole")
        return b"0\r\n\r\n"

    async with one_model(script, reads_body=False) as (house, _):
        client = await house.client()
        message = http("POST", "/upstream/m/v1/chat/completions", b'{"prompt": "whole')
        client.send(message[:-5])
        await client.reader.readuntil(b"data: 1\n\n\r\n")
        client.send(message[-5:])
        await client.reader.readuntil(b"0\r\n\r\n")
        assert house.seen[0].body is None


async def test_body_beyond_memory_is_not_captured():
    async with one_model() as (house, upstream):
        body = b"x" * (MEMORY_BYTES + 1)
        assert (await house.ask("POST", "/upstream/m/v1/chat/completions", body))[0] == 200
        assert (len(upstream.received[0].body), house.seen[0].body) == (len(body), None)


async def test_asset_starts_nothing_but_a_ready_model_gives_it():
    async with one_model() as (house, upstream):
        status, _, said = await house.ask("GET", "/upstream/m/app.js?x=1")
        assert (status, message(said)) == (409, "model m is not loaded; path matches upstream.ignorePaths")
        assert house.process("m").state is ProcessState.STOPPED
        assert (await house.ask("GET", "/upstream/m/"))[0] == 200
        assert (await house.ask("GET", "/upstream/m/app.js"))[0] == 200
        assert [each.target for each in upstream.received] == ["/", "/app.js"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1"}, 200),
        ({"origin": "https://friend.example"}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({}, 200),
    ],
)
async def test_foreign_page_cannot_start_a_model_by_a_link(headers, status):
    fields = {"desktop": Desktop(allowed_origins=("https://friend.example",))}
    async with one_model(fields=fields) as (house, _):
        assert (await house.ask("GET", "/upstream/m/", **headers))[0] == status
        assert (await house.ask("POST", "/upstream/m/x", **headers))[0] == 200
        assert (await house.ask("GET", "/upstream/m/", **headers))[0] == 200, "it runs already"


async def test_only_model_routes_are_observed():
    async with one_model() as (house, _):
        await house.post("/upstream/m/v1/chat/completions", {"model": "m"}, accept_encoding="br, gzip;q=0.5")
        await house.ask("GET", "/upstream/m/props")
        await house.ask("GET", "/upstream/m/metrics")
        await house.ask("POST", "/upstream/m/other")
        await house.at_rest()
        about = [(seen.about["path"], seen.about["is_recorded"], seen.body) for seen in house.seen]
        assert about == [("/v1/chat/completions", True, b'{"model": "m"}'), ("/props", False, None)]


async def test_accept_encoding_is_reduced_where_the_answer_is_read():
    async with one_model() as (house, upstream):
        await house.post("/upstream/m/v1/chat/completions", {}, accept_encoding="br, gzip;q=0.5")
        await house.ask("GET", "/upstream/m/metrics", accept_encoding="br, gzip;q=0.5")
        assert [each.header("accept-encoding") for each in upstream.received] == ["gzip;q=0.5", "br, gzip;q=0.5"]


async def test_pin_of_the_profile_counts_in_the_path():
    profile = Profile(id=ProfileId("p"), pins={"x/y": "m", "off": ""})
    async with one_model(fields={"profiles": {profile.id: profile}}) as (house, upstream):
        house.core.execute(SetProfile("p"))
        assert (await house.ask("GET", "/upstream/x%2Fy/a%2Fb"))[0] == 200
        assert upstream.received[0].target == "/a%2Fb"
        status, _, said = await house.ask("GET", "/upstream/off/a")
        assert (status, message(said)) == (404, "model not found")


async def test_peer_behind_a_path_and_its_full_name_in_the_body():
    upstream = Answerer()
    await upstream.start()
    peer = Peer(id=PeerId("far"), proxy=f"http://127.0.0.1:{upstream.port}/base", models=("big",))
    async with house(model("m"), upstreams=[upstream], peers={peer.id: peer}) as opened:
        await opened.post("/upstream/far/big/v1/chat/completions", {"model": "far/big"})
        await opened.post("/upstream/far/big/v1/chat/completions", {"model": "other"})
        await opened.ask("GET", "/upstream/big/health?x=1")
        assert [(each.target, each.body) for each in upstream.received] == [
            ("/base/v1/chat/completions", b'{"model":"big"}'.replace(b":", b": ")),
            ("/base/v1/chat/completions", b'{"model": "other"}'),
            ("/base/health?x=1", b""),
        ]


# -- ComfyUI


async def comfy(opened_model="comfyui_auto"):
    upstream = Answerer()
    await upstream.start()
    return upstream, model(opened_model, port=upstream.port, compat=Compat(ignore_websockets=True))


async def test_comfyui_is_started_by_its_root_only():
    upstream, its_model = await comfy()
    async with house(its_model, upstreams=[upstream]) as opened:
        status, _, said = await opened.ask("GET", "/comfyui/api/x")
        assert (status, message(said)) == (409, "model comfyui_auto is not loaded; only /comfyui/ can start it")
        assert (await opened.ask("GET", "/comfyui/"))[0] == 200
        assert (await opened.ask("POST", "/comfyui/api/a%2Fb?c=1", b"hi"))[0] == 200
        assert [each.target for each in upstream.received] == ["/", "/api/a%2Fb?c=1"]
        assert upstream.received[1].body == b"hi"
        assert not opened.seen


async def test_comfyui_without_its_model():
    upstream, its_model = await comfy("other")
    async with house(its_model, upstreams=[upstream]) as opened:
        status, _, said = await opened.ask("GET", "/comfyui/")
        assert (status, message(said)) == (404, "local model comfyui_auto not found")


# -- other protocols


WEBSOCKET = {"connection": "Upgrade", "upgrade": "websocket", "sec_websocket_key": "x"}


async def echo_socket(request, writer, reader):
    """Answer an upgrade, then send back what comes, until the client says bye."""
    if request.header("upgrade") is None:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\nhello"
    )
    while data := await reader.read(1 << 16):
        writer.write(data.upper())
        await writer.drain()
        if b"bye" in data:
            raise ConnectionResetError
    raise ConnectionResetError


TUNNELS = ["/upstream/m/ws", "/props?model=m"]


@pytest.mark.parametrize("target", TUNNELS)
async def test_websocket_is_tunnelled_and_keeps_its_model_busy(target):
    async with one_model(echo_socket) as (house, upstream):
        client = await house.client()
        client.send(http("GET", target, **WEBSOCKET))
        status, headers, _ = await client.answer()
        assert (status, headers["upgrade"], headers["connection"], headers["x-a"]) == (101, "websocket", "Upgrade", "1")
        assert await client.reader.readexactly(5) == b"hello"
        assert house.held() == 1
        client.send(b"\x81\x03abc")
        assert await client.reader.readexactly(5) == b"\x81\x03ABC"
        client.send(b"bye")
        assert await client.rest() == b"BYE"
        got = upstream.received[0]
        assert (got.header("connection"), got.header("upgrade"), got.header("sec-websocket-key")) == (
            "Upgrade",
            "websocket",
            "x",
        )


async def test_client_that_leaves_a_tunnel_ends_it():
    async with one_model(echo_socket) as (house, upstream):
        client = await house.client()
        client.send(http("GET", "/upstream/m/ws", **WEBSOCKET))
        await client.answer()
        client.writer.close()
        await until(lambda: upstream.open == 0, "the upstream's end is closed")
        await house.at_rest()


async def test_megabytes_pass_a_tunnel_both_ways():
    async with one_model(echo_socket) as (house, _):
        client = await house.client()
        client.send(http("GET", "/upstream/m/ws", **WEBSOCKET))
        await client.answer()
        await client.reader.readexactly(5)
        sent = bytes(range(65, 91)) * 100_000
        client.send(sent)
        async with asyncio.timeout(10):
            assert await client.reader.readexactly(len(sent)) == sent
        client.writer.close()


async def test_refused_upgrade_is_an_answer_like_any_other_and_the_connection_goes_on():
    async with one_model() as (house, _):
        client = await house.client()
        client.send(http("GET", "/upstream/m/ws", **WEBSOCKET) + http("GET", "/upstream/m/two"))
        assert (await client.answer())[0] == 200
        assert (await client.answer())[0] == 200


async def test_upgrade_on_other_routes_is_not_heard():
    async with one_model(echo_socket) as (house, upstream):
        client = await house.client()
        body = b'{"model":"m"}'
        client.send(http("POST", "/v1/chat/completions", body, content_type="application/json", **WEBSOCKET))
        assert (await client.answer())[0] == 200
        assert (upstream.received[0].header("upgrade"), upstream.received[0].body) == (None, body)


@pytest.mark.parametrize("target", ["/upstream/comfyui_auto/ws", "/comfyui/ws", "/props?model=comfyui_auto"])
async def test_ignored_websocket_neither_starts_nor_holds_its_model(target):
    upstream = Answerer(echo_socket)
    await upstream.start()
    its_model = model("comfyui_auto", port=upstream.port, compat=Compat(ignore_websockets=True))
    async with house(its_model, upstreams=[upstream]) as opened:
        status, _, said = await opened.ask("GET", target, **WEBSOCKET)
        assert status == 409
        assert message(said) == "model comfyui_auto is not loaded; ignored websocket requests cannot start it"
        await opened.ask("GET", "/comfyui/")
        client = await opened.client()
        client.send(http("GET", target, **WEBSOCKET))
        assert (await client.answer())[0] == 101
        assert opened.held() == 0
        assert not opened.seen
        client.send(b"bye")
        assert (await client.rest()).endswith(b"BYE")
