"""The front door: who answers, who is refused and in which order (HTTP specification, sections 1 to 5 and 31)."""

import asyncio
import json
import socket
import ssl

import pytest

from llamaswap_desktop.config import Desktop, Limits
from llamaswap_desktop.errors import ListenFailed
from llamaswap_desktop.http1 import ROUTES, Group, Guard, load_server_context
from tests.http1.certificate import make_certificate
from tests.http1.wire import Client
from tests.proxy.house import http, one_model, silent
from tests.waiting import until

GUARDED = [route for route in ROUTES if route.guard is not Guard.NONE]
CHANGING = [route for route in ROUTES if route.guard is Guard.HOST_AND_ORIGIN]
KEYED = [route for route in ROUTES if route.group is not Group.OPEN]
ADMIN = [route for route in ROUTES if route.is_admin]


def name_of(route):
    return f"{route.method} {route.path}"


def path_of(route):
    return route.path.replace("{rest}", "m")


def method_of(route):
    return "GET" if route.method == "*" else route.method


def message(said: bytes) -> str:
    return json.loads(said)["error"]["message"]


# -- before everything


@pytest.mark.parametrize("target", ["/", "/nope", "/v1/chat/completions", "/upstream/m/x", "*"])
async def test_options_are_answered_for_everything(target):
    async with one_model(fields={"api_keys": ("k",)}) as (house, upstream):
        status, headers, _ = await house.ask(
            "OPTIONS", target, access_control_request_headers="X-One, bad name, x-two", host="evil.example"
        )
        assert status == 204
        assert headers["access-control-allow-headers"] == "X-One, x-two"
        assert headers["access-control-allow-origin"] == "*"
        assert headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS"
        assert headers["access-control-max-age"] == "86400"
        assert not upstream.received


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("GET", "/v1/chat/completions", 405, "POST"),
        ("DELETE", "/props", 405, "GET, HEAD"),
        ("GET", "/v1/audio/voices", 404, None),
        ("PUT", "/v1/audio/voices", 405, "GET, HEAD, POST"),
        ("GET", "/nope", 404, None),
        ("GET", "/health/", 404, None),
        ("POST", "/completions", 404, None),
        ("GET", "/v1%2Fmodels", 404, None),
    ],
)
async def test_unknown_paths_and_wrong_methods_come_before_keys(method, target, status, allow):
    async with one_model(fields={"api_keys": ("k",)}) as (house, _):
        got, headers, said = await house.ask(method, target)
        if target == "/v1/audio/voices" and method == "GET":
            assert got == 401
            return
        assert (got, headers.get("allow")) == (status, allow)
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert said == (b"Method Not Allowed" if status == 405 else b"404 page not found")


# -- web pages (section 3.1)


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
async def test_control_routes_answer_to_names_of_this_machine_only(route):
    async with one_model() as (house, _):
        status, _, said = await house.ask(method_of(route), path_of(route), host="evil.example:9292")
        assert status == 403
        assert message(said).startswith("host not allowed")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9292",
        "[::1]:9292",
        "192.168.1.5",
        "localhost:1",
        "a.localhost",
        socket.gethostname(),
        "Pc.Lan",
        "10.0.0.1",
    ],
)
async def test_names_of_this_machine(host):
    async with one_model(fields={"desktop": Desktop(allowed_hosts=("pc.lan",))}) as (house, _):
        assert (await house.ask("GET", "/", host=host))[0] == 302


async def test_models_are_served_under_any_name():
    async with one_model() as (house, _):
        assert (await house.post("/v1/chat/completions", {"model": "m"}, host="any.example"))[0] == 200
        assert (await house.ask("GET", "/upstream/m/x", host="any.example"))[0] == 200
        assert (await house.ask("GET", "/upstream", host="any.example"))[0] == 302


@pytest.mark.parametrize("route", CHANGING, ids=name_of)
async def test_foreign_page_changes_nothing(route):
    async with one_model() as (house, _):
        for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}):
            status, _, said = await house.ask(method_of(route), path_of(route), **headers)
            assert status == 403
            assert message(said).startswith("cross-site request not allowed")


async def test_foreign_page_may_use_models():
    async with one_model() as (house, _):
        assert (await house.post("/v1/chat/completions", {"model": "m"}, origin="http://evil.example"))[0] == 200


# -- keys


@pytest.mark.parametrize("route", KEYED, ids=name_of)
async def test_key_is_asked_for(route):
    async with one_model(fields={"api_keys": ("k",)}) as (house, upstream):
        status, headers, said = await house.ask(method_of(route), path_of(route))
        assert (status, headers["www-authenticate"]) == (401, 'Basic realm="llama-swap"')
        assert message(said) == "unauthorized: invalid or missing API key"
        assert not upstream.received
        assert not house.seen


@pytest.mark.parametrize("target", ["/", "/ui", "/upstream"])
async def test_open_routes_need_no_key(target):
    async with one_model(fields={"api_keys": ("k",)}) as (house, _):
        assert (await house.ask("GET", target))[0] in {302, 307}


@pytest.mark.parametrize("route", ADMIN, ids=name_of)
async def test_admin_key_is_asked_for(route):
    fields = {"api_keys": ("k",), "desktop": Desktop(admin_keys=("chief",))}
    async with one_model(fields=fields) as (house, _):
        method, path = method_of(route), path_of(route)
        assert (await house.ask(method, path))[0] == 401
        status, _, said = await house.ask(method, path, x_api_key="k")
        assert (status, message(said)) == (403, "admin key required")


async def test_admin_key_is_good_wherever_an_api_key_is():
    fields = {"api_keys": ("k",), "desktop": Desktop(admin_keys=("chief",))}
    async with one_model(fields=fields, settings={"own_token": "token"}) as (house, _):
        for key in ("k", "chief", "token"):
            assert (await house.post("/v1/chat/completions", {"model": "m"}, authorization=f"Bearer {key}"))[0] == 200
        assert (await house.post("/v1/chat/completions", {"model": "m"}, authorization="Bearer x"))[0] == 401


# -- limits (section 1.3)


def limited(**limits):
    return {"desktop": Desktop(limits=Limits(**limits))}


async def test_head_over_the_limit():
    async with one_model(fields=limited(header_bytes=500)) as (house, _):
        client = await house.client()
        client.send(http("GET", "/props?model=m", x="y" * 300))
        assert (await client.answer())[0] == 200
        client.send(http("GET", "/props?model=m", x="y" * 500))
        raw = await client.rest()
        assert raw.startswith(b"HTTP/1.1 431 ")
        assert b"desktop.limits.header" in raw


@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_body_over_the_limit(framing):
    async with one_model(fields=limited(body_bytes=100)) as (house, upstream):
        client = await house.client()
        fits = b'{"model":"m","p":"' + b"x" * 50 + b'"}'
        client.send(http("POST", "/v1/completions", fits, content_type="application/json"))
        assert (await client.answer())[0] == 200
        if framing == "length":
            client.send(http("POST", "/upstream/m/x", b"x" * 101))
        else:
            client.send(b"POST /upstream/m/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"40\r\n" + b"x" * 64 + b"\r\n")
            await until(lambda: len(upstream.received) == 2, "the model has got the head")
            client.send(b"40\r\n" + b"x" * 64 + b"\r\n0\r\n\r\n")
        raw = await client.rest()
        assert raw.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in raw.lower()
        await house.at_rest()
        await until(lambda: upstream.open == (framing == "length"), "no half a request is left upstream")


async def test_head_that_takes_too_long():
    async with one_model(fields=limited(head_time_s=0.1)) as (house, _):
        client = await house.client()
        client.send(http("GET", "/props?model=m"))
        assert (await client.answer())[0] == 200
        client.send(b"GET /props HTTP/1.1\r\nHo")
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")


async def test_silent_connection_is_not_timed():
    async with one_model(fields=limited(head_time_s=0.05)) as (house, _):
        client = await house.client()
        await asyncio.sleep(0.12)
        client.send(http("GET", "/props?model=m"))
        assert (await client.answer())[0] == 200


async def test_connection_too_many():
    async with one_model(fields=limited(connections=2)) as (house, _):
        first, second = await house.client(), await house.client()
        for client in (first, second):
            client.send(http("GET", "/props?model=m"))
            assert (await client.answer())[0] == 200
        third = await house.client()
        status, headers, _ = await third.answer()
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        third.writer.close()
        first.writer.close()
        await until(lambda: repr(house.server) == "<Server 1 connections>", "there is room again")
        assert (await house.ask("GET", "/props?model=m"))[0] == 200


# -- TLS


async def test_tls_for_clients(tmp_path):
    certificate, key = make_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=certificate)
    async with one_model(tls=load_server_context(certificate, key)) as (house, _):
        reader, writer = await asyncio.open_connection(*house.address, ssl=trust, server_hostname="localhost")
        client = Client(reader, writer)
        house.clients.append(client)
        client.send(http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"))
        assert (await client.answer())[0] == 200
        client.send(http("GET", "/props?model=m"))
        assert (await client.answer())[0] == 200
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() is None


async def test_tls_files_that_cannot_be_used(tmp_path):
    with pytest.raises(ListenFailed, match=r"nope\.pem"):
        load_server_context(tmp_path / "nope.pem", tmp_path / "nope.key")


# -- the end


async def test_drain_waits_for_answers_and_then_cuts():
    async with one_model(silent) as (house, upstream):
        client = await house.client()
        client.send(http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"))
        await until(lambda: upstream.received, "it is being answered")
        idle = await house.client()
        idle.send(http("OPTIONS", "/"))
        await idle.answer()
        house.server.stop_listening()
        assert await idle.rest() == b""
        await house.server.drain(0.05)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.answer()
        client.writer.close()


async def endless(_received, writer, _reader):
    """A script that answers with more than any buffers on the way hold."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def test_drain_does_not_wait_for_a_client_that_reads_nothing():
    async with one_model(endless) as (house, _):
        client = await house.client()
        client.reader._transport.pause_reading()
        client.send(http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"))
        await until(
            lambda: any(each._transport.get_write_buffer_size() for each in house.server._connections), "it is full"
        )
        house.server.stop_listening()
        async with asyncio.timeout(10):
            await house.server.drain(60)
        client.writer.close()
