"""Writes GGUF models small enough to load in milliseconds, which the real llama-server answers from.

The architecture and the tokenizer are real (llama, SentencePiece with byte tokens); the weights are random,
so the answers are nonsense made of the syllables of ``_SYLLABLES``.  Three properties are built in for tests:

- The same seed gives the same file, byte for byte, and at temperature 0 the same answers.
- Two seeds give different answers to the same prompt.
- Generation never ends by itself: ``max_tokens`` decides the length (``finish_reason`` is ``length``).
  The first number of every hidden state is a constant that no layer touches, and the rows of the output
  matrix for all but the syllables turn it into a logit far below any other.
"""

from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

LAYERS = 2
WIDTH = 64
HEADS = 2
FEED_FORWARD = 128
CONTEXT_TOKENS = 32768
"""The longest context the model claims; llama-server's ``-c`` decides what is used."""

_SYLLABLES = tuple(consonant + vowel for consonant in "bdfghjklmnprstvwz" for vowel in "aeiou")
_CONSTANT = 0  # the place of the untouched number in a hidden state
_NEVER = -50.0

_CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def write_tiny_gguf(path: Path, *, seed: int, name: str) -> Path:
    """Write a model of about 0.5 MB with random weights from ``seed`` to ``path``, and return ``path``.

    ``name`` stands in ``general.name``.  An existing file is replaced; the folder must exist.
    """
    writer = gguf.GGUFWriter(path, "llama")
    _describe_model(writer, name)
    _describe_tokenizer(writer)
    for tensor_name, tensor in _weights(np.random.default_rng(seed), vocabulary=len(_vocabulary())):
        writer.add_tensor(tensor_name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe_model(writer: gguf.GGUFWriter, name: str) -> None:
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(_vocabulary()))
    writer.add_chat_template(_CHAT_TEMPLATE)


def _describe_tokenizer(writer: gguf.GGUFWriter) -> None:
    tokens, types = zip(*_vocabulary(), strict=True)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(position) for position in range(len(tokens))])
    writer.add_token_types(types)
    writer.add_unk_token_id(tokens.index("<unk>"))
    writer.add_bos_token_id(tokens.index("<s>"))
    writer.add_eos_token_id(tokens.index("</s>"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)


def _vocabulary() -> list[tuple[str, gguf.TokenType]]:
    """Text and type of every token: three specials, 256 bytes that any text falls back to, the syllables."""
    kinds = gguf.TokenType
    special = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    byte = [(f"<0x{value:02X}>", kinds.BYTE) for value in range(256)]
    spaced = [("\u2581" + syllable, kinds.NORMAL) for syllable in _SYLLABLES]
    return special + byte + spaced + [(syllable, kinds.NORMAL) for syllable in _SYLLABLES]


def _weights(random: np.random.Generator, vocabulary: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return random.standard_normal((rows, columns)).astype(np.float32) / np.float32(np.sqrt(columns))

    def leaving_the_constant(rows: int, columns: int) -> NDArray[np.float32]:
        weights = matrix(rows, columns)
        weights[_CONSTANT] = 0
        return weights

    ones = np.ones(WIDTH, dtype=np.float32)
    yield "token_embd.weight", _embedding(random, vocabulary)
    yield "output_norm.weight", ones
    yield "output.weight", _output(random, vocabulary)
    for layer in range(LAYERS):
        yield f"blk.{layer}.attn_norm.weight", ones
        yield f"blk.{layer}.ffn_norm.weight", ones
        for part in "qkv":
            yield f"blk.{layer}.attn_{part}.weight", matrix(WIDTH, WIDTH)
        yield f"blk.{layer}.attn_output.weight", leaving_the_constant(WIDTH, WIDTH)
        yield f"blk.{layer}.ffn_gate.weight", matrix(FEED_FORWARD, WIDTH)
        yield f"blk.{layer}.ffn_up.weight", matrix(FEED_FORWARD, WIDTH)
        yield f"blk.{layer}.ffn_down.weight", leaving_the_constant(WIDTH, FEED_FORWARD)


def _embedding(random: np.random.Generator, vocabulary: int) -> NDArray[np.float32]:
    embedding = random.standard_normal((vocabulary, WIDTH)).astype(np.float32)
    embedding[:, _CONSTANT] = 4
    return embedding


def _output(random: np.random.Generator, vocabulary: int) -> NDArray[np.float32]:
    output = random.standard_normal((vocabulary, WIDTH)).astype(np.float32)
    output[:, _CONSTANT] = 0
    output[: -2 * len(_SYLLABLES)] = 0
    output[: -2 * len(_SYLLABLES), _CONSTANT] = _NEVER
    return output
