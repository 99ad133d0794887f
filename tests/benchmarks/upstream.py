"""The model server of the benchmarks: answers with constants, as fast as the loop can write.

    python upstream.py --port N [--ready-after SECONDS]

A plain request gets about 400 bytes; one with ``"stream":true`` gets as many events of about 200 bytes as its
``"max_tokens":N`` says, one per write: as fast as the loop can, or one every ``"pause":SECONDS``.  Each event carries
its number and the time at which it was written.
"""

import argparse
import asyncio
import re
import resource
import sys
import time

BODY = b'{"id":"x","object":"chat.completion","model":"bench","choices":[{"index":0,"message":{"role":"assistant",' + (
    b'"content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":7,"total_tokens":19}}'
    % (b"word " * 40)
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
EVENT = b'data: {"id":"%%d","sent":%%.6f,"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % (
    b"w" * 100
)
DONE = b"data: [DONE]\n\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
HEALTH = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
WAIT = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
READY_AT = 0.0


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Model(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""
        self.can_write = asyncio.Event()
        self.can_write.set()

    def pause_writing(self):
        self.can_write.clear()

    def resume_writing(self):
        self.can_write.set()

    def data_received(self, data):
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            head = self.rest[:end].lower()
            at = head.find(b"content-length: ")
            length = int(head[at + 16 : (head.find(b"\r\n", at) + 1 or len(head) + 1) - 1]) if at >= 0 else 0
            if len(self.rest) < end + 4 + length:
                return
            body = self.rest[end + 4 : end + 4 + length]
            self.rest = self.rest[end + 4 + length :]
            self.answer(head, body)

    def answer(self, head, body):
        if head.startswith(b"get /health"):
            self.transport.write(HEALTH if time.monotonic() >= READY_AT else WAIT)
        elif b'"stream":true' in body:
            count = int(re.search(rb'"max_tokens":(\d+)', body)[1])
            pause_s = float((re.search(rb'"pause":([\d.]+)', body) or [b"", b"0"])[1])
            self.task = asyncio.get_running_loop().create_task(self.stream(count, pause_s))
        else:
            self.transport.write(PLAIN)

    async def stream(self, count, pause_s):
        self.transport.write(STREAM_HEAD)
        due = time.monotonic()
        for number in range(count):
            await self.can_write.wait()
            self.transport.write(chunk(EVENT % (number, time.monotonic())))
            due += pause_s
            await asyncio.sleep(max(0.0, due - time.monotonic()) if pause_s else 0)
        self.transport.write(chunk(DONE) + b"0\r\n\r\n")


async def serve(port):
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ready-after", type=float, default=0.0)
    options = parser.parse_args()
    global READY_AT  # noqa: PLW0603 - the script's one setting
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    READY_AT = time.monotonic() + options.ready_after
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    try:
        run(serve(options.port))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
