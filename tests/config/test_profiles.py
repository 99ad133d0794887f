"""Section 11: profiles."""

import pytest

from tests.config.loading import first, load

TOP = """
models: {a: {cmd: x, proxy: 'http://h', aliases: [al]}}
peers:
  p: {proxy: 'http://h', models: [x]}
  q: {proxy: 'http://h', models: [two]}
  r: {proxy: 'http://h', models: [two]}
selectors: {s: {strategy: pin, targets: [a]}}
"""


def test_a_profile():
    text = "profiles: {day: {description: D, pins: {new: a, a: al, al: s, s: p/x, x: x, off: '', off2: ~}}}"
    found = load(TOP, text).profiles["day"]
    assert found.description == "D"
    assert found.pins == {"new": "a", "a": "al", "al": "s", "s": "p/x", "x": "x", "off": "", "off2": ""}


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("{' ': {pins: {a: a}}}", ("blank",)),
        ("{d: {pins: {' ': a}}}", ("'d'", "blank")),
        ("{d: {}}", ("'d'", "no pins")),
        ("{d: {pins: {}}}", ("'d'", "no pins")),
        ("{d: ~}", ("'d'", "no pins")),
        ("{d: [a, b]}", ("'d'", "mapping with pins")),
        ("{d: a}", ("'d'", "mapping with pins")),
        ("{d: {pins: {k: nope}}}", ("'d'", "'k'", "'nope'")),
        ("{d: {pins: {k: ' '}}}", ("'d'", "'k'")),
        ("{d: {pins: {k: two}}}", ("'d'", "'k'", "'two'")),
        ("{d: {pins: {p/x: a}}}", ("'d'", "'p/x'")),
        ("{d: {pins: [a]}}", ("profiles.d.pins",)),
    ],
)
def test_refused(text, carries):
    message = first(TOP, f"profiles: {text}")
    assert all(part in message for part in carries), message
