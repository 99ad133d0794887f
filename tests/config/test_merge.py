"""Section 1.3: several files become one."""

import pytest

from tests.config.loading import M, first, load, model, models, refused


def test_lists_are_concatenated_and_keep_repeats():
    assert load("apiKeys: [k1, k2]", "apiKeys: [k2, k3]").api_keys == ("k1", "k2", "k2", "k3")


def test_mappings_are_merged_deeply():
    path = "routing: {{scheduler: {{settings: {{fifo: {{priority: {{{}}}}}}}}}}}\n"
    config = load(models("a", "b"), path.format("a: 1"), path.format("b: 2"))
    assert config.routing.scheduler.settings.fifo.priority == {"a": 1, "b": 2}


def test_models_of_several_files_come_together():
    assert set(load(models("a"), models("b"), models("c")).models) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("logLevel: debug", "logLevel: debug"), ("logLevel: info", 'logLevel: "info"'), ("startPort: 5", "startPort: 5")],
)
def test_equal_scalars_are_kept_once(one, other):
    load(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("unloadTimeout: 5", "unloadTimeout: 6"),
        ("startPort: 5", "startPort: 05"),
        ("x: 5", 'x: "5"'),
        ("x: true", "x: True"),
        ("x: ~", "x: 5"),
        ("x: null", "x: ~"),
        ("x: 5", "x: ~"),
        ("x: [a]", "x: {a: b}"),
        ("x: [a]", "x: a"),
        ("x: {a: b}", "x: a"),
        ("macros: {X: 1}", "macros: {X: 2}"),
        ("a: &a 5\nx: *a", "x: 5"),
    ],
)
def test_conflicts_carry_the_key_and_both_files(one, other):
    message = first(one, other)
    assert message.startswith("b.yaml:1:")
    assert "a.yaml" in message
    assert "conflicts" in message


def test_deep_conflicts_carry_the_dotted_key():
    assert "ui.activity.x" in first("ui: {activity: {x: 1}}", "ui: {activity: {x: 2}}")


@pytest.mark.parametrize(
    ("one", "other"),
    [("hooks: {on_startup: {preload: [m]}}", "hooks:"), ("hooks:", "hooks: {on_startup: {preload: [m]}}")],
)
def test_an_empty_value_gives_way(one, other):
    assert load(M, one, other).hooks.on_startup.preload == ("m",)


def test_an_empty_entity_map_does_not():
    assert "models" in first("models:\n", M)
    assert "models" in first(M, "models:\n")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (M, "models.m"),
        ("groups: {g: {}}\n", "groups.g"),
        ("profiles: {p: {pins: {a: ''}}}\n", "profiles.p"),
        ("selectors: {s: {}}\n", "selectors.s"),
        ("peers: {p: {}}\n", "peers.p"),
        ("matrix: {sets: {}}\n", "matrix.sets"),
        ("routing: {router: {settings: {groups: {g: {}}}}}\n", "routing.router.settings.groups.g"),
        ("routing: {router: {settings: {matrix: {vars: {}}}}}\n", "routing.router.settings.matrix.vars"),
    ],
)
def test_an_entity_lives_in_one_file_even_if_equal(text, path):
    message = first(text, text)
    assert message.startswith("b.yaml:1:")
    assert f"{path}: duplicate" in message
    assert "a.yaml" in message


def test_one_file_may_bring_vars_and_another_sets():
    config = load(models("a", "b"), "matrix: {vars: {x: a}}", "matrix: {sets: {s: x & b}}")
    assert config.routing.router.settings.matrix is not None


def test_every_conflict_is_reported():
    assert len(refused("a: 1\nb: 1", "a: 2\nb: 2")) == 2


def test_macro_order_is_file_order():
    config = load("macros: {a: x}", "macros: {b: '${a}y'}", model("name: '${b}'"))
    assert config.models["m"].name == "xy"
    assert list(config.macros) == ["a", "b"]


def test_each_file_has_its_own_anchors():
    load(
        "t: &t {cmd: x, proxy: 'http://h'}\n" + "models: {a: *t}", "u: &t {cmd: y, proxy: 'http://h'}\nmodels: {b: *t}"
    )
    assert "unknown anchor 't'" in first("t: &t {}", "models: {a: *t}")


def test_a_template_in_a_later_file_serves_models_there():
    config = load(models("a"), "t: &t {cmd: y, proxy: 'http://h'}\nmodels: {b: *t}")
    assert config.models["b"].cmd == "y"


def test_the_conflict_of_styles_works_across_files():
    assert "routing.router" in first(M, "groups: {g: {members: [m]}}", "routing: {router: {use: group}}")


def test_depth_does_not_matter():
    deep = "x: " + "{a: " * 480 + "1" + "}" * 480
    load(deep, deep)


def test_three_files():
    assert load("apiKeys: [a]", "apiKeys: [b]", "apiKeys: [c]").api_keys == ("a", "b", "c")
