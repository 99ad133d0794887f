"""Section 9: peers."""

import pytest

from tests.config.loading import first, load, models


def peer(keys: str) -> str:
    return f"peers: {{p: {{{keys}}}}}\n"


def test_a_peer():
    config = load(
        peer("proxy: 'http://h/base', models: [a, b, a], apiKey: k, filters: {stripParams: x, setParams: {y: 1}}")
    )
    found = config.peers["p"]
    assert (found.proxy, found.models, found.api_key) == ("http://h/base", ("a", "b", "a"), "k")
    assert (found.filters.strip_params, found.filters.set_params) == ("x", {"y": 1})
    assert (found.timeouts.response_header_s, found.timeouts.connect_s) == (60, 30)


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ("models: [a]", "peers.p.proxy"),
        ("proxy: '', models: [a]", "peers.p.proxy"),
        ("proxy: '10.0.0.2:80', models: [a]", "peers.p.proxy"),
        ("proxy: 'http://h'", "peers.p.models"),
        ("proxy: 'http://h', models: []", "peers.p.models"),
        ("proxy: 'http://h', models: [~]", "peers.p.models"),
    ],
)
def test_what_a_peer_needs(keys, path):
    message = first(peer(keys))
    assert path in message
    assert "peer 'p'" in message


def test_set_params_by_id_makes_no_aliases():
    config = load(peer("proxy: 'http://h', models: [a], filters: {setParamsByID: {z: {k: 1}}}"))
    assert config.resolve("z") is None


def test_the_old_strip_params_is_unknown_to_peers():
    config = load(peer("proxy: 'http://h', models: [a], filters: {strip_params: z}"))
    assert config.peers["p"].filters.strip_params == ""
    assert "strip_params" in str(config.warnings[0])


def test_one_full_name_of_two_pairs_is_refused():
    message = first("peers: {a: {proxy: 'http://h', models: [b/c]}, a/b: {proxy: 'http://h', models: [c]}}")
    assert all(part in message for part in ("'a/b/c'", "'b/c'", "'a'", "'c'", "'a/b'"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (models("p/x"), "model id"),
        ("models: {m: {cmd: x, proxy: 'http://h', aliases: [p/x]}}", "alias"),
        ("models: {m: {cmd: x, proxy: 'http://h', filters: {setParamsByID: {p/x: {}}}}}", "alias"),
        (models("m") + "selectors: {p/x: {strategy: pin, targets: [m]}}", "selector id"),
        (models("m") + "profiles: {q: {pins: {p/x: m}}}", "pin"),
    ],
)
def test_full_names_are_reserved(text, what):
    message = first(peer("proxy: 'http://h', models: [x]") + text)
    assert all(part in message for part in ("'p/x'", what, "'x'", "'p'"))


def test_bare_names_may_be_anything_else_too():
    text = models("x") + "selectors: {y: {strategy: pin, targets: [x]}}\n"
    load(text + "peers: {p: {proxy: 'http://h', models: [x, y]}, q: {proxy: 'http://h', models: [x]}}")
