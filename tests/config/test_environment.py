"""Section 4: references to environment variables."""

import pytest

from tests.config.loading import M, first, load, model, refused


@pytest.mark.parametrize(
    ("variables", "written", "value"),
    [
        ({"D": "/srv/m"}, '"run ${env.D}/x.gguf"', "run /srv/m/x.gguf"),
        ({"D": "/srv/m"}, "${env.D}/x ${env.D}", "/srv/m/x /srv/m"),
        ({"W": r"C:\m"}, '"${env.W}"', r"C:\m"),
        ({"W": r"C:\m"}, "${env.W}", r"C:\\m"),
        ({"W": r"C:\m"}, "'${env.W}'", r"C:\\m"),
        ({"Q": 'say "x"'}, '"${env.Q}"', 'say "x"'),
        ({"Q": 'say "x"'}, "${env.Q}", r"say \"x\""),
        ({"_x1": "u"}, "${env._x1}", "u"),
        ({"N": "60"}, "${env.N}", 60),
        ({"N": "60"}, '"${env.N}"', "60"),
        ({"L": "[a, b]"}, "${env.L}", ["a", "b"]),
        ({"X": "1", "x": "2"}, "'${env.X}${env.x}'", "12"),
        ({"E": ""}, "${env.E}", None),
        ({"E": ""}, '"${env.E}"', ""),
        ({"H": "a #b"}, "${env.H}", "a"),
        ({}, "'${env.1X} ${env.A-B} ${env.} ${ENV.X} ${env.X }'", "${env.1X} ${env.A-B} ${env.} ${ENV.X} ${env.X }"),
    ],
)
def test_references_are_replaced_in_the_text(variables, written, value):
    config = load(f"models:\n  m:\n    cmd: x\n    proxy: http://h\n    metadata:\n      v: {written}\n", env=variables)
    assert config.models["m"].metadata == {"v": value}


def test_empty_means_null():
    assert load("logLevel: ${env.E}", env={"E": ""}).log_level == "info"


def test_in_keys_macros_flow_lists_and_block_text():
    text = """
        macros: {dir: "${env.D}"}
        models:
          ${env.K}:
            cmd: |
              run ${dir}
              --x ${env.D}
            proxy: http://h
            aliases: [${env.K}2, x]
    """
    found = load(text, env={"D": "/d", "K": "key"}).models["key"]
    assert found.cmd == "run /d\n--x /d\n"
    assert found.aliases == ("key2", "x")


def test_unset_is_refused_with_name_file_and_line():
    message = first(M, "startPort: 5\nlogLevel: ${env.NOPE}\n")
    assert message.startswith("b.yaml:2:")
    assert "NOPE" in message


@pytest.mark.parametrize("text", ["ignored: '${env.U}'\n", "x: |\n  # ${env.U}\n", "'${env.U}': 1\n"])
def test_unset_counts_in_all_data(text):
    assert "U" in first(text)


@pytest.mark.parametrize("text", ["# key: ${env.U}\n", "logLevel: debug # ${env.U}\n", "a: 1\n---\nb: ${env.U}\n"])
def test_comments_and_what_follows_the_document_do_not_count(text):
    load(text)


def test_where_the_text_does_not_parse_before_every_reference_counts():
    assert "U" in first("apiKeys: [${env.A}]\n# ${env.U}\n", env={"A": "x"})


def test_every_missing_variable_is_named():
    assert [problem.line for problem in refused("a: ${env.A}\nb: ${env.B}\n")] == [1, 2]


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_line_breaks_in_values_are_refused(value):
    message = first("logLevel: ${env.V}", env={"V": value})
    assert "V" in message
    assert "a\nb" not in message


def test_bytes_that_are_no_text_are_refused():
    assert "V" in first("x: '${env.V}'", env={"V": "a\udcffb"})
    assert "B" in first("x: '${env.A}'", env={"A": "${env.B}", "B": "a\udcffb"})


def test_values_may_hold_macros():
    config = load("macros: {x: 5}\n" + model("name: 'n${env.V}'"), env={"V": "${x}"})
    assert config.models["m"].name == "n5"


def test_values_may_hold_references_once():
    variables = {"A": "${env.B}", "B": "bee", "C": "${env.A}"}
    assert load("logTimeFormat: ${env.A}", env=variables | {"B": "kitchen"}).log_time_format == "kitchen"
    assert load("startPort: ${env.A}", env=variables | {"B": "9"}).start_port == 9
    assert "variable B" in first("startPort: ${env.C}", env=variables | {"B": "9"})


def test_env_alone_is_a_macro():
    assert load("macros: {env: x}\n" + model("name: '${env}'")).models["m"].name == "x"


def test_values_never_appear_in_messages():
    message = first(model("ttl: ${env.T}"), env={"T": "sekret-value"})
    assert "sekret" not in message
    assert "${env.T}" in message
