"""The routes of a demo model, in a real process on a real socket."""

import base64
import json
import struct
import time
from collections.abc import Iterator

import pytest

from tests.demo.demo_process import DemoProcess, demo_process

pytestmark = pytest.mark.child

HELLO = {"messages": [{"role": "user", "content": "Hello there"}]}
SPEECH = (
    "I am demo-alice, a built-in demo model without any AI inside. You said: “Hello there”. "
    "Put a real model into your config.yaml to replace me."
)


@pytest.fixture(scope="module")
def model() -> Iterator[DemoProcess]:
    with demo_process("--name", "demo-alice", "--load-time", "0", "--word-delay", "0") as running:
        yield running


def events(model: DemoProcess, path: str, body: dict) -> list:
    connection, response = model.open_stream(path, body)
    assert response.headers["Content-Type"] == "text/event-stream"
    blocks = response.read().decode().split("\n\n")
    connection.close()
    assert blocks.pop() == ""
    assert all(block.startswith("data: ") for block in blocks)
    assert blocks.pop() == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def test_health_and_models(model):
    assert model.exchange("GET", "/health")[:2] == (200, {"status": "ok"})
    status, listing, _ = model.exchange("GET", "/v1/models")
    assert status == 200
    assert [entry["id"] for entry in listing["data"]] == ["demo-alice"]


def test_chat(model):
    status, answer, headers = model.exchange("POST", "/v1/chat/completions", HELLO)
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "demo-alice"
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": SPEECH}, "finish_reason": "stop"}
    ]
    words = len(SPEECH.split())
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": words, "total_tokens": words + 2}


def test_chat_in_a_stream_says_the_same_word_by_word(model):
    chunks = events(model, "/v1/chat/completions", HELLO)
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert len(deltas) == len(SPEECH.split()) + 2
    assert "".join(delta.get("content", "") for delta in deltas) == SPEECH
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]
    assert not any("usage" in chunk for chunk in chunks)


def test_a_stream_ends_with_the_usage_for_those_who_ask(model):
    body = HELLO | {"max_tokens": 3, "stream_options": {"include_usage": True}}
    *_, end, last = events(model, "/v1/chat/completions", body)
    assert end["choices"][0]["finish_reason"] == "length"
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_completions_answer_each_prompt(model):
    status, answer, _ = model.exchange("POST", "/v1/completions", {"prompt": ["a b", "c"], "max_tokens": 11})
    assert status == 200
    assert answer["object"] == "text_completion"
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert {choice["finish_reason"] for choice in answer["choices"]} == {"length"}
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 22, "total_tokens": 25}


def test_completions_in_a_stream(model):
    chunks = events(model, "/v1/completions", {"prompt": "Hello there"})
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == SPEECH
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_embeddings_as_numbers_and_in_base64_are_the_same(model):
    texts = ["a llama", "an alpaca"]
    _, plain, _ = model.exchange("POST", "/v1/embeddings", {"input": texts})
    _, packed, _ = model.exchange("POST", "/v1/embeddings", {"input": texts, "encoding_format": "base64"})
    assert plain["usage"] == packed["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert [item["index"] for item in plain["data"]] == [0, 1]
    for numbers, text in zip(plain["data"], packed["data"], strict=True):
        unpacked = struct.unpack("<64f", base64.b64decode(text["embedding"]))
        assert unpacked == pytest.approx(numbers["embedding"], abs=1e-7)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "part"),
    [
        ("POST", "/v1/chat/completions", b'{"mess', 400, "truncated"),
        ("POST", "/v1/chat/completions", b"", 400, "truncated"),
        ("POST", "/v1/chat/completions", b'{"messages": [{"role": "user", "content": "\xff"}]}', 400, "utf-8"),
        ("POST", "/v1/chat/completions", HELLO | {"max_tokens": "many"}, 400, "$.max_tokens"),
        ("POST", "/v1/completions", {}, 400, "prompt"),
        ("POST", "/v1/embeddings", {"input": {}}, 400, "$.input"),
        ("POST", "/v1/rerank", {}, 404, "/v1/rerank"),
        ("GET", "/v1/completions", None, 405, "Method Not Allowed"),
    ],
)
def test_what_cannot_be_served_is_refused_in_the_envelope(model, method, path, body, status, part):
    got, answer, headers = model.exchange(method, path, body)
    assert got == status
    assert answer["error"]["type"] == "invalid_request_error"
    assert part in answer["error"]["message"]
    assert headers["Allow"] == ("POST" if status == 405 else None)


def test_a_conversation_with_a_large_picture_is_served(model):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3_000_000}}
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, picture]}]}
    status, answer, _ = model.exchange("POST", "/v1/chat/completions", body)
    assert status == 200
    assert "“look”" in answer["choices"][0]["message"]["content"]


def test_while_it_loads_it_refuses_and_then_it_serves():
    started = time.monotonic()
    with demo_process("--load-time", "1.5") as model:
        status, answer, _ = model.exchange("GET", "/health")
        assert status == 503
        assert answer["error"] == {
            "message": "Loading model", "type": "unavailable_error", "code": 503, "param": None,
        }  # fmt: skip
        assert model.exchange("POST", "/v1/chat/completions", HELLO)[0] == 503
        assert model.exchange("GET", "/v1/models")[0] == 200
        while model.exchange("GET", "/health")[0] != 200:
            assert time.monotonic() - started < 20, "still loading after 20 s"
        assert time.monotonic() - started >= 1.5
        assert model.exchange("POST", "/v1/chat/completions", HELLO | {"max_tokens": 1})[0] == 200


def test_a_stream_takes_its_time():
    with demo_process("--load-time", "0", "--word-delay", "0.02") as model:
        started = time.monotonic()
        connection, response = model.open_stream("/v1/chat/completions", HELLO)
        assert response.readline().startswith(b"data: ")
        began = time.monotonic()
        response.read()
        ended = time.monotonic()
        connection.close()
    assert ended - started >= 0.02 * len(SPEECH.split())
    assert ended - began > 0.1, "the stream came in one piece"


@pytest.mark.parametrize("streamed", [True, False])
def test_it_stops_speaking_when_the_client_leaves(streamed):
    with demo_process("--load-time", "0", "--word-delay", "1") as model:
        if streamed:
            connection, response = model.open_stream("/v1/chat/completions", HELLO)
            response.readline()
            response.close()
        else:
            connection = model.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(HELLO))
        connection.close()
        model.expect_line("/v1/chat/completions: broken off before the end", timeout_s=10)
        assert model.exchange("GET", "/health")[0] == 200
