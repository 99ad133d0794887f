"""JSON bodies, in memory and on disk (HTTP specification, sections 6.1 and 9.1)."""

import pytest

from llamaswap_desktop.config import Filters
from llamaswap_desktop.errors import BodyUnreadable, FilterFailed
from llamaswap_desktop.proxy import members
from llamaswap_desktop.proxy.json_body import JsonBody
from llamaswap_desktop.proxy.spool import MEMORY_BYTES
from llamaswap_desktop.proxy.treatment import Treatment, _treatment


def body_of(text: bytes, *, on_disk: bool = False) -> JsonBody:
    body = JsonBody(None, announced_bytes=MEMORY_BYTES + 1 if on_disk else 0)
    for at in range(0, len(text), 7):
        body.feed(text[at : at + 7])
    body.complete()
    return body


def content(body: JsonBody) -> bytes:
    if body.is_in_memory:
        return body.data
    data = b""
    while piece := body.read():
        data += piece
    assert body.is_exhausted
    assert len(data) == body.size
    return data


NAMED = {
    b'{"model":"m1","messages":[]}': ("m1", False),
    b'{"model":"m1","stream":true}': ("m1", True),
    b'{"stream":1,"a":{"model":"x"},"model":"m1"}': ("m1", True),
    b'{"stream":"True","model":"first","model":"second"}': ("first", True),
    b'{"stream":false,"model":12.50}': ("12.50", False),
    b'{"stream":null,"model":"caf\\u00e9"}': ("caf\u00e9", False),
    b'{"stream":true}': ("", True),
    b'{"model":null}': ("", False),
    b'{"model":{"model":"x"}}': ('{"model":"x"}', False),
    b"[]": ("", False),
    b"": ("", False),
}


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize(("text", "found"), NAMED.items())
def test_model_and_stream(text, found, on_disk):
    body = body_of(text, on_disk=on_disk)
    assert (body.model(), body.is_streaming()) == found
    assert content(body) == text
    body.close()


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_rewriting(on_disk):
    treatment = _treatment(
        "up",
        Filters(strip_params="b, model.x", set_params={"z": {"q": 1}, "c.d": True}, set_params_by_id={"m": {"z": 2}}),
    )
    body = body_of(b'{"model":"m","b":1,"c":{"d":0,"e":1.0}}', on_disk=on_disk)
    body.rewrite("ignored", treatment, "m")
    assert content(body) == b'{"model":"up","c":{"d":true,"e":1.0},"z":2}'
    body.close()


def test_filter_for_another_name_is_left_aside():
    treatment = _treatment("", Filters(set_params_by_id={"other": {"z": 2}}))
    assert treatment.is_idle_for("m")
    assert not treatment.is_idle_for("other")


def test_bad_paths_name_the_key():
    body = body_of(b'{"model":"m","a":[1]}')
    with pytest.raises(FilterFailed, match=r"^error setting parameter a\.x in request: "):
        body.rewrite(None, _treatment("", Filters(set_params={"a.x": 1})), "m")
    with pytest.raises(FilterFailed, match=r"^error stripping parameter a\. from request: "):
        body.rewrite(None, _treatment("", Filters(strip_params="a.")), "m")


def test_too_many_members_to_be_filtered(monkeypatch):
    monkeypatch.setattr(members, "_MAX_MEMBERS", 3)
    body = body_of(b'{"model":"m","a":1,"b":2,"c":3}')
    with pytest.raises(BodyUnreadable, match="could not read request body"):
        body.rewrite("n", Treatment(), "m")
