"""Section 7: models."""

import pytest

from tests.config.loading import first, load, model, models, refused


def one(keys: str = "", name: str = "m", top: str = ""):
    return load(top + model(keys, name)).models[name.strip("'")]


def test_defaults():
    found = one()
    assert (found.cmd, found.cmd_stop, found.aliases, found.env, found.check_endpoint) == ("x", "", (), (), "/health")
    assert (found.ttl_s, found.unload_timeout_s, found.health_check_timeout_s, found.concurrency_limit) == (
        0,
        10,
        120,
        10,
    )
    assert (found.unlisted, found.use_model_name, found.name, found.description) == (False, "", "", "")
    assert (found.send_loading_state, found.metadata, found.macros) == (False, {}, {})
    assert not found.compat.ignore_websockets
    assert not found.capabilities


def test_cmd_may_be_empty():
    assert load("models: {m: {proxy: 'http://h'}}").models["m"].cmd == ""


@pytest.mark.parametrize(("written", "url"), [("''", ""), ("'http://h:1/p'", "http://h:1/p")])
def test_proxy(written, url):
    assert load(f"models: {{m: {{cmd: 'x ${{PORT}}', proxy: {written}}}}}").models["m"].proxy == url


def test_a_null_proxy_is_the_default():
    assert load("models: {m: {cmd: 'x ${PORT}', proxy: ~}}").models["m"].proxy == "http://localhost:5800"


@pytest.mark.parametrize("name", ["org/m:q4", "a b", "Größe", "a: b", "1"])
def test_any_text_is_an_id(name):
    assert one(name=f"'{name}'").id == name


@pytest.mark.parametrize(
    ("top", "own", "seconds"),
    [
        ("", "", 0),
        ("", "ttl: -1", 0),
        ("300", "", 300),
        ("300", "ttl: -1", 300),
        ("300", "ttl: 0", 0),
        ("300", "ttl: 40", 40),
    ],
)
def test_ttl(top, own, seconds):
    assert one(own, top=f"globalTTL: {top}\n" if top else "").ttl_s == seconds


@pytest.mark.parametrize(
    ("top", "own", "seconds"), [("", "", 10), ("0", "", 10), ("7", "", 7), ("7", "3", 3), ("7", "0", 7), ("", "3", 3)]
)
def test_unload_timeouts(top, own, seconds):
    found = one(f"unloadTimeout: {own}" if own else "", top=f"unloadTimeout: {top}\n" if top else "")
    assert found.unload_timeout_s == seconds


@pytest.mark.parametrize(
    ("keys", "path", "value"),
    [
        ("ttl: -2", "ttl", "-2"),
        ("unloadTimeout: -1", "unloadTimeout", "-1"),
        ("capabilities: {in: [text, video]}", "capabilities.in[1]", "'video'"),
        ("capabilities: {out: [Text]}", "capabilities.out[0]", "'Text'"),
        ("capabilities: {context: -1}", "capabilities.context", "-1"),
        ("proxy: '10.0.0.2:80'", "proxy", "10.0.0.2:80"),
    ],
)
def test_refused_values_carry_model_key_and_value(keys, path, value):
    message = first(f"models: {{m: {{cmd: x, {keys if 'proxy' in keys else keys + ', proxy: ' + repr('http://h')}}}}}")
    assert f"models.m.{path}:" in message
    assert "'m'" in message
    assert value in message


def test_the_global_loading_state_is_the_default_for_models():
    text = "sendLoadingState: true\n" + models("a", "b").replace("b: {", "b: {sendLoadingState: false, ")
    assert [model.send_loading_state for model in load(text).models.values()] == [True, False]


@pytest.mark.parametrize(("written", "limit"), [("0", 10), ("-3", 10), ("1", 1), ("99", 99)])
def test_concurrency(written, limit):
    assert one(f"concurrencyLimit: {written}").concurrency_limit == limit


def test_a_model_s_health_check_timeout_has_no_effect():
    assert one("healthCheckTimeout: 999").health_check_timeout_s == 120


@pytest.mark.parametrize(("written", "limit"), [("", 50), ("concurrencyLimit: 5", 50), ("concurrencyLimit: 60", 60)])
def test_comfyui(written, limit):
    found = one((written + ", " if written else "") + "compat: {ignoreWebsockets: false}", name="comfyui_auto")
    assert (found.concurrency_limit, found.compat.ignore_websockets) == (limit, True)


def test_an_alias_is_no_comfyui():
    assert one("aliases: [comfyui_auto]").concurrency_limit == 10


def test_timeouts_default_each_on_its_own():
    timeouts = one("timeouts: {connect: 0, idleConn: -5}").timeouts
    assert (timeouts.connect_s, timeouts.idle_conn_s) == (0, -5)
    assert (timeouts.keepalive_s, timeouts.response_header_s, timeouts.tls_handshake_s, timeouts.expect_continue_s) == (
        30, 0, 10, 1,
    )  # fmt: skip


def test_capabilities():
    found = one(
        "capabilities: {in: [text, image, text], out: [audio], tools: yes, reranker: on, context: 8192}"
    ).capabilities
    assert (found.inputs, found.outputs, found.tools, found.reranker, found.context) == (
        ("text", "image", "text"), ("audio",), True, True, 8192,
    )  # fmt: skip


@pytest.mark.parametrize("written", ["{}", "{in: [], out: [], tools: false, reranker: no, context: 0}", "~"])
def test_empty_capabilities_count_as_not_configured(written):
    assert not one(f"capabilities: {written}").capabilities


# -- 7.2 names


def test_an_alias_of_two_models_is_refused():
    message = first(
        "models: {a: {cmd: x, proxy: 'http://h', aliases: [z]}, b: {cmd: x, proxy: 'http://h', aliases: [y, z]}}"
    )
    assert all(part in message for part in ("'z'", "'a'", "'b'", "models.b.aliases[1]"))


def test_an_alias_twice_in_a_model_is_refused():
    message = first(model("aliases: [z, y, z]"))
    assert all(part in message for part in ("'z'", "'m'", "twice"))


def test_aliases_are_compared_after_macros():
    assert "'m-1'" in first(model("aliases: [m-1, '${MODEL_ID}-1']"))


def test_an_alias_may_be_a_model_s_id_and_loses():
    text = "models: {a: {cmd: x, proxy: 'http://h', aliases: [a, b]}, b: {cmd: x, proxy: 'http://h'}}"
    config = load(text)
    assert (config.resolve("a"), config.resolve("b")) == ("a", "b")


def test_keys_of_set_params_by_id_become_aliases():
    found = one("aliases: [y], filters: {setParamsByID: {m: {a: 1}, z: {a: 2}, y: ~}}")
    assert found.aliases == ("y", "z")
    assert found.filters.set_params_by_id == {"m": {"a": 1}, "z": {"a": 2}, "y": {}}


@pytest.mark.parametrize(
    ("key", "other", "carries"),
    [
        ("b", "", ("'b'", "'a'")),
        ("z", "aliases: [z],", ("'z'", "'a'", "'b'")),
        ("z", "filters: {setParamsByID: {z: {}}},", ("'z'", "'a'", "'b'")),
    ],
)
def test_keys_of_set_params_by_id_that_are_taken(key, other, carries):
    text = models("a", "b").replace("a: {", f"a: {{filters: {{setParamsByID: {{{key}: {{}}}}}}, ")
    message = first(text.replace("b: {", f"b: {{{other} "))
    assert all(part in message for part in carries)
    assert "setParamsByID" in message


def test_a_scalar_inner_map_is_a_type_error():
    assert "models.m.filters.setParamsByID.z" in first(model("filters: {setParamsByID: {z: 5}}"))


# -- 7.6 filters as written


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ("stripParams: ' a, b '", " a, b "),
        ("strip_params: a", "a"),
        ("strip_params: a, stripParams: b", "b"),
        ("strip_params: a, stripParams: ''", "a"),
        ("strip_params: a, stripParams: ~", "a"),
        ("strip_params: [a], stripParams: b", "b"),
    ],
)
def test_strip_params_under_both_names(filters, text):
    assert one(f"filters: {{{filters}}}").filters.strip_params == text


def test_the_old_name_must_be_a_text_where_it_counts():
    assert "filters" in first(model("filters: {strip_params: [a]}"))


def test_comment_lines_of_commands_count_for_nothing():
    found = load('models: {m: {proxy: "http://h", cmd: "run\\n  # ${nope} ${PORT}\\n--x # y\\n\\nz"}}').models["m"]
    assert found.cmd == "run\n--x # y\n\nz"
    assert found.port is None


def test_comment_lines_from_macros_stay_until_the_start():
    assert load('macros: {c: "# x"}\nmodels: {m: {proxy: "http://h", cmd: "run\\n${c}"}}').models["m"].cmd == "run\n# x"


def test_models_are_checked_in_byte_order():
    text = models("m2", "m10", "M").replace("x,", "x, ttl: -5,")
    assert [problem.path for problem in refused(text)] == ["models.M.ttl", "models.m10.ttl", "models.m2.ttl"]
