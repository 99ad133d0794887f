"""The specification's list of routes, the table in code and the handlers: all three agree (sections 2 and 31)."""

import pytest

from llamaswap_desktop.http1 import ROUTES, Group, MethodNotAllowed, NotFound, Redirect, Route, RouteTable
from tests.web.served import served

TABLE = RouteTable()

JSON_MODEL_ROUTES = [
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/embeddings",
    "/rerank",
    "/reranking",
    "/v1/rerank",
    "/v1/reranking",
    "/infill",
    "/completion",
    "/v1/audio/speech",
    "/v1/audio/voices",
    "/v1/images/generations",
    "/sdapi/v1/txt2img",
    "/sdapi/v1/img2img",
    "/audioapi/v1/tasks/run",
    "/v/chat/completions",
    "/v/responses",
    "/v/completions",
    "/v/messages",
    "/v/messages/count_tokens",
    "/v/embeddings",
    "/v/rerank",
    "/v/reranking",
]

SPECIFIED = [
    *(("POST", path, Group.MODEL) for path in JSON_MODEL_ROUTES),
    ("POST", "/v1/audio/transcriptions", Group.MODEL),
    ("POST", "/v1/images/edits", Group.MODEL),
    ("GET", "/v1/audio/voices", Group.MODEL),
    ("GET", "/sdapi/v1/loras", Group.MODEL),
    ("GET", "/props", Group.MODEL),
    ("GET", "/v1/models", Group.API),
    ("GET", "/models", Group.API),
    ("GET", "/running", Group.API),
    ("GET", "/unload", Group.API),
    ("POST", "/api/models/unload", Group.API),
    ("POST", "/api/models/unload/org/model", Group.API),
    ("GET", "/api/profiles", Group.API),
    ("PUT", "/api/profiles/active", Group.API),
    ("POST", "/api/inflight/7/cancel", Group.API),
    ("GET", "/api/events", Group.API),
    ("GET", "/api/metrics/activity", Group.API),
    ("GET", "/api/metrics/stats", Group.API),
    ("GET", "/api/captures/7", Group.API),
    ("GET", "/api/performance", Group.API),
    ("GET", "/api/version", Group.API),
    ("GET", "/api/hardware", Group.API),
    ("GET", "/metrics", Group.API),
    ("GET", "/logs", Group.API),
    ("GET", "/logs/stream", Group.API),
    ("GET", "/logs/stream/org/model", Group.API),
    ("GET", "/health", Group.OPEN),
    ("GET", "/wol-health", Group.OPEN),
    ("GET", "/", Group.OPEN),
    ("GET", "/ui", Group.OPEN),
    ("GET", "/favicon.ico", Group.OPEN),
    ("GET", "/ui/models", Group.API),
    ("GET", "/upstream", Group.OPEN),
    *((method, "/upstream", Group.OPEN) for method in ("POST", "PUT", "DELETE")),
    *((method, "/upstream/org/model/x", Group.UPSTREAM) for method in ("GET", "POST", "DELETE", "PROPFIND")),
    *((method, "/comfyui", Group.API) for method in ("GET", "POST", "DELETE")),
    *((method, "/comfyui/x", Group.COMFY) for method in ("GET", "POST", "DELETE", "PROPFIND")),
]
"""Section 2, with an example in the place of each placeholder."""

SPECIFIED_OF_OURS = [
    ("GET", "state"),
    ("GET", "events"),
    ("POST", "commands/load"),
    ("GET", "config"),
    ("PUT", "config"),
    ("POST", "config/validate"),
    ("POST", "config/diff"),
    ("GET", "config/backups"),
    ("POST", "config/backups/7/restore"),
    ("POST", "diagnose"),
]
"""Section 31, below ``/api/desktop/``; ``settings`` arrives with the settings themselves."""


def found(method, path) -> Route:
    match = TABLE.match(method, path)
    assert isinstance(match, Route), f"{method} {path}: {match}"
    return match


@pytest.mark.parametrize(("method", "path", "group"), SPECIFIED)
def test_specified_route_is_in_the_table(method, path, group):
    assert found(method, path).group is group


@pytest.mark.parametrize(("method", "path"), SPECIFIED_OF_OURS)
def test_specified_route_of_ours_is_in_the_table(method, path):
    route = found(method, f"/api/desktop/{path}")
    assert route.group is Group.API
    assert route.is_admin is (path not in {"state", "events"})


def test_table_has_nothing_else():
    specified = {found(method, path) for method, path, _ in SPECIFIED}
    specified |= {found(method, f"/api/desktop/{path}") for method, path in SPECIFIED_OF_OURS}
    assert set(ROUTES) - specified == set()


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
        "/api/desktop/settings", "/api/desktop/nope", "/health/", "/logs/",
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
