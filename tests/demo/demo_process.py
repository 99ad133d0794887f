"""A demo model in a process of its own, as the program starts it, for tests."""

import http.client
import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PROGRAM = "import sys; from llamaswap_desktop.demo import run; sys.exit(run(sys.argv[1:]))"
_JSON = {"Content-Type": "application/json"}


class DemoProcess:
    """A running demo model: its log, its exit, and a client for it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._collect, name="demo model's log", daemon=True).start()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)$", self.expect_line("listens on"))[1])

    def _collect(self) -> None:
        for line in self.child.stdout:
            self._lines.put(line.rstrip("\n"))

    def expect_line(self, part: str, timeout_s: float = 20) -> str:
        """Wait for a log line that holds ``part``, and return it."""
        deadline = time.monotonic() + timeout_s
        seen = []
        while True:
            try:
                seen.append(self._lines.get(timeout=max(0, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"no line with {part!r} within {timeout_s} s, but {seen}") from None
            if part in seen[-1]:
                return seen[-1]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def exchange(self, method: str, path: str, body: object = None) -> tuple[int, dict, http.client.HTTPMessage]:
        """Send one request (bytes as they are, anything else as JSON) and return status, JSON and headers."""
        connection = self.connect()
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        try:
            connection.request(method, path, sent, _JSON)
            response = connection.getresponse()
            return response.status, json.loads(response.read()), response.headers
        finally:
            connection.close()

    def open_stream(self, path: str, body: dict) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self.connect()
        connection.request("POST", path, json.dumps(body | {"stream": True}), _JSON)
        return connection, connection.getresponse()


@contextmanager
def demo_process(*flags: str) -> Iterator[DemoProcess]:
    """Run a demo model on a free port; it is killed at the end if it is still there."""
    command = [sys.executable, "-c", _PROGRAM, "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            yield DemoProcess(child)
        finally:
            child.kill()
