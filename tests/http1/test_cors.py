"""The answer to OPTIONS (HTTP specification, section 4)."""

import pytest

from llamaswap_desktop.http1 import preflight_headers
from tests.http1.test_auth import request


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("X-One , x-two", b"X-One, x-two"),
        ("bad name, ok, x:y, (z)", b"ok"),
        ("", b"Content-Type, Authorization, Accept, X-Requested-With"),
        ("<script>", b"Content-Type, Authorization, Accept, X-Requested-With"),
    ],
)
def test_asked_names_come_back_if_they_are_names(asked, allowed):
    headers = dict(preflight_headers(request(access_control_request_headers=asked)))
    assert headers[b"Access-Control-Allow-Headers"] == allowed
    assert headers[b"Access-Control-Allow-Origin"] == b"*"


def test_usual_names_without_a_wish():
    assert b"Authorization" in dict(preflight_headers(request()))[b"Access-Control-Allow-Headers"]
