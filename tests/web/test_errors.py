"""The three forms of an error (HTTP specification, section 5), and answers that nobody should get."""

import asyncio
import json

import pytest

from tests.web.served import served

MESSAGE = 'profile "<b>" not found'


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        ("text/plain, text/html", "text/plain", f"llama-swap: {MESSAGE}"),
        (
            "text/html, application/json",
            "text/html",
            "<html><body><h1>llama-swap</h1><p>profile &quot;&lt;b&gt;&quot; not found</p></body></html>",
        ),
        (
            "*/*",
            "application/json",
            json.dumps(
                {
                    "src": "llama-swap",
                    "error": {
                        "message": MESSAGE,
                        "type": "invalid_request_error",
                        "param": None,
                        "code": "not_found",
                    },
                },
                separators=(",", ":"),
            ),
        ),  # fmt: skip
    ],
)
async def test_form(tmp_path, accept, content_type, body):
    async with served(tmp_path) as it:
        status, headers, answer = await it.ask(
            "PUT", "/api/profiles/active", data=b'{"name": "<b>"}', headers={"Accept": accept}
        )
        assert (status, headers["Content-Type"], answer.decode()) == (404, content_type, body)
        assert "Server" not in headers


async def test_mistake_of_ours_is_logged_and_told_as_one(tmp_path):
    async with served(tmp_path) as it:
        lost = it.core._processes.pop("a")
        answer = await it.get_json("/running", 500)
        it.core._processes["a"] = lost
        assert (answer["error"]["type"], answer["error"]["code"]) == ("server_error", "internal_error")
        log = it.logs.proxy.history().decode()
        assert "[ERROR] answering GET /running failed\nTraceback" in log
        assert (await it.get("/health"))[0] == 200


async def test_keep_alive_over_errors_streams_and_answers(tmp_path):
    async with served(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for method, path, status in (
            ("GET", "/health", 200), ("HEAD", "/api/events", 200), ("GET", "/api/captures/x", 400),
            ("POST", "/api/desktop/commands/dance", 404), ("GET", "/ui/", 200), ("GET", "/ui/nope.js", 404),
        ):  # fmt: skip
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            async with asyncio.timeout(5):
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                if method != "HEAD":
                    await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
            assert head.startswith(f"http/1.1 {status} ")
        writer.close()
