import pytest

from llamaswap_desktop.activity.failures import failure_message, shortened


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (502, b'{"error":{"message":" upstream error: gone "},"message":"no"}', "upstream error: gone"),
        (400, b'{"error":"bad","message":"no"}', "bad"),
        (400, b'{"error":{"message":"  "},"message":"second"}', "second"),
        (422, b'{"detail":"field required"}', "field required"),
        (400, b'{"error":{"message":5},"detail":["x"]}', "400 Bad Request"),
        (502, b"", "502 Bad Gateway"),
        (502, b"<html>", "502 Bad Gateway"),
        (500, b'["error"]', "500 Internal Server Error"),
        (499, b"", "HTTP 499"),
        (413, b"", "413 Request Entity Too Large"),
        (404, b"\xff{", "404 Not Found"),
        (500, b"[" * 100_000, "500 Internal Server Error"),
    ],
)
def test_failure_message(status, body, expected):
    assert failure_message(status, body) == expected


def test_long_messages_are_cut_at_500_bytes_and_never_inside_a_letter():
    assert shortened("x" * 500) == "x" * 500
    assert shortened("x" * 501) == "x" * 500 + "..."
    assert shortened("x" + "é" * 300) == "x" + "é" * 249 + "..."
    assert shortened("\ud800") == "?"
