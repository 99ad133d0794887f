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


@pytest.mark.parametrize("path", ["/nope", "/health/", "/v1/models/m", "/completions", "/V1/models"])
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
