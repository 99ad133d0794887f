"""``/logs`` and the log streams (HTTP specification, section 25)."""

import asyncio

import pytest

from tests.waiting import until
from tests.web.served import TWO_MODELS, served

CONFIG = """
logLevel: error
models:
  org/a: {cmd: run a, proxy: "http://127.0.0.1:1", aliases: [one]}
  proxy: {cmd: run p, proxy: "http://127.0.0.1:2"}
peers:
  p: {proxy: "http://10.0.0.1", models: [x]}
"""


async def read_until(feed, end: bytes) -> bytes:
    data = b""
    async with asyncio.timeout(5):
        while not data.endswith(end):
            data += await feed.answer.content.readany()
    return data


async def test_combined_history(tmp_path):
    async with served(tmp_path, CONFIG + "logToStdout: upstream\n") as it:
        it.logs.model("org/a").write(b"said\xff\n")
        it.logs.proxy.write(b"not this\n")
        status, headers, body = await it.get("/logs")
        assert (status, headers["Content-Type"], body) == (200, "text/plain", b"said\xff\n")


async def test_browser_is_sent_to_the_page(tmp_path):
    async with served(tmp_path) as it:
        status, headers, body = await it.get("/logs", headers={"Accept": "text/html,*/*"})
        assert (status, headers["Location"], body) == (302, "/ui/", b"")


@pytest.mark.parametrize("path", ["/logs/stream", "/logs/stream/"])
async def test_combined_stream(tmp_path, path):
    async with served(tmp_path, CONFIG + "logToStdout: both\n") as it:
        it.logs.proxy.write(b"old\n")
        async with it.feed(path) as feed:
            headers = feed.answer.headers
            assert headers["Content-Type"] == "text/plain"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Accel-Buffering"] == "no"
            assert headers["Transfer-Encoding"] == "chunked"
            assert await read_until(feed, b"old\n")
            it.logs.upstream.write(b"new\n")
            assert await read_until(feed, b"new\n") == b"new\n"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("proxy", "proxy"),
        ("upstream", "upstream"),
        ("org/a", "org/a"),
        ("org%2Fa", "org/a"),
        ("one", "org/a"),
    ],
)
async def test_named_stream(tmp_path, name, source):
    async with served(tmp_path, CONFIG) as it:
        log = it.logs.named(source) or it.logs.model(source)
        log.write(b"history\n")
        async with it.feed(f"/logs/stream/{name}?no-history") as feed:
            await until(lambda: log._followers, "it follows")
            log.write(b"live \xe2\x82\n")
            assert await read_until(feed, b"\n") == b"live \xe2\x82\n"
        async with it.feed(f"/logs/stream/{name}?x=no-history") as feed:
            assert (await read_until(feed, b"live \xe2\x82\n")).endswith(b"history\nlive \xe2\x82\n")


@pytest.mark.parametrize(("path", "log"), [("/logs/stream/upstream", "upstream"), ("/logs/stream/", "combined")])
async def test_history_alone(tmp_path, path, log):
    async with served(tmp_path, CONFIG + "logToStdout: none\n") as it:
        assert (await it.get(f"{path}?no-follow"))[2] == b""
        getattr(it.logs, log).write(b"x" * 99_999 + b"\xff")
        status, headers, body = await it.get(f"{path}?no-follow")
        assert (status, headers["Content-Type"], body) == (200, "text/plain", b"x" * 99_999 + b"\xff")


async def test_head_comes_before_there_is_anything_to_say(tmp_path):
    async with served(tmp_path, CONFIG) as it, it.feed("/logs/stream/upstream") as feed:
        assert feed.answer.status == 200


@pytest.mark.parametrize("name", ["nope", "x", "p/x", "proxy/", "org"])
async def test_unknown_logger(tmp_path, name):
    async with served(tmp_path, CONFIG) as it:
        answer = await it.get_json(f"/logs/stream/{name}", 400)
        assert answer["error"]["message"] == "invalid logger. Use 'proxy', 'upstream' or a model's ID"


async def test_slow_reader_sees_how_much_it_has_missed_and_holds_nobody_up(tmp_path):
    async with served(tmp_path) as it:
        log = it.logs.model("a")
        async with it.feed("/logs/stream/a?no-history", read_bufsize=4096) as feed:
            await until(lambda: log._followers, "it follows")
            line = b"x" * 9_999 + b"\n"
            for _ in range(3000):
                log.write(line)
                await asyncio.sleep(0)
            log.write(b"the end\n")
            data = await read_until(feed, b"the end\n")
            assert " bytes dropped —\n".encode() in data


async def test_stream_stays_over_a_reload_and_ends_with_its_model(tmp_path):
    async with served(tmp_path) as it, it.feed("/logs/stream/b?no-history") as feed:
        await until(lambda: it.logs.model("b")._followers, "it follows")
        await it.command("reload")
        it.logs.model("b").write(b"still here\n")
        assert await read_until(feed, b"here\n") == b"still here\n"
        it.file.write_text(TWO_MODELS.replace("b: {cmd: run b", "c: {cmd: run b"))
        await it.command("reload")
        async with asyncio.timeout(5):
            assert await feed.answer.content.read() == b""
