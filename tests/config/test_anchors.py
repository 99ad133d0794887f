"""Section 2.1: aliases and ``<<``."""

import pytest

from tests.config.loading import first, load, model

T = "t: &t {cmd: one, proxy: 'http://one', metadata: {a: 1, b: 2}}\nu: &u {cmd: two, ttl: 5}\n"


@pytest.mark.parametrize(
    ("entry", "cmd", "ttl", "metadata"),
    [
        ("*t", "one", 0, {"a": 1, "b": 2}),
        ("{<<: *t}", "one", 0, {"a": 1, "b": 2}),
        ("{<<: *t, cmd: own}", "own", 0, {"a": 1, "b": 2}),
        ("{cmd: own, <<: *t}", "own", 0, {"a": 1, "b": 2}),
        ("{<<: *t, metadata: {c: 3}}", "one", 0, {"c": 3}),
        ("{<<: [*t, *u]}", "one", 5, {"a": 1, "b": 2}),
        ("{<<: [*u, *t]}", "two", 5, {"a": 1, "b": 2}),
        ("{<<: {cmd: inline, proxy: 'http://h'}}", "inline", 0, {}),
        ("{<<: [{cmd: inline}, *t]}", "inline", 0, {"a": 1, "b": 2}),
        ("{<<: {<<: *t, ttl: 7}}", "one", 7, {"a": 1, "b": 2}),
    ],
)
def test_templates(entry, cmd, ttl, metadata):
    model = load(T + f"models: {{m: {entry}}}\n").models["m"]
    assert (model.cmd, model.ttl_s, model.metadata) == (cmd, ttl, metadata)


@pytest.mark.parametrize("value", ["5", "text", "~", "[5]", "[*t, x]", "[[*t]]"])
def test_bad_merges_are_refused_with_their_line(value):
    message = first(T + f"models:\n  m:\n    <<: {value}\n")
    assert message.startswith("a.yaml:5:")
    assert "'<<'" in message


def test_a_quoted_merge_key_is_an_ordinary_one():
    assert load(model("metadata: {'<<': 5}")).models["m"].metadata == {"<<": 5}


def test_aliases_of_scalars_lists_and_keys():
    config = load("k: &k key\nl: &l [a, b]\nn: &n 9\n" + model("metadata: {*k : 1}, aliases: *l, ttl: *n"))
    found = config.models["m"]
    assert (found.metadata, found.aliases, found.ttl_s) == ({"key": 1}, ("a", "b"), 9)


def test_no_merging_in_macros():
    assert "'<<'" in first("t: &t {a: b}\nmacros:\n  <<: *t\n")
    assert "'<<'" in first("t: &t {a: b}\n" + model("macros: {<<: *t}"))
    assert load("t: &t {a: b}\nmacros: *t\n").macros == {"a": "b"}


def test_anchored_text_takes_each_model_s_own_macros():
    config = load(
        "t: &t {cmd: 'run ${size}', proxy: 'http://h'}\n"
        "models: {a: {<<: *t, macros: {size: 1}}, b: {<<: *t, macros: {size: 2}}}\n"
    )
    assert [model.cmd for model in config.models.values()] == ["run 1", "run 2"]
