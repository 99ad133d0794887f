"""The scanner of JSON members, in whole and in every way to cut a text (HTTP specification, section 6.1)."""

import pytest

from llamaswap_desktop.proxy import members
from llamaswap_desktop.proxy.members import MemberScanner, is_true, members_of, text_of


def found(text: bytes) -> list[tuple[str, bytes]]:
    return [(member.name, text[member.value : member.end]) for member in members_of(text).members]


TEXTS = {
    b'{"a": [1, {"b": "]"}], "c" : {"d":"}"}, "e": "x", "f": -1.5e3}': [
        ("a", b'[1, {"b": "]"}]'),
        ("c", b'{"d":"}"}'),
        ("e", b'"x"'),
        ("f", b"-1.5e3"),
    ],
    b' \r\n{ "messages" : [{"model":"inner"}] , "model" : "m1" }': [
        ("messages", b'[{"model":"inner"}]'),
        ("model", b'"m1"'),
    ],
    b'{"model":"first","model":"second"}': [("model", b'"first"'), ("model", b'"second"')],
    b'{"model":"m1", and now something that is no JSON': [("model", b'"m1"')],
    b'{"content":"say \\"model\\": \\\\","model":"m1"}': [("content", b'"say \\"model\\": \\\\"'), ("model", b'"m1"')],
    b'{"text":"unpaired ] } [","model":"m1"}': [("text", b'"unpaired ] } ["'), ("model", b'"m1"')],
    b'{"\\u006dodel":true,"n":null}': [("model", b"true"), ("n", b"null")],
    b'[1, "two" ,{"three":3}]': [("0", b"1"), ("1", b'"two"'), ("2", b'{"three":3}')],
    b'{"model":12.50': [("model", b"12.50")],
    b'{"model":"m1': [],
    b'{"model":': [],
    b'{"model"': [],
    b'{broken, "model":"m1"}': [],
    b'{"a":,"model":"m1"}': [],
    b"{}": [],
    b"{": [],
    b"[]": [],
    b'"model"': [],
    b"not json": [],
    b"": [],
    '{"größe":"größe"}'.encode(): [("größe", '"größe"'.encode())],
    b'{"bad \xff":"\xff"}': [("bad \ufffd", b'"\xff"')],
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_members_of_a_whole_text(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_members_are_the_same_however_the_text_is_cut(text):
    whole = members_of(text).members
    for size in (1, 2, 3, 7):
        scanner = MemberScanner()
        for at in range(0, len(text), size):
            scanner.feed(text[at : at + size])
        scanner.finish()
        assert scanner.members == whole


def test_no_more_members_are_kept_than_memory_allows(monkeypatch):
    monkeypatch.setattr(members, "_MAX_MEMBERS", 100)
    scanner = members_of(b"{" + b'"a":1,' * 500)
    assert len(scanner.members) == 100
    assert scanner.is_too_much


@pytest.mark.parametrize(
    ("value", "text"),
    [(b'"m"', "m"), (b"null", ""), (b"12.50", "12.50"), (b'"caf\\u00e9/\\"q\\""', 'café/"q"'), (b'"\\x"', "\\x")],
)
def test_text_of_a_value(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("value", [b"true", b"1", b"0.5", b"-1", b'"true"', b'"TRUE"', b'"1"', b'"t"'])
def test_what_counts_as_true(value):
    assert is_true(value)


@pytest.mark.parametrize("value", [b"false", b"0", b"0.0", b"null", b'""', b'"yes"', b'"false"', b"{}", b"[1]", b""])
def test_what_does_not(value):
    assert not is_true(value)
