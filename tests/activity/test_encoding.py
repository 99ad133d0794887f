import gzip
import zlib

import pytest

from llamaswap_desktop.activity import encoding
from llamaswap_desktop.activity.encoding import Undecodable, decode, decode_beginning

TEXT = b'{"usage":{"prompt_tokens":12}}' * 20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), " GZIP "),
        (gzip.compress(TEXT[:7]) + gzip.compress(TEXT[7:]), "gzip"),
        (raw_deflate(TEXT), "deflate"),
        (TEXT, ""),
        (TEXT, "identity"),
        (TEXT, "br"),
    ],
)
def test_decode(body, name):
    assert decode(body, name) == TEXT


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (TEXT, "gzip"),
        (gzip.compress(TEXT)[:-9], "gzip"),
        (gzip.compress(TEXT) + b"x", "gzip"),
        (zlib.compress(TEXT), "deflate"),
    ],
)
def test_what_is_not_as_announced_is_refused(body, name):
    with pytest.raises(Undecodable):
        decode(body, name)


def test_nothing_is_nothing_in_every_encoding():
    assert decode(b"", "gzip") == b""


def test_a_bomb_does_not_go_off(monkeypatch):
    monkeypatch.setattr(encoding, "_MAX_DECODED_BYTES", 1000)
    assert len(decode(gzip.compress(bytes(999)), "gzip")) == 999
    with pytest.raises(Undecodable, match="more than 1000 bytes"):
        decode(gzip.compress(bytes(100_000)), "gzip")


def test_a_beginning_is_decoded_as_far_as_it_goes():
    packed = gzip.compress(bytes(range(256)) * 40, compresslevel=0)
    assert decode_beginning(packed[:5000], "gzip").startswith(bytes(range(256)))
    assert decode_beginning(b"no gzip", "gzip") == b""
    assert decode_beginning(b"plain", "") == b"plain"
