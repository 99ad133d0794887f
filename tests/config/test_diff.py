"""Section 19 and runtime 14.5: what a new configuration means for running models."""

import pytest

from llamaswap_desktop.config import ConfigDiff, diff_configs
from tests.config.loading import load, model, models

NOTHING = ConfigDiff(added=(), removed=(), changed=(), restarts=(), live=())


def test_no_difference():
    diff = diff_configs(load(models("a", "b")), load("# otherwise written\n" + models("b", "a")))
    assert diff == NOTHING


def test_added_and_removed():
    diff = diff_configs(load(models("a", "b")), load(models("b", "c")))
    assert (diff.added, diff.removed, diff.changed, diff.restarts) == (("c",), ("a",), (), ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("env: [A=1]", "env: [A=2]"),
        ("cmdStop: a", "cmdStop: b"),
        ("checkEndpoint: /a", "checkEndpoint: none"),
    ],
)
def test_another_definition_restarts(before, after):
    diff = diff_configs(load(model(before)), load(model(after)))
    assert (diff.changed, diff.restarts, diff.live) == (("m",), ("m",), ())


def test_command_and_address_restart():
    before = load("models: {m: {cmd: x, proxy: 'http://h'}}")
    assert diff_configs(before, load("models: {m: {cmd: y, proxy: 'http://h'}}")).restarts == ("m",)
    assert diff_configs(before, load("models: {m: {cmd: x, proxy: 'http://h:1'}}")).restarts == ("m",)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("ttl: 9", "ttl"),
        ("aliases: [z]", "aliases"),
        ("concurrencyLimit: 3", "concurrencyLimit"),
        ("filters: {stripParams: x}", "filters"),
        ("timeouts: {connect: 1}", "timeouts"),
        ("unlisted: yes", "unlisted"),
        ("pinned: yes", "pinned"),
        ("metadata: {a: 1}", "metadata"),
    ],
)
def test_the_rest_of_a_model_applies_live(keys, key):
    diff = diff_configs(load(model()), load(model(keys)))
    assert (diff.changed, diff.restarts) == (("m",), ())
    assert f"models.m.{key}" in diff.live


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("logLevel: debug", "logLevel"),
        ("apiKeys: [k]", "apiKeys"),
        ("desktop: {keepAliveAfter: 5}", "desktop"),
        ("groups: {g: {members: [a]}}", "routing"),
        ("matrix: {sets: {s: a & b}}", "routing"),
        ("selectors: {s: {strategy: pin, targets: [a]}}", "selectors"),
        ("profiles: {p: {pins: {x: a}}}", "profiles"),
        ("peers: {p: {proxy: 'http://h', models: [x]}}", "peers"),
        ("hooks: {on_startup: {preload: [a]}}", "hooks"),
    ],
)
def test_the_top_applies_live(text, key):
    diff = diff_configs(load(models("a", "b")), load(models("a", "b") + text))
    assert (diff.live, diff.changed) == ((key,), ())


def test_an_equal_matrix_is_no_change():
    text = models("a", "b") + "matrix: {sets: {s: a & b}}"
    assert diff_configs(load(text), load(text)) == NOTHING
    assert diff_configs(load(text), load(text.replace("&", "|"))).live == ("routing",)


def test_a_new_macro_changes_models_only_through_their_values():
    before = load("macros: {a: 1, b: 1}\n" + model("name: '${a}'"))
    assert diff_configs(before, load("macros: {a: 1, b: 2}\n" + model("name: '${a}'"))) == NOTHING
    assert diff_configs(before, load("macros: {a: 2, b: 1}\n" + model("name: '${a}'"))).live == ("models.m.name",)


def test_a_model_put_in_front_restarts_nobody_because_ports_are_kept():
    def text(*names: str) -> str:
        return "models:\n" + "".join(f"  {name}: {{cmd: 'x ${{PORT}}'}}\n" for name in names)

    before = load(text("b", "c"))
    kept = {model.id: model.port for model in before.models.values()}
    diff = diff_configs(before, load(text("a", "b", "c"), kept_ports=kept))
    assert (diff.added, diff.restarts) == (("a",), ())
    assert diff_configs(before, load(text("a", "b", "c"))).restarts == ("b", "c")


def test_everything_restarts_if_the_new_one_says_so():
    as_llama_swap = "desktop: {reloadAsDiff: false}\n"
    diff = diff_configs(load(models("a", "b"), as_llama_swap), load(models("b", "c"), as_llama_swap))
    assert (diff.changed, diff.restarts) == ((), ("b",))
