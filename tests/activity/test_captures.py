import os

import pytest

from llamaswap_desktop.activity.captures import CaptureBuffer, kept_bodies, pack
from llamaswap_desktop.activity.records import Capture


def capture(body: bytes | None = b"body") -> Capture:
    return Capture(0, "/v1/chat/completions", {"User-Agent": "x"}, b"", {"Content-Type": "text/plain"}, body)


def test_comes_back_as_it_went_in():
    buffer = CaptureBuffer(10_000)
    for number, body in enumerate((b"text", b"", None)):
        buffer.add(number, pack(capture(body)))
        its = buffer.get(number)
        assert (its.id, its.req_body, its.resp_body) == (number, b"", body)
        assert its.req_headers == {"User-Agent": "x"}
    assert buffer.get(3) is None


def test_the_oldest_leave_first_and_compressed_bytes_count():
    packed = pack(capture(os.urandom(1000)))
    buffer = CaptureBuffer(3 * len(packed))
    for number in range(5):
        buffer.add(number, packed)
    assert [number for number in range(5) if number in buffer] == [2, 3, 4]
    buffer.add(9, pack(capture(bytes(100_000))))  # compresses to next to nothing
    assert 9 in buffer


def test_one_larger_than_the_budget_drives_nobody_out():
    buffer = CaptureBuffer(500)
    buffer.add(1, pack(capture(b"small")))
    buffer.add(2, pack(capture(os.urandom(1000))))
    assert (1 in buffer, 2 in buffer) == (True, False)


def test_a_smaller_budget_counts_at_once():
    buffer = CaptureBuffer(10_000)
    buffer.add(1, pack(capture()))
    buffer.resize(0)
    assert 1 not in buffer


@pytest.mark.parametrize(
    ("path", "request_kept", "response_kept"),
    [
        ("/v1/chat/completions", True, True),
        ("/chat/completions", True, True),
        ("/v1/audio/speech", True, False),
        ("/v1/images/generations", True, False),
        ("/sdapi/v1/txt2img", True, False),
        ("/v1/audio/voices", False, True),
        ("/v1/audio/transcriptions", False, True),
        ("/v1/images/edits", False, False),
        ("/sdapi/v1/img2img", False, False),
    ],
)
def test_which_bodies_are_kept(path, request_kept, response_kept):
    kept = kept_bodies(path)
    assert (kept.request, kept.response) == (request_kept, response_kept)
