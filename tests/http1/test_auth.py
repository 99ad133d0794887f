"""API keys (HTTP specification, section 3)."""

import base64

import pytest

from llamaswap_desktop.errors import Forbidden, Unauthorized
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


KEYS = Keys(api=("k1",), admin=("chief",), own_token="token")


@pytest.mark.parametrize("key", ["chief", "token"])
def test_admin_key_opens_everything(key):
    KEYS.check(request(x_api_key=key))
    KEYS.check(request(x_api_key=key), for_admin=True)


def test_api_key_does_not_command():
    KEYS.check(request(x_api_key="k1"))
    with pytest.raises(Forbidden, match="admin key required"):
        KEYS.check(request(x_api_key="k1"), for_admin=True)
    with pytest.raises(Unauthorized):
        KEYS.check(request(x_api_key="nope"), for_admin=True)


def test_without_admin_keys_an_api_key_commands():
    Keys(api=("k1",)).check(request(x_api_key="k1"), for_admin=True)
    Keys().check(request(), for_admin=True)


def test_admin_keys_alone_leave_clients_free():
    keys = Keys(admin=("chief",))
    keys.check(request())
    with pytest.raises(Unauthorized):
        keys.check(request(), for_admin=True)


def test_headers_with_our_keys_are_removed_and_others_stay():
    headers = [
        (b"Authorization", basic("x:k1").encode()),
        (b"X-Api-Key", b"chief"),
        (b"Authorization", b"Bearer token"),
        (b"Authorization", b"Bearer theirs"),
        (b"Cookie", b"k1"),
    ]
    assert KEYS.without_ours(headers) == headers[3:]
    assert Keys().without_ours(headers) == headers
