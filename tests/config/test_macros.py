"""Section 5: macros."""

import pytest

from tests.config.loading import first, load, model, refused


def name_of(macros: str, text: str, own: str = "") -> object:
    """Return what ``text`` (YAML) becomes as a metadata value."""
    keys = f"metadata: {{v: {text} }}" + (f", macros: {{{own}}}" if own else "")
    return load(f"macros: {{{macros}}}\n" + model(keys)).models["m"].metadata["v"]


# -- 5.1 and 5.2: declaration, names and values


@pytest.mark.parametrize("block", ["[a]", "text", "5"])
def test_the_block_is_a_mapping(block):
    assert "macros" in first(f"macros: {block}")
    assert "models.m.macros" in first(model(f"macros: {block}"))


def test_an_empty_block_is_fine():
    load("macros:\n")
    load("macros: {}\n")
    load(model("macros: {}"))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("x" * 64, "1", "63"),
        ("é" * 32, "1", "63"),
        ("a.b", "1", "bad name"),
        ("a b", "1", "bad name"),
        ("'é'", "1", "bad name"),
        ("''", "1", "bad name"),
        ("x", "~", "a text, a number"),
        ("x", "[1]", "a text, a number"),
        ("x", "{a: 1}", "a text, a number"),
        ("x", "2024-01-31", "a text, a number"),
        ("x", "'a ${x} b'", "itself"),
        ("PORT", "1", "reserved"),
        ("PID", "1", "reserved"),
        ("MODEL_ID", "1", "reserved"),
    ],
)
def test_bad_macros_are_refused_by_name(name, value, why):
    message = first(f"macros: {{{name}: {value}}}")
    assert why in message
    assert f"macros.{name.strip(chr(39))}" in message
    message = first(model(f"macros: {{{name}: {value}}}"))
    assert why in message
    assert "models.m.macros" in message


def test_the_first_rule_that_is_broken_is_named():
    assert "63" in first(f"macros: {{'{'.' * 64}': ~}}")
    assert "bad name" in first("macros: {a.b: ~}")
    assert "a text, a number" in first("macros: {PORT: ~}")
    assert "itself" in first("macros: {PORT: '${PORT}'}")


def test_global_macros_are_checked_before_those_of_models():
    problems = refused("macros: {a.b: 1}\nmodels: {m: {macros: {c.d: 1}}}")
    assert [problem.path for problem in problems] == ["macros.a.b", "models.m.macros.c.d"]


@pytest.mark.parametrize("name", ["x" * 63, "port", "Pid", "12", "-", "_", "a-b_C9"])
def test_good_names(name):
    assert name_of(f"{name}: ok", f"'${{{name}}}'") == "ok"


def test_an_unused_macro_may_refer_to_nothing():
    load("macros: {x: '${nothing}'}")
    load(model("macros: {x: '${nothing}'}"))


# -- 5.3: scope and order


def test_a_macro_may_use_those_before_it():
    assert name_of("root: /m, file: '${root}/q.gguf', run: 'run ${file}'", "'${run}'") == "run /m/q.gguf"


def test_a_macro_cannot_use_a_later_one():
    message = first("macros: {file: '${root}/q', root: /m}\n" + model("name: '${file}'"))
    assert "${root}" in message


def test_an_overriding_macro_is_seen_by_global_ones_and_keeps_their_place():
    assert name_of("tag: a, line: '-t ${tag}'", "'x ${line}'", own="tag: b") == "x -t b"
    assert "${late}" in first("macros: {tag: a, late: b}\n" + model("macros: {tag: '${late}'}, name: '${tag}'"))


def test_a_global_macro_does_not_see_what_only_a_model_has():
    assert "${own}" in first("macros: {g: '${own}'}\n" + model("macros: {own: 1}, name: '${g}'"))


def test_own_macros_may_use_global_ones_and_earlier_own_ones():
    assert name_of("g: 1", "'${b}'", own="a: '<${g}>', b: '${a}${a}'") == "<1><1>"


def test_a_model_s_macros_are_its_own():
    text = "models: {a: {cmd: x, proxy: 'http://h', macros: {k: 1}}, b: {cmd: '${k}', proxy: 'http://h'}}"
    assert "'b'" in first(text)


def test_macros_may_use_the_model_id():
    assert name_of("who: 'I am ${MODEL_ID}'", "'${who}'") == "I am m"


# -- 5.4: replacement


@pytest.mark.parametrize(
    ("value", "text", "result"),
    [
        ("60", "'${T}'", 60),
        ("'60'", "'${T}'", "60"),
        ("60", "'${T}0'", "600"),
        ("true", "'${T}'", True),
        ("true", "'-${T}-'", "-true-"),
        ("0.70", "'${T}'", 0.7),
        ("0.70", "'x${T}'", "x0.7"),
        ("1.0", "'x${T}'", "x1"),
        ("1000000.0", "'x${T}'", "x1e+06"),
        ("2500000.5", "'x${T}'", "x2.5000005e+06"),
        ("0.00001", "'x${T}'", "x1e-05"),
        (".inf", "'x${T}'", "x+Inf"),
        (".nan", "'x${T}'", "xNaN"),
        ("0x10", "'x${T}'", "x16"),
        ("v", "'$${T}'", "$v"),
        ("v", "'${t} ${ T} ${T.x} ${}'", None),
        ("v", "'${T.x} ${} ${ T}'", "${T.x} ${} ${ T}"),
    ],
)
def test_replacement(value, text, result):
    if result is None:
        assert "${t}" in first(f"macros: {{T: {value}}}\n" + model(f"name: {text}"))
        return
    found = name_of(f"T: {value}", text)
    assert (type(found), found) == (type(result), result)


def test_quotes_make_no_difference():
    assert load("macros:\n  T: 7000\nstartPort: ${T}\n") == load("macros:\n  T: 7000\nstartPort: '${T}'\n")


def test_a_lone_reference_to_a_lone_reference_keeps_its_type():
    assert name_of("a: 60, b: '${a}'", "'${b}'") == 60


def test_typed_values_reach_typed_fields():
    assert load("macros: {T: 60}\n" + model("ttl: '${T}'")).models["m"].ttl_s == 60
    assert "ttl" in first("macros: {T: '60'}\n" + model("ttl: '${T}'"))


# -- 5.5: where


def test_everywhere_in_values():
    text = """
        macros: {p: 7000, who: m, key: sesame, cond: x-h}
        startPort: ${p}
        apiKeys: ["${key}"]
        ui: {activity: {session_id: ["${cond}"]}}
        hooks: {on_startup: {preload: ["${who}"]}}
        models:
          m: {cmd: "run ${PORT}", metadata: {deep: [{x: ["${who}"]}], 1: "${who}"}}
        peers: {q: {proxy: "http://${who}", models: ["${who}"]}}
        matrix: {vars: {v: "${who}"}, sets: {s: "${who}"}}
    """
    config = load(text)
    assert config.start_port == config.models["m"].port == 7000
    assert config.api_keys == ("sesame",)
    assert config.ui.activity.session_id == ("x-h",)
    assert config.hooks.on_startup.preload == ("m",)
    assert config.models["m"].metadata == {"deep": [{"x": ["m"]}], "1": "m"}
    assert config.peers["q"].proxy == "http://m"
    matrix = config.routing.router.settings.matrix
    assert matrix is not None
    assert (matrix.variables, matrix.sets[0].expression) == ({"v": "m"}, "m")


def test_group_members():
    config = load("macros: {who: m}\ngroups: {g: {members: ['${who}']}}\n" + model())
    assert config.routing.router.settings.groups["g"].members == ("m",)


def test_not_in_keys():
    config = load("macros: {k: x}\n" + model("metadata: {'${k}': 1}", name="'${k}'"))
    assert config.models["${k}"].metadata == {"${k}": 1}


def test_but_in_the_keys_of_set_params_by_id():
    filters = "filters: {setParamsByID: {'${MODEL_ID}-${k}': {a: 1}}}"
    found = load("macros: {k: 5}\n" + model(filters)).models["m"]
    assert found.filters.set_params_by_id == {"m-5": {"a": 1}}
    assert found.aliases == ("m-5",)


def test_keys_of_set_params_by_id_that_come_out_equal_are_refused():
    message = first("macros: {k: z}\n" + model("filters: {setParamsByID: {'${k}': {}, z: {}}}"))
    assert all(part in message for part in ("'${k}'", "'z'", "'m'"))


def test_leftovers_in_keys_of_set_params_by_id_are_refused():
    assert "${nope}" in first(model("filters: {setParamsByID: {'${nope}': {}}}"))


def test_models_are_gone_through_one_by_one_in_byte_order():
    text = """
        macros: {k: z}
        models:
          b: {cmd: x, proxy: "http://h", filters: {setParamsByID: {"${k}": {}, z: {}}}}
          a: {cmd: x, filters: {setParamsByID: {"${nope}": {}}}}
    """
    paths = [problem.path for problem in refused(text)]
    assert paths == [
        "models.a.proxy",
        "models.a.filters.setParamsByID.${nope}",
        "models.b.filters.setParamsByID.z",
    ]


# -- 5.6: built-in macros


def test_the_model_id_is_always_a_string():
    config = load("models: {7: {cmd: x, proxy: 'http://h', metadata: {v: '${MODEL_ID}'}}}")
    assert config.models["7"].metadata == {"v": "7"}


def test_the_port_is_in_every_value_of_a_model_whose_cmd_has_it():
    text = "models: {m: {cmd: '${run}', macros: {run: 'x ${PORT}'}, name: 'at ${PORT}', metadata: {p: '${PORT}'}}}"
    found = load(text).models["m"]
    assert (found.cmd, found.name, found.metadata, found.proxy) == (
        "x 5800", "at 5800", {"p": 5800}, "http://localhost:5800",
    )  # fmt: skip


def test_the_pid_stays_in_cmd_stop_alone():
    assert load("macros: {s: 'kill ${PID}'}\n" + model("cmdStop: '${s}'")).models["m"].cmd_stop == "kill ${PID}"
    assert "${PID}" in first(model("name: '${PID}'"))
    assert "${PID}" in first("models: {m: {cmd: 'run ${PID}', proxy: 'http://h'}}")


@pytest.mark.parametrize("name", ["PORT", "MODEL_ID", "PID"])
def test_none_of_them_exists_outside_models(name):
    assert f"${{{name}}}" in first(f"logLevel: '${{{name}}}'")


# -- 5.7: leftovers


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        (model("name: 'Model ${version}'"), ("'m'", "name", "${version}")),
        ('apiKeys: ["${MODEL_ID}"]', ("apiKeys[0]", "${MODEL_ID}")),
        (model("cmdStop: 'stop ${PORT}'"), ("'m'", "cmdStop", "${PORT}")),
        (model("unknown: ['${x}']"), ("'m'", "unknown", "${x}")),
        (model("metadata: {1: '${x}'}"), ("'m'", "metadata", "${x}")),
        ("peers: {p: {proxy: 'http://${x}', models: [a]}}", ("peers.p.proxy", "${x}")),
        ("hooks: {on_startup: {preload: [a, '${x}']}}", ("hooks.on_startup.preload[1]", "${x}")),
        ("desktop: {allowedHosts: ['${x}']}", ("desktop.allowedHosts[0]", "${x}")),
        ("groups: {g: {members: ['${x}']}}", ("groups.g.members[0]", "${x}")),
        (model("proxy2: '${env}'"), ("${env}",)),
    ],
)
def test_leftovers_are_refused_with_macro_and_place(text, carries):
    message = first(text)
    assert all(part in message for part in carries), message


@pytest.mark.parametrize("text", ["scratch: '${whatever}'", model("metadata: {'${whatever}': 1}"), "x: {y: ['${z}']}"])
def test_unknown_top_level_keys_and_keys_are_not_checked(text):
    load(text)


def test_what_doubles_with_every_macro_is_stopped():
    macros = (
        "macros:\n  m0: '" + "x" * 50 + "'\n" + "".join(f"  m{n}: '${{m{n - 1}}}${{m{n - 1}}}'\n" for n in range(1, 60))
    )
    assert "16 million" in first(macros + model("name: '${m59}'"))
