"""The web UI's files: what is there, how it is labelled, and what a page may do."""

import contextlib
from importlib import resources

import aiohttp
import pytest
from aiohttp import web

from llamaswap_desktop.web.pages import Pages

STATIC = resources.files("llamaswap_desktop.web") / "static"


@contextlib.asynccontextmanager
async def served(static=None):
    pages = Pages(static)
    app = web.Application()
    app.router.add_get("/ui/{rest:.*}", pages.page)
    app.router.add_get("/favicon.ico", pages.favicon)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield session
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "content_type", "file"),
    [
        ("/ui/", "text/html; charset=utf-8", "index.html"),
        ("/ui/models", "text/html; charset=utf-8", "index.html"),
        ("/ui/a.b/models", "text/html; charset=utf-8", "index.html"),
        ("/ui/app.js", "text/javascript; charset=utf-8", "app.js"),
        ("/ui/ui.css", "text/css; charset=utf-8", "ui.css"),
        ("/ui/vendor/htm/htm.mjs", "text/javascript; charset=utf-8", "../vendor/htm/htm.mjs"),
        ("/ui/icon.svg", "image/svg+xml", "icon.svg"),
        ("/favicon.ico", "image/svg+xml", "icon.svg"),
    ],
)
async def test_file_and_its_type(path, content_type, file):
    async with served() as session:
        async with session.get(path) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
            assert await answer.read() == (STATIC / file).read_bytes()
        async with session.head(path) as answer:
            assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("path", ["/ui/nope.js", "/ui/a/b.css", "/ui/..%2fapi.py", "/ui/%2e%2e/pages.py"])
async def test_what_is_not_there_is_not_found(path):
    async with served() as session, session.get(aiohttp.client.URL(path, encoded=True)) as answer:
        assert answer.status == 404


async def test_same_file_is_not_sent_twice():
    async with served() as session:
        async with session.get("/ui/app.js") as answer:
            etag = answer.headers["ETag"]
        async with session.get("/ui/app.js", headers={"If-None-Match": etag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with session.get("/ui/app.js", headers={"If-None-Match": '"another"'}) as answer:
            assert answer.status == 200


@pytest.fixture
def build(tmp_path):
    """A build of a web UI, with one file that is there in brotli too."""
    (tmp_path / "index.html").write_text("<title>start</title>")
    (tmp_path / "favicon.ico").write_bytes(b"icon")
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "app.js").write_bytes(b"0123456789")
    (tmp_path / "js" / "app.js.br").write_bytes(b"packed")
    return tmp_path


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, br", "br", b"packed"),
        ("BR;q=0.5", "br", b"packed"),
        ("br;q=0, gzip", None, b"0123456789"),
        ("brotli", None, b"0123456789"),
        ("gzip", None, b"0123456789"),
        ("", None, b"0123456789"),
    ],
)
async def test_compressed_form_for_those_who_take_it(build, accepted, encoding, body):
    async with served(build) as session:
        headers = {"Accept-Encoding": accepted}
        async with session.get("/ui/js/app.js", headers=headers, auto_decompress=False) as answer:
            assert answer.headers.get("Content-Encoding") == encoding
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert await answer.read() == body
        async with session.get("/ui/", headers=headers) as answer:
            assert "Vary" not in answer.headers
            assert await answer.text() == "<title>start</title>"


async def test_both_forms_have_a_tag_of_their_own(build):
    async with served(build) as session:
        tags = set()
        for accepted in ("br", "gzip"):
            headers = {"Accept-Encoding": accepted}
            async with session.get("/ui/js/app.js", headers=headers, auto_decompress=False) as answer:
                tags.add(answer.headers["ETag"])
        assert len(tags) == 2


@pytest.mark.parametrize(
    ("wished", "status", "content_range", "body"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=4-", 206, "bytes 4-9/10", b"456789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-30", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=5-2", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
        (f"bytes=0-{'9' * 5000}", 200, None, b"0123456789"),
        (f"bytes={'9' * 5000}-", 200, None, b"0123456789"),
        (f"bytes=-{'9' * 5000}", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
    ],
)
async def test_range(build, wished, status, content_range, body):
    async with served(build) as session:
        headers = {"Range": wished, "Accept-Encoding": "gzip"}
        async with session.get("/ui/js/app.js", headers=headers) as answer:
            assert (answer.status, answer.headers.get("Content-Range")) == (status, content_range)
            assert await answer.read() == body
        async with session.head("/ui/js/app.js", headers=headers) as answer:
            assert (answer.status, await answer.read()) == (status, b"")


async def test_range_of_a_file_that_has_changed_is_the_whole_file(build):
    async with served(build) as session:
        headers = {"Range": "bytes=0-3", "Accept-Encoding": "gzip", "If-Range": '"former"'}
        async with session.get("/ui/js/app.js", headers=headers) as answer:
            assert answer.headers["Accept-Ranges"] == "bytes"
            tag = answer.headers["ETag"]
            assert (answer.status, await answer.read()) == (200, b"0123456789")
        async with session.get("/ui/js/app.js", headers={**headers, "If-Range": tag}) as answer:
            assert (answer.status, await answer.read()) == (206, b"0123")


async def test_icon_of_the_build(build):
    async with served(build) as session, session.get("/favicon.ico") as answer:
        assert await answer.read() == b"icon"


async def test_without_a_build_there_is_nothing(tmp_path):
    async with served(tmp_path) as session:
        for path in ("/ui/", "/ui/models", "/ui/app.js", "/favicon.ico"):
            async with session.get(path) as answer:
                assert (answer.status, await answer.text()) == (404, "404 page not found")


async def test_page_may_talk_to_this_server_only():
    async with served() as session, session.get("/ui/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_page_without_an_import_map_allows_no_hash(build):
    async with served(build) as session, session.get("/ui/") as answer:
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


async def test_line_ends_do_not_change_what_a_browser_hashes(build):
    policies = []
    for end in ("\n", "\r\n"):
        (build / "index.html").write_bytes(f'<script type="importmap">{end}{{}}{end}</script>'.encode())
        async with served(build) as session, session.get("/ui/") as answer:
            policies.append(answer.headers["Content-Security-Policy"])
    assert policies[0] == policies[1]
