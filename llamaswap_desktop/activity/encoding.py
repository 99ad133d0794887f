"""Undoes the ``Content-Encoding`` of a body: gzip, and deflate without the zlib wrapper (section 20.4)."""

import zlib

_WINDOW_BITS = {"gzip": 31, "deflate": -15}
_MAX_DECODED_BYTES = 64 * 1024 * 1024
"""A few kilobytes can decode to gigabytes; nobody's figures are worth that."""


class Undecodable(Exception):
    """The body is not what its ``Content-Encoding`` says; the text is the detail."""


def is_decodable(encoding: str) -> bool:
    """Tell whether ``encoding`` is one that is undone here; every other body is taken as plain."""
    return encoding.strip().lower() in _WINDOW_BITS


def decode(body: bytes, encoding: str) -> bytes:
    """Return ``body`` without its encoding; raises ``Undecodable``."""
    bits = _WINDOW_BITS.get(encoding.strip().lower())
    if bits is None:
        return body
    decoded: list[bytes] = []
    room = _MAX_DECODED_BYTES
    rest = body
    while rest:
        stream = zlib.decompressobj(bits)
        try:
            piece = stream.decompress(rest, room)
        except zlib.error as error:
            raise Undecodable(str(error)) from error
        decoded.append(piece)
        room -= len(piece)
        if stream.unconsumed_tail or room <= 0:
            raise Undecodable(f"more than {_MAX_DECODED_BYTES} bytes")
        if not stream.eof:
            raise Undecodable("unexpected end")
        rest = stream.unused_data if bits > 0 else b""
    return b"".join(decoded)


def decode_beginning(beginning: bytes, encoding: str) -> bytes:
    """Return what the beginning of a body says by itself, as far as it can be told."""
    bits = _WINDOW_BITS.get(encoding.strip().lower())
    if bits is None:
        return beginning
    try:
        return zlib.decompressobj(bits).decompress(beginning, _MAX_DECODED_BYTES)
    except zlib.error:
        return b""
