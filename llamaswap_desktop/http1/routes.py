"""The one route table: routing, authentication and the tests of both are derived from it.

A path is matched as it was sent.  ``{rest}`` at the end of a path stands for anything, slashes included.
Source: HTTP specification, section 2.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What happens to a request before and after its route is found (section 2.2)."""

    OPEN = "open"
    API = "api"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.  ``forwarded`` is the path an upstream sees where it differs."""

    method: str
    path: str
    group: Group
    forwarded: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The path lives elsewhere; ``status`` says for how long."""

    status: int
    location: str


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The path exists, the method does not; ``allow`` is the value of the ``Allow`` header."""

    allow: str


class NotFound:
    """No such path."""


Match = Route | Redirect | MethodNotAllowed | NotFound


def _inference(path: str, forwarded: str = "") -> Route:
    return Route("POST", path, Group.MODEL, forwarded)


ROUTES = (
    *(
        _inference(path)
        for path in (
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
        )
    ),
    *(
        _inference(f"/v{path}", path)
        for path in (
            "/chat/completions",
            "/responses",
            "/completions",
            "/messages",
            "/messages/count_tokens",
            "/embeddings",
            "/rerank",
            "/reranking",
        )
    ),
    Route("GET", "/v1/models", Group.API),
    Route("GET", "/models", Group.API),
    Route("GET", "/running", Group.API),
    Route("GET", "/unload", Group.API),
    Route("POST", "/api/models/unload", Group.API),
    Route("POST", "/api/models/unload/{rest}", Group.API),
    Route("GET", "/api/profiles", Group.API),
    Route("PUT", "/api/profiles/active", Group.API),
    Route("POST", "/api/inflight/{rest}", Group.API),
    Route("GET", "/api/events", Group.API),
    Route("GET", "/api/metrics/activity", Group.API),
    Route("GET", "/api/metrics/stats", Group.API),
    Route("GET", "/api/captures/{rest}", Group.API),
    Route("GET", "/api/performance", Group.API),
    Route("GET", "/api/version", Group.API),
    Route("GET", "/api/hardware", Group.API),
    Route("GET", "/metrics", Group.API),
    Route("GET", "/logs", Group.API),
    Route("GET", "/logs/stream", Group.API),
    Route("GET", "/logs/stream/{rest}", Group.API),
    Route("GET", "/api/desktop/state", Group.API),
    Route("GET", "/api/desktop/events", Group.API),
    Route("POST", "/api/desktop/commands/{rest}", Group.API),
    Route("GET", "/api/desktop/config", Group.API),
    Route("PUT", "/api/desktop/config", Group.API),
    Route("POST", "/api/desktop/config/validate", Group.API),
    Route("POST", "/api/desktop/config/diff", Group.API),
    Route("GET", "/api/desktop/config/backups", Group.API),
    Route("POST", "/api/desktop/config/backups/{rest}", Group.API),
    Route("POST", "/api/desktop/diagnose", Group.API),
    Route("GET", "/ui/{rest}", Group.API),
    Route("GET", "/favicon.ico", Group.OPEN),
    Route("GET", "/health", Group.OPEN),
    Route("GET", "/wol-health", Group.OPEN),
)

_REDIRECTS = {
    (method, path): redirect
    for method in ("GET", "HEAD")
    for path, redirect in (("/", Redirect(302, "/ui")), ("/ui", Redirect(307, "/ui/")))
}

_UNCLEAN = re.compile(r"//|/\.{1,2}(?:/|$)")
_REST = "{rest}"


class RouteTable:
    """Finds the route of a request in constant time for exact paths."""

    def __init__(
        self,
        routes: tuple[Route, ...] = ROUTES,
        redirects: dict[tuple[str, str], Redirect] = _REDIRECTS,
    ) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._prefixes: dict[str, dict[str, Route]] = {}
        self._redirects = redirects
        for route in routes:
            is_prefix = route.path.endswith(_REST)
            table = self._prefixes if is_prefix else self._exact
            table.setdefault(route.path.removesuffix(_REST), {})[route.method] = route

    def match(self, method: str, path: str) -> Match:
        """Return the route for ``method`` and ``path``, or what to answer instead."""
        methods = self._exact.get(path)
        if methods is None:
            return self._match_other(method, path)
        return self._choose(methods, method)

    def _match_other(self, method: str, path: str) -> Match:
        if redirect := self._redirects.get((method, path)):
            return redirect
        if _UNCLEAN.search(path):
            return Redirect(307, clean_path(path))
        for prefix, methods in self._prefixes.items():
            if path.startswith(prefix):
                return self._choose(methods, method)
        return NotFound()

    def _choose(self, methods: dict[str, Route], method: str) -> Match:
        route = methods.get("GET" if method == "HEAD" else method)
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
