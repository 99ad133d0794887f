"""One request and its answer, written to a wire that the test looks at."""

import pytest

from llamaswap_desktop.errors import ModelNotFound
from llamaswap_desktop.http1 import Exchange, Request


class Wire:
    def __init__(self):
        self.written = b""
        self.writes = 0
        self.finished = []
        self.is_aborted = False
        self.is_tunnel = False

    def write(self, pieces):
        self.written += b"".join(pieces)
        self.writes += 1

    def exchange_finished(self, _exchange, *, reusable):
        self.finished.append(reusable)

    def become_tunnel(self):
        self.is_tunnel = True

    def abort(self):
        self.is_aborted = True

    def hold_reading(self, hold):
        pass


def exchange(method="GET", version="1.1", *, keep_alive=True):
    wire = Wire()
    request = Request(
        method=method, target="/", version=version, headers=[], length=0, keep_alive=keep_alive, client="127.0.0.1"
    )
    return Exchange(request, wire), wire


def test_whole_answer_is_one_write():
    its, wire = exchange()
    its.respond(200, [(b"A", b"b"), (b"content-length", b"99")], b"hi")
    assert wire.written == b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi"
    assert (wire.writes, wire.finished) == (1, [True])
    assert (its.status, its.body_bytes) == (200, 2)


def test_nothing_is_written_after_the_end():
    its, wire = exchange()
    its.respond(200, [])
    before = wire.written
    its.send(b"x")
    its.flush()
    its.finish()
    its.abort()
    its.interim(103, [])
    its.switch_protocols([])
    assert (wire.written, wire.finished, wire.is_aborted) == (before, [True], False)


def test_trailers_follow_chunks_only():
    its, wire = exchange()
    its.begin(200, [], length=None)
    its.send(b"x")
    its.finish([(b"T", b"1")])
    assert wire.written.endswith(b"1\r\nx\r\n0\r\nT: 1\r\n\r\n")
    its, wire = exchange()
    its.begin(200, [], length=1)
    its.send(b"x")
    its.finish([(b"T", b"1")])
    assert wire.written.endswith(b"\r\n\r\nx")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_without_a_body(method, status):
    its, wire = exchange(method)
    its.begin(status, [], length=5)
    its.send(b"hello")
    its.finish()
    assert wire.written.endswith(b"\r\n\r\n")
    assert its.body_bytes == 0
    assert (b"Content-Length: 5" in wire.written) is (status != 204)


def test_unknown_length_closes_for_http_1_0():
    its, wire = exchange(version="1.0")
    its.begin(200, [], length=None)
    its.send(b"x")
    its.finish()
    assert wire.written == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx"
    assert wire.finished == [False]


def test_interim_heads_go_before_the_answer_and_never_to_http_1_0():
    its, wire = exchange()
    its.interim(103, [(b"Link", b"x")])
    assert wire.written == b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    its, wire = exchange(version="1.0")
    its.interim(103, [])
    assert wire.written == b""


def test_tunnel_carries_bytes_as_they_are():
    its, wire = exchange()
    its.switch_protocols([(b"Upgrade", b"websocket")])
    assert wire.is_tunnel
    its.send(b"raw")
    its.finish()
    assert wire.written == (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nraw")
    assert wire.finished == [False]


def test_failure_in_the_accepted_form():
    its, wire = exchange()
    its.fail(ModelNotFound("no router for requested model"))
    assert wire.written.startswith(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n")
    assert repr(its).startswith("<Exchange GET / 404")
