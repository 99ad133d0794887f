import pytest

from llamaswap_desktop.activity.partial import top_level_value

CASES = {
    "in the end": (b'{"data":[[1', b'2]],"usage":{"a":1}}', {"a": 1}),
    "in the end, more behind it": (b"{", b'2]],"usage":{"a":1},"model":"}{"}\n', {"a": 1}),
    "in the beginning": (b'{"id":"{[","usage" : {"a":2},"data":[', b"3]}", {"a": 2}),
    "nested in the end": (b"{", b'{"usage":{"a":1}}]}', None),
    "nested in the beginning": (b'{"x":{"usage":{"a":1}},"data":[', b"3]}", None),
    "a text in the beginning": (b'{"x":"\\"usage\\":{}","data":[', b"3]}", None),
    "cut off": (b'{"usage":{"a":', b"3]}", None),
    "something behind the document": (b"{", b'"usage":{"a":1}} {}', None),
    "nowhere": (b"{", b"}", None),
}


@pytest.mark.parametrize(("beginning", "end", "expected"), CASES.values(), ids=CASES)
def test_top_level_value(beginning, end, expected):
    assert top_level_value("usage", beginning, end) == expected
