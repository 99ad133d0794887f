"""The web UI's files: what is there, how it is labelled, and what a page may do."""

import contextlib
import re
from importlib import resources

import aiohttp
import pytest
from aiohttp import web

from llamaswap_desktop.web.pages import Pages

STATIC = resources.files("llamaswap_desktop.web") / "static"


@contextlib.asynccontextmanager
async def served():
    pages = Pages()
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
        ("/ui/page.js", "text/javascript; charset=utf-8", "page.js"),
        ("/ui/page.css", "text/css; charset=utf-8", "page.css"),
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
        async with session.get("/ui/page.js") as answer:
            etag = answer.headers["ETag"]
        async with session.get("/ui/page.js", headers={"If-None-Match": etag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with session.get("/ui/page.js", headers={"If-None-Match": '"another"'}) as answer:
            assert answer.status == 200


async def test_page_may_talk_to_this_server_only():
    async with served() as session, session.get("/ui/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_page_needs_nothing_that_its_policy_forbids():
    html = (STATIC / "index.html").read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<script>|<style", html)
    assert not re.search(r"https?://", html)
    script = (STATIC / "page.js").read_text()
    assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(", script)
    known = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'byId\("([^"]+)"\)', script)) <= known
