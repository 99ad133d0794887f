"""Edits by whole lines: what is added, replaced or removed, and nothing else."""

import pytest

from llamaswap_desktop.config import remove_value, set_value
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.edit_lines import put, take_out
from tests.config.test_edit import changes

TEXT = """\
models:
    # the first
    a:
        cmd: |
            run --port ${PORT}
            # not a comment
        ttl:   5    # five
        aliases:
        - x   # ex
        - "y"

    # the second
    b:
        cmd: run
        filters: { stripParams: a }
        quoted: "1"   # in quotes

groups:
    g: {members: [a]}
"""


def written(key, value):
    return [f"- {value}"] if key is None else [f"{key}: {value}"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("models", "a", "ttl"), 60, ["-        ttl:   5    # five", "+        ttl:   60    # five"]),
        (("models", "a", "name"), "A", ["+        name: A"]),
        (("models", "a", "filters", "setParams", "top_k"), 5,
         ["+        filters:", "+            setParams:", "+                top_k: 5"]),
        (("models", "a", "aliases", 2), "z", ["+        - z"]),
        (("models", "a", "cmd"), "go\non\n",
         ["-            run --port ${PORT}", "-            # not a comment", "+            go", "+            on"]),
        (("models", "b", "cmd"), "go\non\n",
         ["-        cmd: run", "+        cmd: |", "+            go", "+            on"]),
        (("models", "c"), {"cmd": "run", "ttl": 5}, ["+    c:", "+        cmd: run", "+        ttl: 5", "+"]),
    ],
)  # fmt: skip
def test_what_is_set_is_all_that_changes(path, value, expected):
    assert changes(TEXT, set_value(TEXT, path, value)) == expected


def test_a_new_key_stands_before_the_comment_of_the_next_model():
    lines = set_value(TEXT, ("models", "a", "name"), "A").splitlines()
    assert lines[lines.index("        name: A") - 1].strip() == '- "y"'
    assert lines[lines.index("        name: A") + 1 :][:2] == ["", "    # the second"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("models", "a", "ttl"), ["-        ttl:   5    # five"]),
        (("models", "a", "aliases", 0), ["-        - x   # ex"]),
        (
            ("models", "a", "cmd"),
            ["-        cmd: |", "-            run --port ${PORT}", "-            # not a comment"],
        ),
        (("groups",), ["-groups:", "-    g: {members: [a]}"]),
    ],
)  # fmt: skip
def test_what_is_taken_out_is_all_that_changes(path, expected):
    assert changes(TEXT, remove_value(TEXT, path)) == expected


def test_what_is_no_line_of_its_own_is_left_to_others():
    root = compose(TEXT)
    assert put(TEXT, root, ("models", "b", "filters", "stripParams"), "b", written) is None
    assert put(TEXT, root, ("models", "b", "quoted"), "2", written) is None
    assert put(TEXT, root, ("models", "b", "filters", "setParams"), "b", written) is None
    assert take_out(TEXT, root, ("models", "b", "filters", "stripParams")) is None
    assert changes(TEXT, set_value(TEXT, ("models", "b", "filters", "stripParams"), "b"))[1] == (
        "+        filters: {stripParams: b}"
    )
    assert changes(TEXT, set_value(TEXT, ("models", "b", "quoted"), "2"))[1] == '+        quoted: "2"   # in quotes'


def test_only_the_blank_line_between_two_goes_with_one():
    assert remove_value("a: 1\n\nb: 2\n\nc: 3\n", ("b",)) == "a: 1\n\nc: 3\n"
