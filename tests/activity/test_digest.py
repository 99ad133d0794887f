"""What is recorded of each kind of ending (HTTP specification, sections 20.4 and 22)."""

import gzip

import pytest

from llamaswap_desktop.activity.captures import CaptureBuffer
from llamaswap_desktop.activity.digest import digest
from llamaswap_desktop.activity.records import Tokens
from tests.activity.requests import JSON, USAGE, finished, tapped

GZIP = [*JSON, (b"content-encoding", b"gzip")]
ERROR = b'{"error":{"message":"upstream error: gone"}}'


def captured(its):
    buffer = CaptureBuffer(10**9)
    if its.capture is None:
        return None
    buffer.add(1, its.capture)
    return buffer.get(1)


def test_a_good_answer():
    its = digest(finished(), with_capture=True)
    assert (its.tokens.input_tokens, its.tokens.output_tokens, its.error) == (12, 7, "")
    assert (its.duration_ms, its.content_type) == (250, "application/json")
    capture = captured(its)
    assert (capture.req_body, capture.resp_body) == (b'{"model":"m"}', USAGE)


def test_without_captures():
    assert digest(finished(), with_capture=False).capture is None


def test_duration_is_at_least_what_the_model_claims():
    body = b'{"timings":{"prompt_ms":200,"predicted_ms":1250.5}}'
    assert digest(finished(body), with_capture=False).duration_ms == 1450
    assert digest(finished(body, duration_s=9), with_capture=False).duration_ms == 9000
    assert digest(finished(b'{"timings":{"prompt_ms":1e300}}'), with_capture=False).duration_ms < 2**63


@pytest.mark.parametrize("body", [b'{"x":1}', b"{", b"data: x\n\n"])
def test_no_figures_are_zeros_and_a_capture(body):
    its = digest(finished(body), with_capture=True)
    assert (its.tokens, its.error) == (Tokens(), "")
    assert captured(its).resp_body == body


def test_an_empty_200_has_no_capture():
    its = digest(finished(b"", response_headers=[]), with_capture=True)
    assert (its.tokens, its.error, its.content_type, its.capture) == (Tokens(), "", "", None)


def test_an_encoded_answer_is_captured_decoded():
    its = digest(finished(gzip.compress(USAGE), response_headers=GZIP), with_capture=True)
    assert its.tokens.input_tokens == 12
    capture = captured(its)
    assert capture.resp_body == USAGE
    assert capture.resp_headers == {"Content-Type": "application/json"}


def test_an_unknown_encoding_is_taken_as_plain_and_still_named():
    its = digest(finished(response_headers=[*JSON, (b"Content-Encoding", b"br")]), with_capture=True)
    assert captured(its).resp_headers["Content-Encoding"] == "br"


def test_undecodable():
    its = digest(finished(b"no gzip", response_headers=GZIP), with_capture=True)
    assert its.error.startswith("response decompression failed: ")
    assert (its.tokens, its.capture) == (Tokens(), None)
    its = digest(finished(b"no gzip", response_headers=GZIP, status=500), with_capture=True)
    assert its.error.startswith("response decode failed: ")


@pytest.mark.parametrize("status", [201, 404, 429, 499, 502])
def test_any_other_status_has_a_reason_and_no_body_in_its_capture(status):
    its = digest(finished(ERROR, status=status), with_capture=True)
    assert (its.tokens, its.error) == (Tokens(), "upstream error: gone")
    capture = captured(its)
    assert (capture.req_body, capture.resp_body) == (b'{"model":"m"}', None)


def test_a_packed_reason_is_read_too():
    its = digest(finished(gzip.compress(ERROR), response_headers=GZIP, status=502), with_capture=False)
    assert its.error == "upstream error: gone"


def test_the_reason_that_the_proxy_knows_counts_first():
    its = digest(finished(b"data: x\n\n", error=" upstream error: died "), with_capture=True)
    assert its.error == "upstream error: died"
    assert captured(its).resp_body == b"data: x\n\n"


def test_an_answer_too_long_to_keep():
    body = USAGE[:-1] + b',"data":[' + b"0," * 200_000 + b"0]}"
    its = digest(finished(response=tapped(body)), with_capture=True)
    assert its.tokens.input_tokens == 12
    assert captured(its).resp_body is None
    packed = gzip.compress(body, compresslevel=0)
    its = digest(finished(response=tapped(packed), response_headers=GZIP), with_capture=True)
    assert (its.tokens.input_tokens, its.error) == (12, "")
    its = digest(finished(response=tapped(body), status=500), with_capture=True)
    assert its.error == "500 Internal Server Error"


@pytest.mark.parametrize(
    ("path", "request_body", "response_body"),
    [
        ("/v1/audio/speech", b'{"model":"m"}', None),
        ("/v1/audio/transcriptions", None, USAGE),
        ("/v1/images/edits", None, None),
    ],
)
def test_sound_and_pictures_are_not_kept(path, request_body, response_body):
    capture = captured(digest(finished(path=path), with_capture=True))
    assert (capture.req_path, capture.req_body, capture.resp_body) == (path, request_body, response_body)
