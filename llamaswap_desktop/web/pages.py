"""The web UI's files, served from memory (HTTP specification, section 26).

They are few and small; aiohttp's own file responses would use sendfile, which a lent connection has not got.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

_START = "index.html"

_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml"}
"""What the system's own table may get wrong: a registry entry on Windows can make scripts plain text."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""``no-cache`` means "ask whether it is still the same": an update shows at once, and asking costs a 304."""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    etag: str


class Pages:
    """The files below ``/ui/``."""

    def __init__(self) -> None:
        self._files = dict(_read(resources.files("llamaswap_desktop.web") / "static", ""))

    async def page(self, request: web.Request) -> web.Response:
        """Answer ``/ui/<path>``: the file, or the start page for a path that names a view and not a file."""
        path = request.path.removeprefix("/ui/")
        file = self._files.get(path or _START)
        if file is None and "." not in path.rpartition("/")[2]:
            file = self._files[_START]
        return _answer(request, file)

    async def favicon(self, request: web.Request) -> web.Response:
        return _answer(request, self._files["icon.svg"])


def _read(folder: Traversable, prefix: str) -> list[tuple[str, _File]]:
    """Return every file below ``folder`` by its path there, with slashes."""
    found: list[tuple[str, _File]] = []
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            found.extend(_read(entry, path + "/"))
            continue
        body = entry.read_bytes()
        suffix = "." + entry.name.rpartition(".")[2]
        content_type = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
        found.append((path, _File(body, content_type, hashlib.sha256(body).hexdigest()[:16])))
    return found


def _answer(request: web.Request, file: _File | None) -> web.Response:
    if file is None:
        return web.Response(status=404, text="404 page not found")
    if any(tag.value == file.etag for tag in request.if_none_match or ()):
        return web.Response(status=304, headers={**_HEADERS, "ETag": f'"{file.etag}"'})
    charset = "utf-8" if file.content_type.startswith("text/") else None
    response = web.Response(body=file.body, content_type=file.content_type, charset=charset, headers=_HEADERS)
    response.etag = file.etag
    return response
