"""The route table (HTTP specification, sections 1 and 2)."""

import pytest

from llamaswap_desktop.http1 import ROUTES, MethodNotAllowed, NotFound, Redirect, Route, RouteTable

TABLE = RouteTable()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_found(route):
    assert TABLE.match(route.method, route.path.replace("{rest}", "a/b")) is route


def test_head_finds_the_get_route():
    found = TABLE.match("HEAD", "/health")
    assert isinstance(found, Route)
    assert found.path == "/health"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("POST", "/health", "GET, HEAD"),
        ("GET", "/api/models/unload/m", "POST"),
    ],
)
def test_wrong_method_names_the_right_ones(method, path, allow):
    assert TABLE.match(method, path) == MethodNotAllowed(allow)


@pytest.mark.parametrize(
    "path", ["/nope", "/health/", "/v1/models/m", "/completions", "/chat/completions", "/api/metrics", "/V1/models"]
)
def test_unknown_paths(path):
    assert isinstance(TABLE.match("GET", path), NotFound)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("//v1/models", "/v1/models"),
        ("/v1//models", "/v1/models"),
        ("/v1/./models", "/v1/models"),
        ("/x/../v1/models", "/v1/models"),
        ("/../../health", "/health"),
        ("/v1/models/..", "/v1/"),
    ],
)
def test_unclean_paths_are_redirected(path, clean):
    assert TABLE.match("GET", path) == Redirect(307, clean)


def test_encoded_separators_are_left_alone():
    assert isinstance(TABLE.match("GET", "/v1%2F%2Fmodels"), NotFound)


SPECIFIED = """
POST /v1/chat/completions model
POST /v1/completions model
POST /v1/responses model
POST /v1/messages model
POST /v1/messages/count_tokens model
POST /v1/embeddings model
POST /rerank model
POST /reranking model
POST /v1/rerank model
POST /v1/reranking model
POST /infill model
POST /completion model
POST /v1/audio/speech model
POST /v1/audio/voices model
POST /v1/images/generations model
POST /sdapi/v1/txt2img model
POST /sdapi/v1/img2img model
POST /audioapi/v1/tasks/run model -> /v1/tasks/run
POST /v/chat/completions model -> /chat/completions
POST /v/responses model -> /responses
POST /v/completions model -> /completions
POST /v/messages model -> /messages
POST /v/messages/count_tokens model -> /messages/count_tokens
POST /v/embeddings model -> /embeddings
POST /v/rerank model -> /rerank
POST /v/reranking model -> /reranking
POST /v1/audio/transcriptions model
POST /v1/images/edits model
GET /v1/audio/voices model
GET /sdapi/v1/loras model
GET /props model
GET /v1/models api
GET /models api
GET /running api
GET /unload api
POST /api/models/unload api
POST /api/models/unload/{rest} api
GET /api/profiles api
PUT /api/profiles/active api
POST /api/inflight/{rest} api
GET /api/events api
GET /api/metrics/activity api
GET /api/metrics/stats api
GET /api/captures/{rest} api
GET /api/performance api
GET /api/version api
GET /api/hardware api
GET /metrics api
GET /logs api
GET /logs/stream api
GET /logs/stream/{rest} api
GET /health open
GET /wol-health open
GET / open
GET /favicon.ico open
GET /ui open
GET /ui/{rest} api
GET /upstream open
* /upstream open
* /upstream/{rest} upstream
GET /comfyui api
* /comfyui api
* /comfyui/{rest} comfy
GET /api/desktop/state api
GET /api/desktop/events api
GET /api/desktop/plans api
POST /api/desktop/commands/{rest} api
GET /api/desktop/config api
PUT /api/desktop/config api
POST /api/desktop/config/validate api
POST /api/desktop/config/diff api
GET /api/desktop/config/backups api
POST /api/desktop/config/backups/{rest} api
GET /api/desktop/settings api
PUT /api/desktop/settings api
POST /api/desktop/diagnose api
"""
"""The HTTP specification's sections 2, 2.1 and 31, and the dry run of the runtime's section 14.14."""

ADDED = """
GET /api/desktop/loads api
GET /api/desktop/config/effective api
GET /api/desktop/config/schema api
POST /api/desktop/config/models api
POST /api/desktop/config/edit api
GET /api/desktop/config/backups/{rest} api
"""
"""What ``docs/api.md`` has beyond it."""


def test_table_and_specification_agree():
    lines = [
        f"{route.method} {route.path} {route.group}" + (f" -> {route.forwarded}" if route.forwarded else "")
        for route in ROUTES
    ]
    assert sorted(lines) == sorted(line for line in (SPECIFIED + ADDED).split("\n") if line)


def test_any_method_of_a_pass_through():
    for method in ("GET", "HEAD", "DELETE", "PATCH", "TRACE"):
        found = TABLE.match(method, "/upstream/m/x")
        assert isinstance(found, Route)
        assert found.group == "upstream"


@pytest.mark.parametrize(
    ("method", "path", "is_one"),
    [
        ("POST", "/v1/chat/completions", True),
        ("HEAD", "/props", True),
        ("GET", "/v1/chat/completions", False),
        ("POST", "/health", False),
        ("POST", "/upstream/m/v1/chat/completions", False),
    ],
)
def test_what_counts_as_a_model_route_below_a_model(method, path, is_one):
    assert (TABLE.model_route(method, path) is not None) is is_one
