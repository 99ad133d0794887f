"""The HTTP surface of the whole program, with model servers that misbehave."""

import asyncio
import json
from asyncio.subprocess import PIPE

import aiohttp
import pytest

from tests.http1.certificate import make_certificate
from tests.needs import need
from tests.whole.program import events_of, running_program
from tests.whole.test_life import config, model, outcome

pytestmark = [pytest.mark.whole, pytest.mark.linux]


def http(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chat(name: str) -> bytes:
    body = json.dumps({"model": name, "messages": [{"role": "user", "content": "hi"}]}).encode()
    return http("POST", "/v1/chat/completions", body, "Content-Type: application/json")


async def read_answer(reader) -> tuple[int, bytes]:
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ")[1])
        if "transfer-encoding: chunked" in head:
            body = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
            return status, body
        return status, await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))


@pytest.mark.parametrize("pipelined", [False, True], ids=["in turn", "pipelined"])
async def test_models_chat_and_health_share_one_connection(tmp_path, pipelined):
    async with running_program(tmp_path, config(model("m"))) as program:
        reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
        requests = [
            http("GET", "/v1/models"),
            chat("m"),
            http("GET", "/health"),
            chat("m"),
            http("GET", "/running"),
            http("GET", "/nope"),
            http("POST", "/api/models/unload", b'{"ignored": true}'),
            chat("m"),
        ]
        answers = []
        if pipelined:
            writer.write(b"".join(requests))
            answers = [await read_answer(reader) for _ in requests]
        else:
            for request in requests:
                writer.write(request)
                answers.append(await read_answer(reader))
        writer.close()
        assert [status for status, _ in answers] == [200, 200, 200, 200, 200, 404, 200, 200]
        assert json.loads(answers[0][1])["data"][0]["id"] == "m"
        assert json.loads(answers[1][1])["model"] == "m"
        assert answers[2][1] == b"OK"
        assert json.loads(answers[4][1])["running"][0]["state"] == "ready"
        assert answers[6][1] == b'{"msg":"ok"}'


async def test_health_models_and_running(tmp_path):
    text = config(model("m")).replace(
        "    cmd:", "    name: Emma\n    description: ' a model '\n    aliases: [em]\n    ttl: 300\n    cmd:"
    )
    async with running_program(tmp_path, text) as program:
        assert await program.get("/health") == (200, "OK")
        assert await program.get("/wol-health") == (200, "OK")
        listed = json.loads((await program.get("/v1/models"))[1])
        record = listed["data"][0]
        assert isinstance(record.pop("created"), int)
        assert listed["object"] == "list"
        assert record == {
            "id": "m",
            "object": "model",
            "owned_by": "llama-swap",
            "name": "Emma",
            "description": "a model",
            "status": {"value": "unloaded"},
            "meta": {"llamaswap": {"type": "model", "aliases": ["em"]}},
        }
        assert await program.running() == {}
        status, answer = await program.chat("em")
        assert (status, answer["model"]) == (200, "em")
        entry = (await program.running())["m"]
        assert set(entry) == {"model", "state", "cmd", "proxy", "ttl", "name", "description"}
        assert (entry["state"], entry["ttl"], entry["description"]) == ("ready", 300, " a model ")
        assert json.loads((await program.get("/models"))[1])["data"][0]["status"] == {"value": "loaded"}


async def test_unload_of_one_model_by_its_alias(tmp_path):
    text = config(model("org/m")).replace("    cmd:", "    aliases: [em]\n    cmd:")
    async with running_program(tmp_path, text) as program:
        for name in ("org/m", "org%2Fm", "em"):
            assert (await program.chat("em"))[0] == 200
            async with program.session.post(f"{program.address}/api/models/unload/{name}") as answer:
                assert (answer.status, await answer.text()) == (200, "OK")
            assert await program.running() == {}
        async with program.session.post(f"{program.address}/api/models/unload/nope") as answer:
            assert answer.status == 404
            assert (await answer.json())["error"]["message"] == "model not found"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "no model id could be identified"),
        (b'{"model": ""}', "no model id could be identified"),
        (b"{broken", "no model id could be identified"),
        (b'{"model": "nope"}', "no router for requested model"),
    ],
)
async def test_request_without_a_known_model(tmp_path, body, message):
    async with running_program(tmp_path, config(model("m"))) as program:
        headers = {"Content-Type": "application/json"}
        async with program.session.post(program.address + "/v1/chat/completions", data=body, headers=headers) as answer:
            assert answer.status == 404
            assert await answer.json() == {
                "src": "llama-swap",
                "error": {"message": message, "type": "invalid_request_error", "param": None, "code": "not_found"},
            }


async def test_wrong_paths_and_methods(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        async with program.session.get(program.address + "/v1/chat/completions") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert await answer.text() == "Method Not Allowed"
        assert await program.get("/nope") == (404, "404 page not found")
        async with program.session.options(program.address + "/anything") as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        async with program.session.head(program.address + "/health") as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, "2")


async def test_api_keys_are_asked_for(tmp_path):
    async with running_program(tmp_path, config(model("m")) + "apiKeys: [open-sesame]\n") as program:
        assert (await program.get("/health"))[0] == 200
        assert (await program.get("/v1/models"))[0] == 401
        assert (await program.chat("m"))[0] == 401
        assert (await program.get("/v1/models", headers={"Authorization": "Bearer open-sesame"}))[0] == 200
        await program.has_logged_all()
        assert "open-sesame" not in program.log


async def test_model_that_exits_at_once_is_explained(tmp_path):
    text = config(model("m", "--exit-after", "0", "--exit-code", "3"))
    async with running_program(tmp_path, text) as program:
        status, answer = await program.chat("m")
        assert status == 500
        message = answer["error"]["message"]
        assert message.startswith("unspecific error: upstream command exited prematurely: model 'm' exited with code 3")
        assert (await program.chat("m"))[0] == 500, "and the next request tries again"


async def test_model_whose_program_is_missing_is_explained(tmp_path):
    async with running_program(tmp_path, config("  m:\n    cmd: no-such-program --port ${PORT}\n")) as program:
        status, answer = await program.chat("m")
        assert status == 500
        assert answer["error"]["message"].startswith("unspecific error: failed to start command 'no-such-program")


async def test_model_that_never_becomes_ready_is_explained(tmp_path):
    text = "healthCheckTimeout: 15\n" + config(model("m", "--never-ready"))
    text = text.replace("    cmd:", "    loadTimeout: 1\n    cmd:")
    async with running_program(tmp_path, text) as program:
        status, answer = await program.chat("m")
        assert status == 500
        assert answer["error"]["message"].startswith("unspecific error: health check timed out after 1s: model 'm'")

        async def gone():
            return await program.running() == {}

        await program.until(gone, "the model has ended; who waited for it was told at its limit")


@pytest.mark.deviation
async def test_server_that_dies_in_mid_stream_ends_in_an_error_event_and_a_cut(tmp_path):
    text = config(model("m", "--die-mid-stream"))
    async with running_program(tmp_path, text) as program:
        async with program.stream("m") as answer:
            assert answer.status == 200
            events = []
            with pytest.raises(aiohttp.ClientPayloadError):
                events = await _collect(answer, events)
        assert "[DONE]" not in events
        assert json.loads(events[-1])["error"]["message"].startswith("upstream error: ")


async def _collect(answer, events):
    async for line in answer.content:
        if line.startswith(b"data: "):
            events.append(line[6:].strip().decode())
    return events


async def test_abcabc_is_served_aabbcc(tmp_path):
    models = [model(name, "--ready-after", "0.3") for name in "abc"]
    async with running_program(tmp_path, config(*models)) as program:
        first = asyncio.get_running_loop().create_task(program.chat("a"))

        async def loading():
            return "a" in await program.running()

        await program.until(loading, "a is loading")
        answers = await asyncio.gather(first, *(program.chat(name) for name in "bcabc"))
        assert [(status, answer["model"]) for status, answer in answers] == [(200, name) for name in "abcabc"]
        assert [program.starts_of(name) for name in "abc"] == [1, 1, 1]


async def test_eleventh_request_is_told_to_come_back(tmp_path):
    text = config(model("m", "--ready-after", "0.5"))
    async with running_program(tmp_path, text) as program:
        answers = await asyncio.gather(*(program.chat("m") for _ in range(11)))
        statuses = sorted(status for status, _ in answers)
        assert statuses == [200] * 10 + [429]
        refused = next(answer for status, answer in answers if status == 429)
        assert refused["error"]["code"] == "concurrency_limit"


async def test_idle_model_is_unloaded_and_comes_back(tmp_path):
    text = config(model("m")).replace("    cmd:", "    ttl: 1\n    cmd:")
    async with running_program(tmp_path, text) as program:
        assert (await program.chat("m"))[0] == 200

        async def unloaded():
            return not await program.running()

        await program.until(unloaded, "the idle model is gone", timeout_s=3)
        assert (await program.chat("m"))[0] == 200


async def test_client_that_leaves_the_queue_loads_nothing(tmp_path):
    models = [model("a", "--chunk-delay", "0.05"), model("b")]
    async with running_program(tmp_path, config(*models)) as program:
        async with program.stream("a", max_tokens=20) as answer:
            await answer.content.readline()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await program.chat("b")
            assert (await events_of(answer))[-1] == "[DONE]"
        assert list(await program.running()) == ["a"]
        assert program.starts_of("b") == 0


async def test_access_line_is_written_for_every_kind_of_request(tmp_path):
    async with running_program(tmp_path, config(model("m"))) as program:
        await program.get("/health", headers={"User-Agent": "tester", "X-Forwarded-For": "9.9.9.9, 1.1.1.1"})
        await program.chat("m")
        await program.get("/wol-health")
        await program.has_logged_all()
        assert 'Request 9.9.9.9 "GET /health HTTP/1.1" 200 2 "tester" ' in program.log
        assert 'Request 127.0.0.1 "POST /v1/chat/completions HTTP/1.1" 200 ' in program.log
        assert "/wol-health" not in program.log


async def test_serves_https_with_a_certificate(tmp_path):
    certificate, key = make_certificate(tmp_path)
    flags = ["--tls-cert-file", str(certificate), f"-tls-key-file={key}"]
    async with running_program(tmp_path, config(model("m")), *flags) as program:
        assert program.address.startswith("https://")
        assert await program.get("/health", ssl=False) == (200, "OK")
        body = {"model": "m", "messages": []}
        assert (await program.post("/v1/chat/completions", body, ssl=False))[0] == 200


async def test_http_2_is_negotiated_down(tmp_path):
    """The specification allows HTTP/2 here; a client that offers it is told in the handshake that there is none."""
    need("curl", "curl")
    certificate, key = make_certificate(tmp_path)
    flags = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    async with running_program(tmp_path, config(model("m")), *flags) as program:
        body = '{"model":"m","stream":true,"messages":[]}'
        words = ["-sv", "--http2", "--cacert", str(certificate), "-H", "Content-Type: application/json", "-d", body]
        asked = await asyncio.create_subprocess_exec(
            "curl", *words, program.address + "/v1/chat/completions", stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(20):
            answer, about = await asked.communicate()
        assert b"ALPN" in about
        assert b"h2,http/1.1" in about, "it was offered"
        assert b"accepted http/1.1" in about
        assert b"< HTTP/1.1 200 OK" in about
        assert answer.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("flag", ["--tls-cert-file", "--tls-key-file"])
async def test_certificate_and_key_belong_together(tmp_path, flag):
    (tmp_path / "config.yaml").write_text(config(model("m")))
    code, output = await outcome(tmp_path, "serve", "--config", str(tmp_path / "config.yaml"), flag, "x.pem")
    assert (code, "give both or neither" in output) == (1, True)


async def test_certificate_that_cannot_be_read_is_explained(tmp_path):
    (tmp_path / "config.yaml").write_text(config(model("m")))
    flags = ["--tls-cert-file", "nope.pem", "--tls-key-file", "nope.key"]
    code, output = await outcome(tmp_path, "serve", "--config", str(tmp_path / "config.yaml"), *flags)
    assert (code, "nope.pem" in output) == (1, True)
