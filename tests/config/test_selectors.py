"""Section 10: selectors."""

import pytest

from llamaswap_desktop.config import Strategy
from tests.config.loading import first, load, refused

TOP = """
models:
  a: {cmd: x, proxy: 'http://h', aliases: [al], filters: {setParamsByID: {gen: {}}}}
  b: {cmd: x, proxy: 'http://h'}
  c: {cmd: x, proxy: 'http://h'}
peers:
  p: {proxy: 'http://h', models: [x]}
  q: {proxy: 'http://h', models: [two]}
  r: {proxy: 'http://h', models: [two]}
"""
OPEN = "groups: {g: {swap: no, members: [a, b]}}\n"


def selector(keys: str, name: str = "s") -> str:
    return f"selectors: {{{name}: {{{keys}}}}}\n"


def test_a_selector():
    found = load(TOP, selector("strategy: warm, targets: [a, al], name: N, unlisted: yes, metadata: {k: 1}")).selectors[
        "s"
    ]
    assert (found.strategy, found.targets, found.settings.spillover) == (Strategy.WARM, ("a", "al"), 1)
    assert (found.name, found.unlisted, found.metadata) == ("N", True, {"k": 1})


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        (selector("strategy: pin, targets: [a]", "' '"), ("blank",)),
        (selector("strategy: pin, targets: [a]", "b"), ("'b'", "id of a model")),
        (selector("strategy: pin, targets: [a]", "al"), ("'al'", "alias")),
        (selector("strategy: pin, targets: [a]", "gen"), ("'gen'", "alias")),
        (selector("targets: [a]"), ("'s'", "strategy", "pin, warm or spillover")),
        (selector("strategy: PIN, targets: [a]"), ("'s'", "'PIN'")),
        (selector("strategy: pin"), ("'s'", "targets")),
        (selector("strategy: pin, targets: []"), ("'s'", "targets")),
        (selector("strategy: pin, targets: [a, nope]"), ("'s'", "target 1", "'nope'", "targets[1]")),
        (selector("strategy: pin, targets: [two]"), ("target 0", "'two'")),
        (selector("strategy: warm, targets: [a, x]"), ("'s'", "target 1", "'x'", "peer")),
        ("selectors: {s: {strategy: pin, targets: [t]}, t: {strategy: pin, targets: [a]}}", ("'s'", "'t'", "selector")),
        (selector("strategy: spillover, targets: [a], settings: {spillover: 0}"), ("'s'", "spillover", "0")),
        (selector("strategy: spillover, targets: [a, al]"), ("'s'", "'a'", "'al'", "same model")),
        (selector("strategy: spillover, targets: [x, p/x]"), ("'x'", "'p/x'", "same model")),
        (selector("strategy: spillover, targets: [a, b]"), ("'s'", "'a'", "'b'", "together")),
        (OPEN + selector("strategy: spillover, targets: [a, c]"), ("together",)),
        (OPEN + selector("strategy: spillover, targets: [c, a]"), ("together",)),
        ("groups: {g: {members: [a, b]}}\n" + selector("strategy: spillover, targets: [a, b]"), ("together",)),
        ("matrix: {sets: {s: a | b}}\n" + selector("strategy: spillover, targets: [a, b]"), ("together",)),
        ("matrix: {sets: {s: a}}\n" + selector("strategy: spillover, targets: [a, c]"), ("together",)),
        (
            "routing: {router: {use: memory, settings: {groups: {g: {members: [a, b]}}}}}\n"
            + selector("strategy: spillover, targets: [a, b]"),
            ("together",),
        ),
    ],
)
def test_refused(text, carries):
    message = first(TOP, text)
    assert "selectors" in message
    assert all(part in message for part in carries), message


@pytest.mark.parametrize(
    "text",
    [
        selector("strategy: pin, targets: [a, b, x, p/x]"),
        selector("strategy: pin, targets: [a, a], settings: {spillover: 0}"),
        selector("strategy: spillover, targets: [a, x]"),
        selector("strategy: spillover, targets: [a], settings: {spillover: 5}"),
        OPEN + selector("strategy: spillover, targets: [a, b, x]"),
        "matrix: {sets: {s: a & (b | c)}}\n" + selector("strategy: spillover, targets: [a, c]"),
        "routing: {router: {use: memory}}\n" + selector("strategy: spillover, targets: [a, b]"),
        "routing: {router: {use: 'a:B', settings: {groups: {g: {members: [a]}}}}}\n"
        + selector("strategy: spillover, targets: [a, b]"),
        selector("strategy: pin, targets: [a]", "x"),
    ],
)
def test_accepted(text):
    load(TOP, text)


def test_the_order_of_the_checks():
    text = "selectors: {al: {strategy: no, targets: [nope, z]}}"
    assert [problem.path for problem in refused(TOP, text)] == [
        "selectors.al", "selectors.al.strategy", "selectors.al.targets[0]", "selectors.al.targets[1]",
    ]  # fmt: skip
