"""The web UI's files, served from memory (HTTP specification, section 26).

``static/`` is ours, ``vendor/`` what others wrote; there is no build step.  They are few and
small; aiohttp's own file responses would use sendfile, which a lent connection has not got.
"""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

from llamaswap_desktop.web.answers import no_such_page

_START = "index.html"
_COMPRESSED = ".br"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")  # longer ones make no sense, nor does int() take them

_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
"""What the system's own table may get wrong: a registry entry on Windows can make scripts plain text."""

_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)

_POLICY = (
    "default-src 'none'; script-src 'self'{import_map}; style-src 'self'; img-src 'self' data: blob:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load: nothing from another machine.  ``data:`` and ``blob:`` are pictures and sounds that it has
itself, such as a model's answers.  The import map has to stand in the page, and is allowed by its hash."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Accept-Ranges": "bytes",
}
"""``no-cache`` means "ask whether it is still the same": an update shows at once, and asking costs a 304."""


@dataclass(frozen=True, slots=True)
class _Body:
    data: bytes
    etag: str
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    """A file; ``compressed`` is the same by brotli, where the build has it."""

    content_type: str
    plain: _Body
    compressed: _Body | None


class Pages:
    """The files below ``/ui/``, by default those of the package."""

    def __init__(self, static: Traversable | None = None) -> None:
        ours = resources.files("llamaswap_desktop.web")
        files = _contents(static or ours / "static", "")
        if static is None:
            files |= _contents(ours / "vendor", "vendor/")
        self._files = _prepare(files)
        self._headers = {**_HEADERS, "Content-Security-Policy": _policy_for(files.get(_START, b""))}

    async def page(self, request: web.Request) -> web.Response:
        """Answer ``/ui/<path>``: the file, or the start page for a path that names a view and not a file."""
        path = request.path.removeprefix("/ui/")
        file = self._files.get(path or _START)
        if file is None and "." not in path.rpartition("/")[2]:
            file = self._files.get(_START)
        return _answer(request, file, self._headers)

    async def favicon(self, request: web.Request) -> web.Response:
        """Answer ``/favicon.ico``, which browsers ask for by that name whatever the icon is."""
        file = self._files.get("favicon.ico") or self._files.get("icon.svg")
        return _answer(request, file, self._headers)


def _policy_for(start_page: bytes) -> str:
    found = _IMPORT_MAP.search(start_page.replace(b"\r\n", b"\n"))  # as a browser reads it before it hashes
    import_map = f" 'sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}'" if found else ""
    return _POLICY.format(import_map=import_map)


def _prepare(found: Mapping[str, bytes]) -> dict[str, _File]:
    return {
        path: _File(_content_type(path), _body(data), _body(packed, "br") if packed is not None else None)
        for path, data in found.items()
        if not path.endswith(_COMPRESSED)
        for packed in (found.get(path + _COMPRESSED),)
    }


def _contents(folder: Traversable, prefix: str) -> dict[str, bytes]:
    """Return every file below ``folder`` by its path there, with slashes."""
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            found.update(_contents(entry, path + "/"))
        else:
            found[path] = entry.read_bytes()
    return found


def _content_type(path: str) -> str:
    suffix = "." + path.rpartition(".")[2]
    content_type = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return f"{content_type}; charset=utf-8" if content_type.startswith("text/") else content_type


def _body(data: bytes, encoding: str = "") -> _Body:
    return _Body(data, hashlib.sha256(data).hexdigest()[:16], encoding)


def _answer(request: web.Request, file: _File | None, page_headers: Mapping[str, str]) -> web.Response:
    if file is None:
        return no_such_page()
    body = file.plain
    if file.compressed is not None and _takes_brotli(request.headers.get("Accept-Encoding", "")):
        body = file.compressed
    headers = {**page_headers, "ETag": f'"{body.etag}"'}
    if file.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
    if any(tag.value in {body.etag, "*"} for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.content_type
    if body.encoding:
        headers["Content-Encoding"] = body.encoding
    return _whole_or_part(request, body, headers)


def _whole_or_part(request: web.Request, body: _Body, headers: dict[str, str]) -> web.Response:
    """Answer with the one range that is asked for; several ranges, or none that makes sense, get the whole."""
    size = len(body.data)
    wished = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    unchanged = request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
    if wished is None or wished[0] == "bytes=-" or not unchanged:
        return web.Response(body=body.data, headers=headers)
    first, last = wished.groups()
    if first:
        start, stop = int(first), min(int(last or size), size - 1) + 1
    else:
        start, stop = max(0, size - int(last)), size
    if first and last and int(last) < int(first):
        return web.Response(body=body.data, headers=headers)
    if start >= size:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return web.Response(status=206, body=body.data[start:stop], headers=headers)


def _takes_brotli(accept_encoding: str) -> bool:
    for item in accept_encoding.lower().split(","):
        name, _, weight = item.strip().partition(";")
        if name.strip() == "br":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
