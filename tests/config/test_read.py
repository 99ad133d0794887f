"""Sections 2.3 and 2.4: values into typed fields, and null."""

import pytest

from tests.config.loading import first, load, model, said


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("12", "12"),
        ("0x10", "16"),
        ("True", "true"),
        ("2024-01-31", "2024-01-31T00:00:00Z"),
        ("0123", "83"),
        ("1.10", "1.1"),
        ("'1.10'", "1.10"),
        ("plain", "plain"),
        ("''", ""),
        ("~", ""),
    ],
)
def test_string_fields_take_any_scalar(written, text):
    assert load(model(f"useModelName: {written}")).models["m"].use_model_name == text


@pytest.mark.parametrize("written", ["[a]", "{a: b}"])
def test_string_fields_refuse_collections(written):
    message = first(model(f"useModelName: {written}"))
    assert "models.m.useModelName" in message
    assert "a text" in message


@pytest.mark.parametrize(("written", "number"), [("60", 60), ("1.9", 1), ("-1", -1), ("0x10", 16), ("6e1", 60)])
def test_integer_fields_cut_floats(written, number):
    assert load(model(f"ttl: {written}", "c")).models["c"].ttl_s == (number if number != -1 else 0)


@pytest.mark.parametrize("written", ["'60'", "soon", "true", "[1]", "{a: 1}", ".inf", ".nan", "1e300", "2024-01-31"])
def test_integer_fields_refuse_the_rest(written):
    message = first(model(f"ttl: {written}"))
    assert "models.m.ttl" in message
    assert "whole number" in message


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(text, True) for text in ("true", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "'yes'", '"on"')],
        *[(text, False) for text in ("false", "n", "N", "no", "No", "NO", "off", "Off", "OFF", "'no'")],
    ],
)
def test_boolean_fields(written, value):
    assert load(f"includeAliasesInList: {written}").include_aliases_in_list is value


@pytest.mark.parametrize("written", ["'true'", "yEs", "1", "0", "maybe", "[]", "{}"])
def test_boolean_fields_refuse_the_rest(written):
    message = first(f"includeAliasesInList: {written}")
    assert "includeAliasesInList" in message
    assert "true or false" in message


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90.0),
        ("1m30s", 90.0),
        ("1.5m", 90.0),
        ("5000ms", 5.0),
        ("1h", 3600.0),
        ("+6s", 6.0),
        ("'0'", 5.0),
        ("0s", 5.0),
    ],
)
def test_durations(written, seconds):
    assert load(f"performance: {{every: {written}}}").performance.every_s == seconds


@pytest.mark.parametrize("written", ["10", "0", "1.5", "'10'", "10 s", "1d", "5S", "s", "''", "true", "[5s]"])
def test_durations_need_a_unit(written):
    assert "performance.every" in first(f"performance: {{every: {written}}}")


def test_lists_of_strings_take_any_scalars_and_drop_null():
    assert load("apiKeys: [a, 12, true, ~, '', x]".replace("'', ", "")).api_keys == ("a", "12", "true", "x")


@pytest.mark.parametrize("written", ["a", "{a: b}", "5"])
def test_lists_refuse_scalars_and_mappings(written):
    message = first(f"apiKeys: {written}")
    assert "apiKeys" in message
    assert "a list" in message


def test_a_list_in_a_list_is_refused_with_its_index():
    assert "apiKeys[1]" in first("apiKeys: [a, [b]]")


def test_keys_of_mappings_may_be_any_scalar():
    config = load(model("metadata: {1: a, true: b, ~: c, 2024-01-31: d}"))
    assert config.models["m"].metadata == {"1": "a", "true": "b", "~": "c", "2024-01-31": "d"}


def test_model_ids_may_be_written_as_numbers_booleans_and_null():
    config = load("models: {7: {cmd: x, proxy: 'http://h'}, true: {cmd: x, proxy: 'http://h'}}")
    assert set(config.models) == {"7", "true"}


@pytest.mark.parametrize("written", ["[a]", "text", "5"])
@pytest.mark.parametrize("key", ["models", "routing", "ui", "performance", "macros", "peers", "hooks"])
def test_mappings_refuse_lists_and_scalars(key, written):
    message = first(f"{key}: {written}")
    assert key in message
    assert "mapping" in message


def test_a_type_error_carries_file_line_column_path_value_and_what_was_expected():
    assert first("models:\n  m:\n    cmd: x\n    proxy: http://h\n    ttl: soon\n") == (
        "a.yaml:5:10: models.m.ttl: expected a whole number, not the text 'soon'"
    )


# -- null


def test_null_scalars_are_absent():
    config = load(
        "startPort: ~\nlogLevel:\nsendLoadingState: null\n"
        + model("ttl: ~, checkEndpoint: , proxy: 'http://h'".replace(", proxy: 'http://h'", ""))
    )
    assert (config.start_port, config.log_level, config.models["m"].ttl_s) == (5800, "info", 0)
    assert config.models["m"].check_endpoint == "/health"


@pytest.mark.parametrize("key", ["ui", "routing", "performance", "upstream", "hooks", "desktop"])
def test_null_blocks_are_absent(key):
    assert load(f"{key}: ~\n") == load("")


@pytest.mark.parametrize("key", ["timeouts", "capabilities", "filters", "compat", "memory"])
def test_null_blocks_of_a_model_are_absent(key):
    assert load(model(f"{key}: ~")).models == load(model()).models


@pytest.mark.parametrize("key", ["store", "matrix", "groups", "models", "macros", "peers", "profiles", "selectors"])
def test_null_maps_are_absent(key):
    assert load(f"{key}: ~\n") == load("")


def test_null_lists_are_empty_which_two_places_notice():
    assert load("ui: {activity: {session_id: ~}}").ui.activity.session_id == ()
    assert load("upstream: {ignorePaths: ~}").upstream == load("").upstream


def test_null_entries():
    config = load("models: {m: ~}\ngroups: {g: ~}\n")
    empty = config.models["m"]
    assert (empty.proxy, empty.check_endpoint, empty.ttl_s, empty.timeouts.connect_s) == ("", "", 0, 0)
    group = config.routing.router.settings.groups["g"]
    assert (group.members, group.swap, group.exclusive, group.persistent) == ((), False, False, False)
    assert "models.m" in said(config)
    assert "groups.g" in said(config)


def test_a_null_peer_has_nothing():
    assert "peers.p.proxy" in first("peers: {p: ~}")


def test_null_profiles_and_selectors_fail_their_own_checks():
    assert "no pins" in first("profiles: {p: ~}")
    assert "strategy" in first("selectors: {s: ~}")


@pytest.mark.parametrize(("written", "read"), [("0123", "83"), ("1.10", "1.1"), ("1_000", "1000")])
def test_numbers_in_string_fields_are_warned_of_when_text_and_value_differ(written, read):
    warning = said(load(model(f"useModelName: {written}")))
    assert written in warning
    assert read in warning
    assert not said(load(model("useModelName: 12")))
    assert not said(load(model(f"useModelName: '{written}'")))


# -- unknown keys


@pytest.mark.parametrize(
    ("text", "path", "meant"),
    [
        ("startprt: 5\n", "startprt", "startPort"),
        ("MODELS: {}\n", "MODELS", "models"),
        (model("tll: 5"), "models.m.tll", "ttl"),
        (model("timeouts: {conect: 5}"), "models.m.timeouts.conect", "connect"),
        ("routing: {router: {usee: group}}\n", "routing.router.usee", "use"),
        ("desktop: {limits: {headers: 5}}\n", "desktop.limits.headers", "header"),
    ],
)
def test_unknown_keys_are_accepted_with_a_warning_that_helps(text, path, meant):
    warning = said(load(text))
    assert path in warning
    assert f"did you mean '{meant}'?" in warning


def test_an_unknown_key_far_from_all_others_gets_no_suggestion():
    assert "did you mean" not in said(load("qqqqqqqq: 1\n"))


def test_keys_that_hold_templates_are_no_mistakes():
    assert not said(load("base: &b {cmd: x, proxy: 'http://h'}\nx-note: 5\nmodels: {m: *b}\n"))
