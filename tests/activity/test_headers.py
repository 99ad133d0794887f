import pytest

from llamaswap_desktop.activity.headers import canonical_name, header, shown_headers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"x-session-ID", "X-Session-Id"),
        (b"USER-AGENT", "User-Agent"),
        (b"etag", "Etag"),
        (b"x--a", "X--A"),
        (b"x_y-z", "X_y-Z"),
        (b"not a token", "not a token"),
        (b"\xe9", "é"),
    ],
)
def test_canonical_name(name, expected):
    assert canonical_name(name) == expected


def test_secrets_host_and_repeats_are_left_out():
    secrets = [b"authorization", b"PROXY-authorization", b"Cookie", b"set-cookie", b"x-api-key"]
    shown = shown_headers(
        [
            (b"Host", b"h"),
            *((name, b"hush") for name in secrets),
            (b"x-a", b"1"),
            (b"X-A", b"2"),
            (b"x-b", "ü".encode()),
        ]
    )
    assert shown == {
        "Authorization": "[REDACTED]",
        "Proxy-Authorization": "[REDACTED]",
        "Cookie": "[REDACTED]",
        "Set-Cookie": "[REDACTED]",
        "X-Api-Key": "[REDACTED]",
        "X-A": "1",
        "X-B": "ü",
    }


def test_header_finds_the_first():
    assert header([(b"Content-type", b" a "), (b"content-type", b"b")], b"content-type") == "a"
    assert header([], b"content-type") == ""
