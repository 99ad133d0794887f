"""Looking for newer versions: only when wanted, told once, nothing downloaded."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from llamaswap_desktop.settings import SettingsFile, SettingsRefused
from llamaswap_desktop.updates import NoAnswer, Release, UpdateWatch, fetch_release, is_newer, parse_release
from tests.waiting import until


@pytest.mark.parametrize(
    ("answer", "release"),
    [
        (b'{"version": "1.3.0", "page": "https://x/1.3"}', Release("1.3.0", "https://x/1.3")),
        (b'{"version": "v1.3"}', Release("1.3")),
        (b'{"tag_name": "v2.0.1", "html_url": "https://x/2", "assets": []}', Release("2.0.1", "https://x/2")),
        (b'{"version": "1.3.0", "page": "file:///etc/passwd"}', Release("1.3.0")),
    ],
)
def test_answers(answer, release):
    assert parse_release(answer) == release


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"version": "newest"}', b'{"version": 3}', b"\xff"])
def test_answers_without_a_version(answer):
    with pytest.raises(NoAnswer):
        parse_release(answer)


def test_versions_are_ordered():
    versions = ["0.9.0", "0.10.0.dev1", "0.10.0a1", "0.10.0rc1", "0.10.0rc2", "0.10.0", "0.10.1", "1.0", "1.0.1"]
    for number, version in enumerate(versions):
        assert [is_newer(version, other) for other in versions] == [number > place for place in range(len(versions))]
    assert not is_newer("1.0", "1.0.0")


class Site:
    """A page that says which version is the latest, and counts who asks."""

    def __init__(self) -> None:
        self.latest = "0.0.1"
        self.status = 200
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return web.json_response({"version": self.latest, "page": "https://x/new"}, status=self.status)


@contextlib.asynccontextmanager
async def served(site: Site):
    app = web.Application()
    app.router.add_get("/latest", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/latest"
    finally:
        await runner.cleanup()


async def test_newer_version_is_told_once(tmp_path):
    site, told = Site(), []
    async with served(site) as url:
        settings = SettingsFile(tmp_path / "settings.yaml")
        watch = UpdateWatch(settings, told.append, running="1.0.0", first_after_s=0, interval_s=0.005)
        watch.start()
        await asyncio.sleep(0)
        assert site.headers == [], "off unless switched on"

        site.latest = "1.0.0"
        settings.change({"updates": {"check": True, "url": url}})
        await until(lambda: len(site.headers) >= 2, "it asks")
        assert told == []
        site.latest = "1.1.0"
        await until(lambda: told, "the newer one is told")
        asked = len(site.headers)
        await until(lambda: len(site.headers) > asked + 1, "it goes on asking")
        assert told == [Release("1.1.0", "https://x/new")]

        settings.change({"updates": {"check": False, "url": url}})
        await until(lambda: watch._task is None, "switched off it ends")
        await watch.stop()
    assert set(site.headers[0]) == {"Host", "User-Agent", "Accept-Encoding", "Connection"}
    assert site.headers[0]["User-Agent"] == "llamaswap-desktop", "nothing about the user, not even the version"


async def test_site_that_is_not_there_or_fails_is_no_trouble(tmp_path, caplog):
    site, told = Site(), []
    site.status, site.latest = 500, "9.0.0"
    caplog.set_level("INFO", "llamaswap_desktop")
    async with served(site) as url:
        settings = SettingsFile(tmp_path / "settings.yaml")
        settings.change({"updates": {"check": True, "url": url}})
        watch = UpdateWatch(settings, told.append, running="1.0.0", first_after_s=0, interval_s=0.005)
        watch.start()
        await until(lambda: "cannot look for updates" in caplog.text, "the log says so")
        site.status = 200
        await until(lambda: told, "it asks again")
        await watch.stop()
    with pytest.raises(NoAnswer):
        await asyncio.to_thread(fetch_release, url)


@pytest.mark.parametrize("url", ["", "ftp://x/latest", "file:///etc/passwd"])
def test_nobody_cannot_be_asked(tmp_path, url):
    with pytest.raises(SettingsRefused, match="no address"):
        SettingsFile(tmp_path / "settings.yaml").change({"updates": {"check": True, "url": url}})
