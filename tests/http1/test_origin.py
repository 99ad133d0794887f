"""Which hosts and pages may reach the control routes (HTTP specification, section 3.1)."""

import pytest

from llamaswap_desktop.errors import Forbidden
from llamaswap_desktop.http1 import check_host, check_origin
from tests.http1.test_auth import request


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:9292",
        "app.localhost",
        "127.0.0.1:1",
        "[::1]:80",
        "[fe80::1%25eth0]",
        "10.1.2.3",
        "my.box",
    ],
)
def test_own_names(host):
    check_host(request(host=host), ("My.Box",))


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "notlocalhost", "1.2.3"]
)
def test_foreign_names(host):
    with pytest.raises(Forbidden, match="host not allowed"):
        check_host(request(host=host), ("my.box", ""))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
def test_any_name_if_the_configuration_says_so(host):
    check_host(request(host=host), ("*",))


FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "http://localhost:1"},
    {"origin": "null"},
    {"origin": ""},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "Cross-Site", "origin": "http://localhost:9292"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_foreign_pages(headers):
    with pytest.raises(Forbidden, match="cross-site request not allowed"):
        check_origin(request(host="localhost:9292", **headers), ())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:9292"},
        {"origin": "HTTP://LOCALHOST:9292"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://friend.example"},
        {"origin": "https://friend.example", "sec_fetch_site": "cross-site"},
    ],
)
def test_own_pages_and_friends(headers):
    check_origin(request(host="localhost:9292", **headers), ("https://friend.example",))


@pytest.mark.parametrize("headers", FOREIGN)
def test_any_page_if_the_configuration_says_so(headers):
    check_origin(request(host="localhost:9292", **headers), ("*",))
