"""API keys (HTTP specification, section 3)."""

import base64

import pytest

from llamaswap_desktop.errors import Unauthorized
from llamaswap_desktop.http1 import Request, check_api_key


def request(**headers: str) -> Request:
    return Request(
        method="GET",
        target="/",
        version="1.1",
        headers=[(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        length=0,
        keep_alive=True,
        client="127.0.0.1",
    )


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer k2"},
        {"authorization": "bearer k2"},
        {"Authorization": basic("anybody:k2")},
        {"X_Api_Key": "k2"},
        {"Authorization": basic("user:"), "x_api_key": "k2"},
        {"Authorization": "Basic !!!", "x_api_key": "k2"},
    ],
)
def test_one_of_the_keys_opens(headers):
    check_api_key(request(**headers), ("k1", "k2"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nope"},
        {"Authorization": "Bearer nope", "x_api_key": "k1"},
        {"Authorization": "k1"},
        {"x_api_key": "K1"},
        {"x_api_key": ""},
    ],
)
def test_anything_else_does_not(headers):
    with pytest.raises(Unauthorized):
        check_api_key(request(**headers), ("k1", "k2"))


def test_no_keys_means_no_check():
    check_api_key(request(), ())
