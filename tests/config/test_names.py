"""Section 12: names to models."""

import pytest

from llamaswap_desktop.config import PeerModel
from tests.config.loading import load

TEXT = """
models:
  a: {cmd: x, proxy: 'http://h', aliases: [al, b, both]}
  b: {cmd: x, proxy: 'http://h'}
  '': {cmd: x, proxy: 'http://h'}
peers:
  p: {proxy: 'http://h', models: [a, only, both, twice, twice, q/x]}
  q: {proxy: 'http://h', models: [shared, x]}
  r: {proxy: 'http://h', models: [shared, z]}
  r/s: {proxy: 'http://h', models: [t]}
  u: {proxy: 'http://h', models: [r/s/t]}
"""


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("a", "a"),
        ("", ""),
        ("al", "a"),
        ("b", "b"),
        ("both", "a"),
        ("p/both", PeerModel("p", "both")),
        ("p/a", PeerModel("p", "a")),
        ("only", PeerModel("p", "only")),
        ("twice", PeerModel("p", "twice")),
        ("shared", None),
        ("q/shared", PeerModel("q", "shared")),
        ("q/x", PeerModel("q", "x")),
        ("p/q/x", PeerModel("p", "q/x")),
        ("r/s/t", PeerModel("r/s", "t")),
        ("A", None),
        (" a", None),
        ("nope", None),
        ("p", None),
    ],
)
def test_resolving(name, model):
    assert load(TEXT).resolve(name) == model


@pytest.mark.parametrize(("name", "model"), [("a", "a"), ("al", "a"), ("only", None), ("", "")])
def test_resolving_local_models_only(name, model):
    assert load(TEXT).resolve_local(name) == model
