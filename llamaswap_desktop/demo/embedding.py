"""Embeddings without any AI: texts that share words are near each other, and that is all."""

import base64
import hashlib
import math
import struct

DIMENSION = 64


def embedding_of(text: str) -> tuple[float, ...]:
    """Return a unit vector of ``DIMENSION`` numbers for ``text``: the same on every machine and in every run."""
    total = [0.0] * DIMENSION
    for word in text.lower().split() or [""]:
        digest = hashlib.blake2b(word.encode(), digest_size=DIMENSION).digest()
        total = [number + byte - 127.5 for number, byte in zip(total, digest, strict=True)]
    length = math.hypot(*total)
    return tuple(number / length for number in total)


def as_base64(vector: tuple[float, ...]) -> str:
    """Encode ``vector`` as the OpenAI API does: little-endian 32-bit floats in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
