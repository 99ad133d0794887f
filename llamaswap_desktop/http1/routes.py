"""The one route table: routing, authentication, the rules about web pages and the tests of all are derived from it.

A path is matched as it was sent.  ``{rest}`` at the end of a path stands for anything, slashes included; ``*`` as
method for any method.  Source: HTTP specification, sections 2, 3.1 and 31.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What happens to a request before and after its route is found (section 2.2)."""

    OPEN = "open"
    API = "api"
    MODEL = "model"
    UPSTREAM = "upstream"
    COMFY = "comfy"


class Guard(StrEnum):
    """Which of the rules about web pages hold for a route (section 3.1)."""

    NONE = "none"
    HOST = "host"
    """``Host`` must be a name of this machine."""

    HOST_AND_ORIGIN = "host and origin"
    """And a foreign page may not ask for it: the route changes something."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The path lives elsewhere; ``status`` says for how long."""

    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    ``forwarded`` is the path an upstream sees where it differs; ``redirect`` is the whole answer where there is one;
    ``is_admin`` asks for an admin key where there are any.
    """

    method: str
    path: str
    group: Group
    forwarded: str = ""
    redirect: Redirect | None = None
    guard: Guard = Guard.NONE
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The path exists, the method does not; ``allow`` is the value of the ``Allow`` header."""

    allow: str


class NotFound:
    """No such path."""


Match = Route | Redirect | MethodNotAllowed | NotFound

ANY = "*"


def _inference(*paths: str) -> tuple[Route, ...]:
    return tuple(Route("POST", path, Group.MODEL) for path in paths)


def _cut(prefix: str, *paths: str) -> tuple[Route, ...]:
    return tuple(Route("POST", prefix + path, Group.MODEL, forwarded=path) for path in paths)


def _control(method: str, path: str, *, changes: bool | None = None) -> Route:
    changes = method != "GET" if changes is None else changes
    return Route(method, path, Group.API, guard=Guard.HOST_AND_ORIGIN if changes else Guard.HOST)


def _desktop(method: str, path: str) -> Route:
    guard = Guard.HOST if method == "GET" else Guard.HOST_AND_ORIGIN
    is_admin = path not in {"state", "events", "loads"}
    return Route(method, f"/api/desktop/{path}", Group.API, guard=guard, is_admin=is_admin)


ROUTES = (
    *_inference(
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
        "/v1/audio/transcriptions",
        "/v1/images/edits",
    ),
    *_cut("/audioapi", "/v1/tasks/run"),
    *_cut(
        "/v",
        "/chat/completions",
        "/responses",
        "/completions",
        "/messages",
        "/messages/count_tokens",
        "/embeddings",
        "/rerank",
        "/reranking",
    ),
    Route("GET", "/v1/audio/voices", Group.MODEL),
    Route("GET", "/sdapi/v1/loras", Group.MODEL),
    Route("GET", "/props", Group.MODEL),
    Route("GET", "/v1/models", Group.API),
    Route("GET", "/models", Group.API),
    _control("GET", "/running"),
    _control("GET", "/unload", changes=True),
    _control("POST", "/api/models/unload"),
    _control("POST", "/api/models/unload/{rest}"),
    _control("GET", "/api/profiles"),
    _control("PUT", "/api/profiles/active"),
    _control("POST", "/api/inflight/{rest}"),
    _control("GET", "/api/events"),
    _control("GET", "/api/metrics/activity"),
    _control("GET", "/api/metrics/stats"),
    _control("GET", "/api/captures/{rest}"),
    _control("GET", "/api/performance"),
    _control("GET", "/api/version"),
    _control("GET", "/api/hardware"),
    _control("GET", "/metrics"),
    _control("GET", "/logs"),
    _control("GET", "/logs/stream"),
    _control("GET", "/logs/stream/{rest}"),
    _control("GET", "/ui/{rest}"),
    Route("GET", "/health", Group.OPEN),
    Route("GET", "/wol-health", Group.OPEN),
    Route("GET", "/favicon.ico", Group.OPEN),
    Route("GET", "/", Group.OPEN, redirect=Redirect(302, "/ui"), guard=Guard.HOST),
    Route("GET", "/ui", Group.OPEN, redirect=Redirect(307, "/ui/"), guard=Guard.HOST),
    Route("GET", "/upstream", Group.OPEN, redirect=Redirect(302, "/ui/models")),
    Route(ANY, "/upstream", Group.OPEN, redirect=Redirect(307, "/upstream/")),
    Route(ANY, "/upstream/{rest}", Group.UPSTREAM),
    Route("GET", "/comfyui", Group.API, redirect=Redirect(301, "/comfyui/")),
    Route(ANY, "/comfyui", Group.API, redirect=Redirect(308, "/comfyui/")),
    Route(ANY, "/comfyui/{rest}", Group.COMFY),
    _desktop("GET", "state"),
    _desktop("GET", "events"),
    _desktop("GET", "plans"),
    _desktop("POST", "commands/{rest}"),
    _desktop("GET", "loads"),
    _desktop("GET", "config"),
    _desktop("PUT", "config"),
    _desktop("POST", "config/validate"),
    _desktop("POST", "config/diff"),
    _desktop("GET", "config/effective"),
    _desktop("GET", "config/schema"),
    _desktop("POST", "config/models"),
    _desktop("POST", "config/edit"),
    _desktop("GET", "config/backups"),
    _desktop("GET", "config/backups/{rest}"),
    _desktop("POST", "config/backups/{rest}"),
    _desktop("GET", "settings"),
    _desktop("PUT", "settings"),
    _desktop("POST", "diagnose"),
)

_UNCLEAN = re.compile(r"//|/\.{1,2}(?:/|$)")
_REST = "{rest}"


class RouteTable:
    """Finds the route of a request in constant time for exact paths."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._prefixes: dict[str, dict[str, Route]] = {}
        for route in routes:
            is_prefix = route.path.endswith(_REST)
            table = self._prefixes if is_prefix else self._exact
            table.setdefault(route.path.removesuffix(_REST), {})[route.method] = route

    def match(self, method: str, path: str) -> Match:
        """Return the route for ``method`` and ``path``, or what to answer instead."""
        methods = self._exact.get(path)
        if methods is None:
            return self._match_other(method, path)
        return _choose(methods, method)

    def _match_other(self, method: str, path: str) -> Match:
        if _UNCLEAN.search(path):
            return Redirect(307, clean_path(path))
        for prefix, methods in self._prefixes.items():
            if path.startswith(prefix):
                return _choose(methods, method)
        return NotFound()

    def model_route(self, method: str, path: str) -> Route | None:
        """Return the model route that ``method`` and ``path`` are, if they are one (``/upstream``, section 16)."""
        route = _of(self._exact.get(path, {}), method)
        return route if route is not None and route.group is Group.MODEL else None


def _of(methods: dict[str, Route], method: str) -> Route | None:
    return methods.get("GET" if method == "HEAD" else method) or methods.get(ANY)


def _choose(methods: dict[str, Route], method: str) -> Match:
    route = _of(methods, method)
    if route is None:
        names = [f"{name}, HEAD" if name == "GET" else name for name in sorted(methods)]
        return MethodNotAllowed(", ".join(names))
    return route


def clean_path(path: str) -> str:
    """Resolve ``//``, ``/./`` and ``/../`` the way a file system does; a trailing slash stays."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    trailing = "/" if kept and segments[-1] in {"", ".", ".."} else ""
    return "/" + "/".join(kept) + trailing
