"""The table of contents: every control route has a handler, and nobody gets past its rules.

That the route table is the specification's is ``tests/http1/test_routes.py``'s business.
"""

import pytest

from llamaswap_desktop.http1 import ROUTES, Group, MethodNotAllowed, NotFound, Redirect, Route, RouteTable
from tests.web.served import served

TABLE = RouteTable()
PREFIX = "/api/desktop/"


def found(method, path) -> Route:
    match = TABLE.match(method, path)
    assert isinstance(match, Route), f"{method} {path}: {match}"
    return match


def test_routes_of_ours_are_an_admin_s_but_for_looking():
    open_to_all = {route.path for route in ROUTES if route.path.startswith(PREFIX) and not route.is_admin}
    assert open_to_all == {PREFIX + name for name in ("state", "events", "loads")}
    assert not [route for route in ROUTES if route.is_admin and not route.path.startswith(PREFIX)]


async def test_every_control_route_has_a_handler_and_the_reverse(tmp_path):
    ours = {
        (route.method, route.path)
        for route in ROUTES
        if route.group in {Group.OPEN, Group.API} and route.redirect is None
    }
    async with served(tmp_path) as it:
        assert set(it.app._api.answers) == ours


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [(method, path, 405) for method, path in (
        ("POST", "/v1/models"), ("DELETE", "/api/desktop/config"), ("GET", "/api/profiles/active"), ("PUT", "/metrics"),
    )] + [("GET", path, 404) for path in (
        "/v1/models/m", "/api/metrics", "/completions", "/chat/completions", "/api/desktop", "/api/desktop/",
        "/api/desktop/nope", "/health/", "/logs/",
    )],
)  # fmt: skip
async def test_what_is_no_route(tmp_path, method, path, status):
    async with served(tmp_path, "models: {}\napiKeys: [k]\n") as it:
        answered, headers, body = await it.ask(method, path)
        assert (answered, headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
        assert body == (b"Method Not Allowed" if status == 405 else b"404 page not found")
        assert isinstance(TABLE.match(method, path), MethodNotAllowed if status == 405 else NotFound)


async def test_every_control_route_needs_a_key_and_a_known_host(tmp_path):
    async with served(tmp_path, "models: {}\napiKeys: [k]\n") as it:
        for method, path in it.app._api.answers:
            example = path.replace("{rest}", "x")
            route = found(method, example)
            if route.group is Group.API:
                assert (await it.ask(method, example))[0] == 401, path
            if path.startswith(("/api", "/ui", "/logs", "/metrics", "/running", "/unload")):
                status, _, body = await it.ask(method, example, headers={"Host": "evil.example", "x-api-key": "k"})
                assert (status, b"host not allowed" in body) == (403, True), path


async def test_redirects(tmp_path):
    async with served(tmp_path) as it:
        for path, status, location in (("/?a=1", 302, "/ui?a=1"), ("/ui", 307, "/ui/"), ("/ui//x", 307, "/ui/x")):
            answered, headers, _ = await it.get(path)
            assert (answered, headers["Location"]) == (status, location)
        assert isinstance(TABLE.match("GET", "/ui//x"), Redirect)


async def test_key_of_a_client_opens_nothing_of_an_admin_s(tmp_path):
    keys = "apiKeys: [client]\ndesktop: {adminKeys: [admin]}\n"
    async with served(tmp_path, "models: {}\n" + keys) as it:
        for method, path in it.app._api.answers:
            route = found(method, path.replace("{rest}", "x"))
            if route.is_admin:
                status, _, body = await it.ask(method, path.replace("{rest}", "x"), headers={"x-api-key": "client"})
                assert (status, b"admin key required" in body) == (403, True), path
        for path in ("/running", "/api/desktop/state", "/api/desktop/config"):
            assert (await it.get(path, headers={"x-api-key": "admin"}))[0] == 200
        assert (await it.ask("HEAD", "/api/desktop/events", headers={"x-api-key": "client"}))[0] == 200


ODD = (
    "%",
    "%zz",
    "%ff%fe",
    "%00",
    "%F0%9F%A6%99",
    "a%0d%0ab",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "x" * 60_000,
    "{rest}",
    "'\"<b>",
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:12])
async def test_odd_paths_and_queries_are_nobody_s_mistake_but_the_client_s(tmp_path, odd):
    async with served(tmp_path) as it:
        for method, path in it.app._api.answers:
            if "stream" in path or "events" in path:
                method = "HEAD"  # noqa: PLW2901 - nobody wants to wait for the end of a stream
            example = path.replace("{rest}", odd) if "{rest}" in path else f"{path}?{odd}={odd}&model={odd}&after={odd}"
            status, _, _ = await it.ask(method, example, data=b"{}" if method in {"POST", "PUT"} else None)
            assert status < 500 or path in {"/api/performance", "/metrics"}, f"{method} {example[:60]}"
        assert b"ERROR" not in it.logs.proxy.history()


async def test_every_get_route_answers_head_with_the_same_head_and_no_body(tmp_path):
    async with served(tmp_path) as it:
        for method, path in it.app._api.answers:
            example = path.replace("{rest}", {"/logs/stream/{rest}": "proxy"}.get(path, "1"))
            if method != "GET" or path.endswith("/events") or path.startswith("/logs/stream"):
                continue  # streams have no end: theirs is looked at beside them
            status, headers, _ = await it.get(example)
            told = await it.ask("HEAD", example)
            assert (told[0], told[2]) == (status, b""), path
            assert told[1].get("Content-Type") == headers.get("Content-Type"), path


async def test_no_page_is_invited_but_to_the_lists_of_models(tmp_path):
    async with served(tmp_path) as it:
        for method, path in it.app._api.answers:
            if path.endswith("/events") or path.startswith("/logs/stream") or path == PREFIX + "commands/{rest}":
                continue
            example = path.replace("{rest}", "x")
            _, headers, _ = await it.ask(method, example, headers={"Origin": it.address})
            invited = {name for name in headers if name.lower().startswith("access-control")}
            assert invited == ({"Access-Control-Allow-Origin"} if path in {"/v1/models", "/models"} else set()), path
