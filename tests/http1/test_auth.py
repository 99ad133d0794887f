"""API keys (HTTP specification, section 3)."""

import base64

import pytest

from llamaswap_desktop.errors import Unauthorized
from llamaswap_desktop.http1 import Keys, Request


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
    Keys(api=("k1", "k2")).check(request(**headers))


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
        Keys(api=("k1", "k2")).check(request(**headers))


def test_no_keys_means_no_check():
    Keys().check(request())
