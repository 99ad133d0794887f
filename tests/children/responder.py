"""A model server that misbehaves on request: each flag is a bug that somebody will have.

    python responder.py --port N [--name M] [flags]

Answers /health, chat, completions and embeddings, plain and streamed, as a small OpenAI-compatible server would.
Standard library only, so that it starts fast.
"""

import argparse
import base64
import contextlib
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

GRANDCHILD = "# {1}\nimport signal, sys, time; {0}\nprint('grandchild', flush=True)\nwhile True: time.sleep(60)"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--name", default="m")
    parser.add_argument("--ready-after", type=float, default=0.0, help="answer 503 to health checks for so long")
    parser.add_argument("--never-ready", action="store_true", help="answer 503 to health checks for ever")
    parser.add_argument("--hang-health", action="store_true", help="accept health checks and never answer")
    parser.add_argument("--exit-after", type=float, help="exit by itself after so many seconds")
    parser.add_argument("--exit-code", type=int, default=0)
    parser.add_argument("--deaf", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--stop-takes", type=float, default=0.0, help="seconds that an orderly end takes")
    parser.add_argument("--chunk-delay", type=float, default=0.0, help="seconds between two events of a stream")
    parser.add_argument("--die-mid-stream", action="store_true", help="end in the middle of a stream")
    parser.add_argument("--streams-text", action="store_true", help="stream what is heard, if that is asked for")
    parser.add_argument("--ranks", action="store_true", help="rank documents by the last word of the question")
    parser.add_argument("--flood", type=int, default=0, help="write so many bytes of log at the start")
    parser.add_argument("--say", default="", help="write this line at the start")
    parser.add_argument(
        "--spawn-grandchild", choices=["plain", "setsid", "retitled", "env-i", "deaf"], help="leave one behind"
    )
    parser.add_argument("--tag", default="", help="what the command line of everything that we leave behind shows")
    parser.add_argument(
        "--leak-pipe", type=float, help="leave one that holds our output for so many seconds, untraceably"
    )
    parser.add_argument("--talk-every", type=float, help="write a line every so many seconds")
    parser.add_argument("--silent", action="store_true", help="be healthy and never answer anything else")
    parser.add_argument("--hold", type=int, default=0, metavar="MIB", help="hold so much memory")
    parser.add_argument("--fork-and-exit", action="store_true", help="be a wrapper that starts the server and exits")
    return parser.parse_args()


def spawn_grandchild(kind: str) -> None:
    code = GRANDCHILD.format(DEAF if kind == "deaf" else "", OPTIONS.tag)
    command = [sys.executable, "-c", code]
    if kind == "retitled":
        command = [
            sys.executable,
            "-c",
            f"import setproctitle; setproctitle.setproctitle({('other ' + OPTIONS.tag) * 50!r})\n{code}",
        ]
    if kind == "env-i":
        command = ["env", "-i", *command]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=kind == "setsid")
    child.stdout.readline()  # it is what it should be from here on


def leak_pipe(seconds: float) -> None:
    """Start somebody with our output but neither our session nor our environment, whose parent has gone."""
    sleeper = f"import time; print('leaked', flush=True); time.sleep({seconds})"
    starter = (
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', {sleeper!r}], start_new_session=True, env={{}})\n"
    )
    subprocess.run([sys.executable, "-c", starter], check=True)


def talk(every_s: float) -> None:
    while True:
        print("still here", flush=True)
        time.sleep(every_s)


def picture(content: bytes) -> dict:
    return {"created": 1, "data": [{"b64_json": base64.b64encode(content).decode()}]}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self.answer_one():
                pass

    def answer_one(self) -> bool:
        line = self.rfile.readline().decode()
        if not line:
            return False
        method, path, _ = line.split(" ", 2)
        headers = {}
        while header := self.rfile.readline().strip():
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        path = path.partition("?")[0]
        if path == "/health":
            return self.answer_health()
        if OPTIONS.silent:
            self.rfile.readline()
            return False
        if path == "/env":
            self.send(200, dict(os.environ))
        elif path == "/headers":
            self.send(200, {"method": method, "headers": headers})
        elif method == "POST" and headers.get("content-type", "").startswith("multipart/form-data"):
            self.answer_form(path, body)
        elif method == "POST":
            self.answer_model(path, json.loads(body or b"{}"))
        elif path == "/v1/audio/voices":
            self.send(200, {"voices": ["alto", "tenor"]})
        else:
            self.send(200, {"path": path, "name": OPTIONS.name})
        return True

    def answer_health(self) -> bool:
        if OPTIONS.hang_health:
            self.rfile.readline()
            return False
        is_ready = not OPTIONS.never_ready and time.monotonic() - BEGAN >= OPTIONS.ready_after
        self.send(200 if is_ready else 503, {"status": "ok" if is_ready else "loading model"})
        return True

    def answer_form(self, path: str, body: bytes) -> None:
        """Answer an upload with what came: the size and name of its file, or its prompt as a picture."""
        parts = [part.partition(b"\r\n\r\n") for part in body.split(body.partition(b"\r\n")[0])[1:-1]]
        contents = {re.search(rb'name="(.+?)"', head)[1].decode(): content[:-2] for head, _, content in parts}
        if path.endswith("/edits"):
            self.send(200, picture(contents["prompt"]))
        elif OPTIONS.streams_text and contents.get("stream") == b"true":
            self.stream_text(["what", "was", "heard", "ends", "here"])
        else:
            name = re.search(rb'filename="(.+?)"', body)[1].decode()
            self.send(200, {"text": f"{len(contents['file'])} bytes of {name}"})

    def answer_model(self, path: str, request: dict) -> None:
        if path.endswith("/messages") and request.get("tools"):
            self.use_tool(request)
        elif request.get("stream") and request.get("tools"):
            self.stream_call(request)
        elif request.get("stream"):
            self.stream(request)
        elif path.endswith("/audio/speech"):
            self.send_bytes(200, "audio/mpeg", b"ID3 " + request["input"].encode())
        elif path.endswith("/images/generations"):
            self.send(200, picture(request["prompt"].encode()))
        elif request.get("tools"):
            function = {"name": request["tools"][0]["function"]["name"], "arguments": json.dumps({"city": "Paris"})}
            call = {"id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            self.send(
                200, {"model": request["model"], "choices": [{"message": message, "finish_reason": "tool_calls"}]}
            )
        elif path.endswith("/rerank") and OPTIONS.ranks:
            scores = [document.count(request["query"].split()[-1].strip("?")) for document in request["documents"]]
            self.send(200, {"results": [{"index": i, "relevance_score": s} for i, s in enumerate(scores)]})
        elif path.endswith("/embeddings"):
            self.send(
                200, {"model": request["model"], "data": [{"embedding": [0.0, 1.0]}], "usage": {"prompt_tokens": 3}}
            )
        else:
            self.send(
                200,
                {
                    "model": request["model"],
                    "server": OPTIONS.name,
                    "choices": [{"message": {"role": "assistant", "content": f"I am {OPTIONS.name}."}}],
                    "usage": {"prompt_tokens": 12, "completion_tokens": 7},
                },
            )

    def stream(self, request: dict) -> None:
        with self.event_stream():
            for number in range(int(request.get("max_tokens", 5))):
                self.event({"model": request["model"], "choices": [{"delta": {"content": f"{OPTIONS.name}{number} "}}]})
                if OPTIONS.die_mid_stream and number == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(OPTIONS.chunk_delay)
            self.event(
                {"model": request["model"], "choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 7}}
            )
            self.chunk(b"data: [DONE]\n\n")

    def stream_call(self, request: dict) -> None:
        """Call the first tool, its arguments in two pieces, as OpenAI's servers stream it."""
        with self.event_stream():
            name = request["tools"][0]["function"]["name"]
            for call in (
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city": '}},
                {"index": 0, "function": {"arguments": '"Paris"}'}},
            ):
                self.event({"model": request["model"], "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
            end = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
            self.event({"model": request["model"], "choices": [end]})
            self.chunk(b"data: [DONE]\n\n")

    def use_tool(self, request: dict) -> None:
        """Use the first tool with what was seen, as Anthropic's servers answer it, plain or streamed."""
        parts = [part for message in request["messages"] for part in message["content"] if isinstance(part, dict)]
        seen = sum(len(base64.b64decode(part["source"]["data"])) for part in parts if part["type"] == "image")
        block = {"type": "tool_use", "id": "toolu_1", "name": request["tools"][0]["name"], "input": {"bytes": seen}}
        usage = {"input_tokens": 12, "output_tokens": 7}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": request["model"], "usage": usage}
        if not request.get("stream"):
            self.send(200, {**message, "content": [block], "stop_reason": "tool_use", "stop_sequence": None})
            return
        with self.event_stream():
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            for kind, value in (
                ("message_start", {"message": {**message, "content": [], "stop_reason": None, "stop_sequence": None}}),
                ("content_block_start", {"index": 0, "content_block": {**block, "input": {}}}),
                ("content_block_delta", {"index": 0, "delta": delta}),
                ("content_block_stop", {"index": 0}),
                ("message_delta", {"delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": usage}),
                ("message_stop", {}),
            ):
                self.chunk(b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **value}).encode()))

    def stream_text(self, words: list[str]) -> None:
        with self.event_stream():
            for word in words:
                self.event({"type": "transcript.text.delta", "delta": f"{word} "})
                time.sleep(OPTIONS.chunk_delay)
            self.event({"type": "transcript.text.done", "text": " ".join(words) + "."})

    @contextlib.contextmanager
    def event_stream(self) -> Iterator[None]:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        yield
        self.wfile.write(b"0\r\n\r\n")

    def event(self, value: dict) -> None:
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def send(self, status: int, value: dict) -> None:
        self.send_bytes(status, "application/json", json.dumps(value).encode())

    def send_bytes(self, status: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


def on_terminate(*_: object) -> None:
    time.sleep(OPTIONS.stop_takes)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN if OPTIONS.deaf else on_terminate)
    if OPTIONS.say:
        print(OPTIONS.say, flush=True)
    if OPTIONS.flood:
        line = b"x" * 99 + b"\n"
        for _ in range(OPTIONS.flood // 100):
            sys.stdout.buffer.write(line)
        sys.stdout.flush()
    if OPTIONS.spawn_grandchild:
        spawn_grandchild(OPTIONS.spawn_grandchild)
    if OPTIONS.leak_pipe:
        leak_pipe(OPTIONS.leak_pipe)
    if OPTIONS.talk_every:
        threading.Thread(target=talk, args=[OPTIONS.talk_every], daemon=True).start()
    if OPTIONS.fork_and_exit and os.fork():
        os._exit(OPTIONS.exit_code)
    if OPTIONS.exit_after is not None:
        time.sleep(OPTIONS.exit_after)
        print(f"{OPTIONS.name} gives up", flush=True)
        os._exit(OPTIONS.exit_code)
    held = b"\x01" * (OPTIONS.hold << 20)  # noqa: F841 - for as long as we serve
    with Server((OPTIONS.host, OPTIONS.port), Connection) as server:
        print(f"{OPTIONS.name} listens", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    socket.setdefaulttimeout(None)
    BEGAN = time.monotonic()
    OPTIONS = parse_arguments()
    main()
