"""Embeddings of a demo model."""

import base64
import math
import struct

import pytest

from llamaswap_desktop.demo.embedding import DIMENSION, as_base64, embedding_of


def nearness(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(embedding_of(one), embedding_of(other), strict=True))


@pytest.mark.parametrize("text", ["", "word", "two words", "ü 你好 \ud83d\ude00".encode(errors="ignore").decode()])
def test_a_vector_has_length_one(text):
    vector = embedding_of(text)
    assert len(vector) == DIMENSION == 64
    assert math.hypot(*vector) == pytest.approx(1)


def test_vectors_never_change():
    first_three = (0.041182210943491566, -0.07097359758346419, 0.013143258811752628)
    assert embedding_of("llama")[:3] == pytest.approx(first_three, rel=1e-9)


def test_texts_that_share_words_are_nearer():
    shared = nearness("the llama eats grass", "a llama eats hay")
    strange = nearness("the llama eats grass", "quarterly revenue report attached")
    assert shared > strange + 0.2


def test_base64_holds_the_same_numbers_as_little_endian_floats():
    vector = embedding_of("llama")
    decoded = struct.unpack(f"<{DIMENSION}f", base64.b64decode(as_base64(vector)))
    assert decoded == pytest.approx(vector, abs=1e-7)
