"""No secret survives in a line, however it is spelled."""

import base64

import pytest

from llamaswap_desktop.logs import Redactor

KEY = "sk-live/4f+9a&b"


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY} refused",
        f"GET /v1/models?api_key={KEY} 401",
        "GET /v1/models?api_key=sk-live%2F4f%2B9a%26b 401",
        "Authorization: Basic " + base64.b64encode(f":{KEY}".encode()).decode(),
        f"{KEY}{KEY}",
    ],
)
def test_a_known_key_is_hidden_in_every_spelling(text):
    cleaned = Redactor([KEY]).clean(text)
    assert "4f" not in cleaned
    assert "***" in cleaned


def test_what_follows_bearer_is_hidden_even_if_it_is_not_ours():
    assert Redactor().clean('Authorization: Bearer sk-other", next') == 'Authorization: Bearer ***", next'


def test_of_two_keys_where_one_begins_the_other_nothing_is_left():
    assert Redactor(["secret", "secret-long"]).clean("x secret-long y") == "x *** y"


def test_a_very_short_key_is_hidden_where_it_stands_alone():
    assert Redactor(["abc"]).clean("key abc, not abcdef") == "key ***, not abcdef"


def test_empty_secrets_change_nothing():
    assert Redactor(["", ""]).clean("Bearer of news") == "Bearer *** news"
    assert Redactor([""]).clean("plain text") == "plain text"
