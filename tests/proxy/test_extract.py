"""Which model a request names (HTTP specification, section 6)."""

import pytest

from llamaswap_desktop.errors import ModelNotGiven
from llamaswap_desktop.http1 import Request
from llamaswap_desktop.proxy.extract import requested_model, top_level_members


def post(content_type: str, target: str = "/v1/chat/completions") -> Request:
    headers = [(b"Content-Type", content_type.encode())] if content_type else []
    return Request(
        method="POST", target=target, version="1.1", headers=headers, length=0, keep_alive=True, client="127.0.0.1"
    )


JSON = post("application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"model":"m1","messages":[]}', "m1"),
        (b' \r\n{ "messages" : [{"model":"inner"}] , "model" : "m1" }', "m1"),
        (b'{"model":"first","model":"second"}', "first"),
        (b'{"a":{"model":"inner"},"b":["model",1],"model":"m1"}', "m1"),
        (b'{"model":"m1", and now something that is no JSON', "m1"),
        (b'{"content":"say \\"model\\": \\"x\\"","model":"m1"}', "m1"),
        (b'{"text":"unpaired ] } [","model":"m1"}', "m1"),
        (b'{"model":"caf\\u00e9/\\"q\\""}', 'café/"q"'),
        ('{"model":"größe"}'.encode(), "größe"),
        (b'{"model":12.50}', "12.50"),
        (b'{"\\u006dodel":"m1"}', "m1"),
    ],
)
def test_model_of_a_json_body(body, model):
    assert requested_model(JSON, body) == model


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b'"model"',
        b"not json",
        b'{"model":null}',
        b'{"model":""}',
        b'{"model"',
        b'{"model":',
        b'{"model":"m1',
        b'{broken, "model":"m1"}',
        b'[{"model":"m1"}]',
        b'{"nested":{"model":"m1"}}',
    ],
)
def test_body_without_a_model(body):
    with pytest.raises(ModelNotGiven, match="no model id could be identified"):
        requested_model(JSON, body)


def test_json_sent_as_a_form_names_no_model():
    """curl's default content type."""
    with pytest.raises(ModelNotGiven):
        requested_model(post("application/x-www-form-urlencoded"), b'{"model":"m1"}')


def test_form_and_query():
    assert requested_model(post("application/x-www-form-urlencoded"), b"a=1&model=m%201") == "m 1"
    assert requested_model(post("", "/props?model=m1"), b"") == "m1"


def test_members_of_the_top_level_with_their_spans():
    body = b'{"a": [1, {"b": "]"}], "c" : {"d":"}"}, "e": "x", "f": -1.5e3}'
    assert [(name, body[start:end]) for name, start, end in top_level_members(body)] == [
        (b'"a"', b'[1, {"b": "]"}]'),
        (b'"c"', b'{"d":"}"}'),
        (b'"e"', b'"x"'),
        (b'"f"', b"-1.5e3"),
    ]
