"""Changing a JSON text by its spans (HTTP specification, section 9.1)."""

import json
import random

import pytest

from llamaswap_desktop.proxy.document import BadPath, Document, Span, parse_path
from llamaswap_desktop.proxy.members import members_of


def document(text: bytes) -> Document:
    return Document(members_of(text), lambda start, end: text[start:end], len(text))


def changed(text: bytes, *changes) -> bytes:
    its = document(text)
    for change in changes:
        if len(change) == 1:
            its.strip(parse_path(change[0]))
        else:
            its.set(parse_path(change[0]), change[1])
    return its.text()


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        (b'{"a":1}', [], b'{"a":1}'),
        (b' { "a" : 1 , "b":2 } tail', [("a", b"7")], b' { "a" : 7 , "b":2 } tail'),
        (b"{}", [("a", b"1")], b'{"a":1}'),
        (b"{ }", [("a", b"1"), ("b", b"2")], b'{"a":1,"b":2 }'),
        (b'{"a":1}', [("a",)], b"{}"),
        (b'{"a":1, "b":2, "c":3}', [("a",)], b'{"b":2, "c":3}'),
        (b'{"a":1, "b":2, "c":3}', [("b",)], b'{"a":1, "c":3}'),
        (b'{"a":1, "b":2, "c":3}', [("c",)], b'{"a":1, "b":2}'),
        (b'{"a":1, "b":2, "c":3}', [("a",), ("c",)], b'{"b":2}'),
        (b'{"a":1, "b":2}', [("a",), ("b",), ("x", b"0")], b'{"x":0}'),
        (b'{"a":1,"a":2}', [("a", b"3")], b'{"a":3,"a":2}'),
        (b'{"a":1,"a":2}', [("a",)], b"{}"),
        (b'{"a":{"b": 1 }}', [("a.b", b"2")], b'{"a":{"b": 2 }}'),
        (b'{"a":{"b":1,"c":2}}', [("a.b",)], b'{"a":{"c":2}}'),
        (b'{"a":5}', [("a.b", b"1")], b'{"a":{"b":1}}'),
        (b'{"a":5}', [("a.b",), ("x.y",)], b'{"a":5}'),
        (b'{"a":[1,2]}', [("a.1", b"9")], b'{"a":[1,9]}'),
        (b'{"a":[1]}', [("a.3", b"9")], b'{"a":[1,null,null,9]}'),
        (b'{"a":[]}', [("a.0.b", b"9")], b'{"a":[{"b":9}]}'),
        (b'{"a":[1,2,3]}', [("a.1",)], b'{"a":[1,3]}'),
        (b'{"a.b":1,"a":{"b":2}}', [(r"a\.b", b"3")], b'{"a.b":3,"a":{"b":2}}'),
        (b'{"a":1, broken', [("b", b"2")], b'{"a":1,"b":2, broken'),
    ],
)
def test_changes(text, changes, expected):
    assert changed(text, *changes) == expected


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b"])
def test_path_with_an_empty_name(key):
    with pytest.raises(BadPath):
        parse_path(key)


def test_path_through_an_array_needs_an_index():
    with pytest.raises(BadPath, match="'x' is no index"):
        changed(b'{"a":[1]}', ("a.x", b"1"))
    with pytest.raises(BadPath):
        changed(b'{"a":[1]}', ("a.99999999", b"1"))


def test_member_too_large_to_go_down_into():
    text = b'{"a":{"b":"' + b"x" * (9 * 1024 * 1024) + b'"}}'
    with pytest.raises(BadPath, match="larger than"):
        changed(text, ("a.c", b"1"))


def test_untouched_neighbours_are_one_stretch():
    text = b'{"a":1,"b":2,"c":3,"d":4}'
    its = document(text)
    its.set(["b"], b"5")
    assert its.pieces() == [Span(0, 11), b"5", Span(12, 25)]


def test_random_documents_change_as_dictionaries_do():
    """JSON texts with odd spacing; Python's own decoder is the judge."""
    chance = random.Random(7)

    def spell(value, depth=0):
        space = chance.choice(["", " ", "\n  "])
        if isinstance(value, dict):
            inner = f"{space},".join(f"{space}{json.dumps(key)}:{space}{spell(each)}" for key, each in value.items())
            return "{" + inner + space + "}"
        if isinstance(value, list):
            return "[" + ",".join(space + spell(each) for each in value) + space + "]"
        return json.dumps(value)

    def make(depth):
        kind = chance.randrange(6 if depth < 3 else 4)
        if kind == 4:
            return {chance.choice("abcde"): make(depth + 1) for _ in range(chance.randrange(4))}
        if kind == 5:
            return [make(depth + 1) for _ in range(chance.randrange(4))]
        return [1.5, 'x] } " \\ é', True, None][kind]

    for _ in range(500):
        value = {chance.choice("abcde"): make(1) for _ in range(chance.randrange(5))}
        name = chance.choice("abcde")
        text = spell(value).encode()
        if chance.random() < 0.5:
            value.pop(name, None)
            text = changed(text, (name,))
        else:
            value[name] = 0
            text = changed(text, (name, b"0"))
        assert json.loads(text) == value
