"""Sections 7.4 and 19: ports."""

import pytest

from tests.config.loading import first, load, model


def ports(
    *names: str, start: int = 5800, kept: dict[str, int] | None = None, without: str = ""
) -> dict[str, int | None]:
    entries = "".join(
        f"  {name}: {{cmd: 'x {'' if name == without else '${PORT}'}', proxy: 'http://h'}}\n" for name in names
    )
    config = load(f"startPort: {start}\nmodels:\n{entries}", kept_ports=kept or {})
    return {model.id: model.port for model in config.models.values()}


def test_in_byte_order_of_ids():
    assert ports("m2", "m10", "é", "M", "a") == {"M": 5800, "a": 5801, "m10": 5802, "m2": 5803, "é": 5804}


def test_models_without_a_port_take_none():
    assert ports("a", "b", "c", start=9000, without="b") == {"a": 9000, "b": None, "c": 9001}


def test_no_upper_bound():
    assert ports("a", "b", start=65535) == {"a": 65535, "b": 65536}


@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ({}, {"a": 5800, "b": 5801, "c": 5802}),
        ({"c": 5800}, {"a": 5801, "b": 5802, "c": 5800}),
        ({"b": 7000}, {"a": 5800, "b": 7000, "c": 5801}),
        ({"gone": 5800}, {"a": 5800, "b": 5801, "c": 5802}),
        ({"a": 5802, "b": 5801, "c": 5800}, {"a": 5802, "b": 5801, "c": 5800}),
    ],
)
def test_kept_over_a_reload(kept, given):
    assert ports("a", "b", "c", kept=kept) == given


def test_kept_also_when_the_first_port_has_changed():
    assert ports("a", "b", start=6000, kept={"a": 5800}) == {"a": 5800, "b": 6000}


def test_a_kept_port_of_a_model_without_need_counts_for_nothing():
    assert ports("a", "b", without="b", kept={"b": 5800}) == {"a": 5800, "b": None}


@pytest.mark.parametrize(
    "text",
    [
        "models: {m: {cmd: x}}",
        "models: {m: {}}",
        "models: {m: {cmd: x, proxy: 'http://h:${PORT}'}}",
        "macros: {p: 'http://h:${PORT}'}\nmodels: {m: {cmd: x, proxy: '${p}'}}",
        'models: {m: {cmd: "x\\n# ${PORT}\\n"}}',
        "models: {m: {cmd: x, proxy: ~}}",
    ],
)
def test_a_proxy_with_a_port_needs_one_in_cmd(text):
    message = first(text)
    assert "'m'" in message
    assert "${PORT}" in message
    assert "cmd" in message


def test_a_proxy_of_one_s_own_changes_nothing():
    found = load("models: {m: {cmd: 'x ${PORT}', proxy: 'http://h:1'}}").models["m"]
    assert (found.port, found.proxy) == (5800, "http://h:1")


def test_the_first_error_in_byte_order_comes_first():
    assert "'a'" in first("models: {b: {cmd: x}, a: {cmd: x}}")


def test_an_unused_start_port_of_a_wrong_type_is_reported_once():
    assert (
        first("startPort: soon\n" + model()) == "a.yaml:1:12: startPort: expected a whole number, not the text 'soon'"
    )
