"""Section 7.1: the loose check of URLs."""

import pytest

from llamaswap_desktop.config.urls import url_problem


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "https://host/path?x=%zz#%zz",
        "http://[::1]:8080/x",
        "http://[::1]",
        "http://h:",
        "http://h:99999",
        "http://user:pw@h:1",
        "http://h/a%20b",
        "http://h/a b",
        "http://grüße/x",
        "http://my_host:80",
        "localhost:8080",
        "foo://bar",
        "h",
        "h/x:y",
        "/path:x",
        "//h:1/x",
        "",
        "http://",
        "mailto:a b",
    ],
)
def test_accepted(url):
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://h\n", "control"),
        ("http://h\x7f", "control"),
        ("http://h:abc", "port"),
        ("http://h:80a/x", "port"),
        ("http://[::1]:x", "port"),
        ("http://[::1]x", "port"),
        ("http://my host", "space"),
        ("http://h|x", "character"),
        ("http://h\\x", "character"),
        ("http://[::1", "]"),
        ("http://::1/x", "colons"),
        ("http://a:1:2", "colons"),
        ("http://h%zz/", "%"),
        ("http://h%20x/", "%"),
        ("http://h/%zz", "%"),
        ("http://h/%2", "%"),
        ("/x%", "%"),
        ("://x", "scheme"),
        (":80", "scheme"),
        ("10.0.0.2:80", "scheme"),
        ("my_host:80", "scheme"),
        ("http://us er@h", "user"),
    ],
)
def test_refused(url, reason):
    assert reason in url_problem(url)
