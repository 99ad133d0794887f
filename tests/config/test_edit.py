"""Edits that keep comments, order and the way of writing."""

import difflib

import pytest

from llamaswap_desktop.config.edit import CannotEdit, remove_value, set_value
from llamaswap_desktop.errors import ConfigError

TEXT = """\
# head
x-t: &t {a: 1, b: 0x1F}
macros:
  n: 017
  d: 2024-01-31 10:00:00
models:

  # first
  a:
    <<: *t
    ttl: 300    # five minutes
    on: yes
    f: 1.10
    e:
    n: ~
    cmd: |
      run --port ${PORT}
        # x
    aliases:
      - "q"
      - 'r'
      - s
    g: >
      folded
      text
    m: {x: 1, "y": 2}

  # second
  b:
    cmd: "x"
# tail
"""


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("models", "a", "ttl"), 400, ["-    ttl: 300    # five minutes", "+    ttl: 400    # five minutes"]),
        (("models", "b", "cmd"), "y --z", ['-    cmd: "x"', '+    cmd: "y --z"']),
        (("models", "b", "unlisted"), True, ["+    unlisted: true"]),
        (("models", "b", "name"), "12", ['+    name: "12"']),
        (("models", "b", "name"), "a: b # c", ["+    name: 'a: b # c'"]),
        (("models", "a", "aliases", 1), "z", ["-      - 'r'", "+      - 'z'"]),
        (("models", "a", "m", "x"), 1.5, ['-    m: {x: 1, "y": 2}', '+    m: {x: 1.5, "y": 2}']),
        (("models", "a", "e"), "full", ["-    e:", "+    e: full"]),
        (("models", "b", "timeouts", "connect"), 5, ["+    timeouts:", "+      connect: 5"]),
        (("models", "b", "aliases"), ["p", "q"], ["+    aliases:", "+      - p", "+      - q"]),
        (("models", "a", "f"), "run\n--x\n", ["-    f: 1.10", "+    f: |", "+      run", "+      --x"]),
        (("logLevel",), "debug", ["+logLevel: debug"]),
    ],
)
def test_setting_a_value_changes_nothing_else(path, value, expected):
    assert changes(TEXT, set_value(TEXT, path, value)) == expected


def test_a_new_model():
    added = changes(TEXT, set_value(TEXT, ("models", "c"), {"cmd": "z ${PORT}", "ttl": 5}))
    assert added == ["+", "+  c:", "+    cmd: z ${PORT}", "+    ttl: 5"]


def test_into_nothing():
    assert set_value("", ("startPort",), 6000) == "startPort: 6000\n"
    assert set_value("# note\n", ("startPort",), 6000) == "# note\n\nstartPort: 6000\n"


def test_lists_stay_as_they_are_indented():
    text = "apiKeys:\n- a\n- b\n"
    assert set_value(text, ("startPort",), 1) == text + "startPort: 1\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("models", "a", "f"), ["-    f: 1.10"]),
        (("models", "a", "m", "x"), ['-    m: {x: 1, "y": 2}', '+    m: {"y": 2}']),
        (("macros", "n"), ["-  n: 017"]),
    ],
)
def test_removing(path, expected):
    assert changes(TEXT, remove_value(TEXT, path)) == expected


@pytest.mark.parametrize(
    "path",
    [
        ("nope",),
        ("models", "a", "nope"),
        ("models", "a", "ttl", "x"),
        ("models", "a", "aliases", 9),
        ("models", "a", "aliases", 9, "x"),
        ("models", "a", "aliases", -1),
        ("models", "a", "aliases", "x"),
    ],
)
def test_what_is_not_there_cannot_be_removed(path):
    with pytest.raises(CannotEdit):
        remove_value(TEXT, path)


@pytest.mark.parametrize(
    "steps", [("ttl", "x"), ("aliases", 9), ("aliases", -1), ("aliases", "x"), ("aliases", 9, "x")]
)
def test_what_has_no_place_for_a_value_is_not_replaced(steps):
    with pytest.raises(CannotEdit, match=rf"models\.a\.{steps[0]}"):
        set_value(TEXT, ("models", "a", *steps), 5)


def test_a_text_that_is_no_yaml_is_refused():
    with pytest.raises(ConfigError):
        set_value("a: [", ("b",), 1)
