"""Sections 1.2 and 2.1: documents, duplicate keys, anchors, depth."""

import time

import pytest

from llamaswap_desktop.config.compose import DEEPEST, compose, first_document
from llamaswap_desktop.errors import ConfigError
from tests.config.loading import M, first, load, model, refused


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("a: 1\n---\nb: [\n", "a: 1\n"),
        ("---\na: 1\n---\nb: 2\n", "---\na: 1\n"),
        ("# x\n\n---\na: 1\n...\n{[\n", "# x\n\n---\na: 1\n"),
        ("%YAML 1.2\n---\na: 1\n--- b\n", "%YAML 1.2\n---\na: 1\n"),
        ("a: |\n  x\n  ---\nb: 1\n", "a: |\n  x\n  ---\nb: 1\n"),
        ("a: ---x\n---x: 1\n", "a: ---x\n---x: 1\n"),
        ("a: 1\r\n---\r\nb: 2", "a: 1\r\n"),
        ("\ufeffa: 1", "a: 1"),
    ],
)
def test_only_the_first_document_is_read(text, document):
    assert first_document(text) == document


def test_a_broken_second_document_does_no_harm():
    assert load("startPort: 5\n---\n{[broken").start_port == 5


def test_line_ends_and_byte_order_mark_make_no_difference():
    text = "startPort: 6000\nmodels:\n  m:\n    cmd: |\n      run\n      ${PORT}\n"
    assert load(text.replace("\n", "\r\n")) == load(text) == load("\ufeff" + text)


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", ("1", "3")),
        ("unknown:\n  x: 1\n  x: 1\n", "x", ("2", "3")),
        ('models:\n  1: {}\n  "1": {}\n', "1", ("2", "3")),
        ("t: &t {}\nm:\n  <<: *t\n  <<: *t\n", "<<", ("3", "4")),
        ("x: {a: 1, a: 2}\n", "a", ("1", "1")),
    ],
)
def test_duplicate_keys_are_refused_anywhere(text, key, lines):
    message = first(text)
    assert f"duplicate key '{key}'" in message
    assert all(f" {line}" in message for line in lines)
    assert f"a.yaml:{lines[1]}:" in message


def test_every_duplicate_is_reported():
    assert len(refused("a: 1\na: 2\nb: 1\nb: 2\n")) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("a: 1\nb: *nope\n", 2),
        ("a: &a\n  b: *a\n", 2),
        ("a: &a [1, *a]\n", 1),
        ("a: b: c\n", 1),
        ("a: 1\n b: 2\n", 2),
        ("a: 'open\n", 2),
        ("? [x]\n: 1\n", 1),
        ("a: \x07\n", 1),
        ("a: !no!tag 1\n", 1),
    ],
)
def test_what_is_no_yaml_is_refused_with_file_and_line(text, line):
    problem = refused("", text)[0]
    assert (problem.file, problem.line) == ("b.yaml", line)


def test_anchors_may_be_defined_anew():
    config = load("a: &x {cmd: one, proxy: 'http://h'}\nb: &x {cmd: two, proxy: 'http://h'}\nmodels: {m: *x}\n")
    assert config.models["m"].cmd == "two"


@pytest.mark.parametrize(
    "bomb",
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
        "a0: &a0 {"
        + ", ".join(f"k{n}: 1" for n in range(1000))
        + "}\n"
        + "".join(f"b{n}: {{<<: *a0}}\n" for n in range(1000)),
    ],
    ids=["doubling", "merging"],
)
def test_alias_bombs_are_refused_at_once(bomb):
    began = time.perf_counter()
    assert "aliases stand for more than" in first(bomb)
    assert time.perf_counter() - began < 1


def test_five_hundred_models_of_one_template_are_no_bomb():
    keys = ", ".join(f"k{n}: {n}" for n in range(40))
    text = f"t: &t {{cmd: x, proxy: 'http://h', metadata: {{{keys}}}}}\nmodels:\n"
    assert len(load(text + "".join(f"  m{n}: {{<<: *t}}\n" for n in range(500))).models) == 500


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_depth(opening, closing):
    deepest = f"x: {opening * (DEEPEST - 1)}1{closing * (DEEPEST - 1)}\n"
    load(deepest)
    message = first(f"y: 1\nx: {opening * DEEPEST}1{closing * DEEPEST}\n")
    assert message.startswith("a.yaml:2:")
    assert "500 deep" in message


def test_depth_counts_through_aliases():
    text = f"x: &x {'[' * 300}{']' * 300}\ny: {'[' * 300}*x{']' * 300}\n"
    message = first(text)
    assert message.startswith("a.yaml:2:")
    assert "500 deep" in message


def test_depth_of_metadata_survives_the_whole_way():
    config = load(model("metadata: {d: " + "[" * 490 + "'${MODEL_ID}'" + "]" * 490 + "}"))
    value = config.models["m"].metadata["d"]
    while isinstance(value, list):
        (value,) = value
    assert value == "m"


def test_endless_depth_takes_no_time():
    began = time.perf_counter()
    for text in (
        "[" * 100_000,
        "{a: " * 25_000,
        "- " * 50_000,
        "? " * 50_000,
        "a:\n" + "".join(" " * n + "a:\n" for n in range(440)),
    ):
        with pytest.raises(ConfigError):
            compose(text + "]")
    assert time.perf_counter() - began < 2


def test_a_half_character_is_refused():
    assert "surrogate" in first("a: \ud800\n")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~", "null", "[]", "{}", "text", "5"])
def test_files_without_keys_count_as_empty(text):
    assert load(text).models == load("").models


@pytest.mark.parametrize("text", ["[]", "{}", "text", "5"])
def test_files_with_a_bare_value_are_warned_of(text):
    (warning,) = load(M, text).warnings
    assert warning.file == "b.yaml"
    assert not load("# nothing\n").warnings


def test_a_list_at_the_top_is_refused():
    message = first(M, "- a\n")
    assert message.startswith("b.yaml:1:")
    assert "not a list" in message
