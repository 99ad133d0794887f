"""Sections 2.2 and 5.4: what unquoted text stands for, and values as text."""

import math

import pytest

from llamaswap_desktop.config.scalars import Timestamp, WrongTag, render, resolve_plain, resolve_tagged
from tests.config.loading import load, refused


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[
            (text, text)
            for text in ("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF", "Y", "N", "nULL", "tRue")
        ],
        ("12", 12),
        ("-3", -3),
        ("+5", 5),
        ("0", 0),
        ("1_000", 1000),
        ("0x1F", 31),
        ("-0x1F", -31),
        ("0o17", 15),
        ("0b11", 3),
        ("017", 15),
        ("9223372036854775807", 2**63 - 1),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", float(2**64)),
        ("-9223372036854775809", -float(2**63)),
        ("0x1_0000_0000_0000_0000", "0x1_0000_0000_0000_0000"),
        ("9" * 350, "9" * 350),
        ("1e999", "1e999"),
        ("08", 8.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("-1.5e-3", -0.0015),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("+.INF", math.inf),
        ("2024-01-31", Timestamp("2024-01-31T00:00:00Z")),
        ("2024-01-31 10:00:00", Timestamp("2024-01-31T10:00:00Z")),
        ("2024-01-31T10:00:00+02:00", Timestamp("2024-01-31T10:00:00+02:00")),
        ("2024-01-31t10:00:00.500Z", Timestamp("2024-01-31T10:00:00.5Z")),
        *[(text, text) for text in ("1:30", "1,000", "2024-01", "2024-13-01", "2023-02-29", "2024-01-31T10:00:00")],
        *[
            (text, text)
            for text in (".", "-", "+", "1e", "0x", "0xg", "1.2.3", "--1", "_1", "1 2", "e3", "NaN", "<<", "a")
        ],
    ],
)
def test_unquoted_text(text, value):
    resolved = resolve_plain(text)
    assert (type(resolved), resolved) == (type(value), value)


def test_not_a_number():
    assert math.isnan(resolve_plain(".nan"))
    assert math.isnan(resolve_plain(".NaN"))


def test_digits_without_end_stay_text_and_take_no_time():
    assert resolve_plain("9" * 1_000_000) == "9" * 1_000_000


@pytest.mark.parametrize("text", ["12", "true", "~", "", "2024-01-31", "1e3"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quoted_is_always_a_string(text, quote):
    config = load(f"models: {{m: {{cmd: x, proxy: 'http://h', metadata: {{v: {quote}{text}{quote}}}}}}}")
    assert config.models["m"].metadata == {"v": text}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!str 5", "5"),
        ('!!int "5"', 5),
        ("!!float 5", 5.0),
        ('!!bool "true"', True),
        ('!!null ""', None),
        ("!whatever 5", 5),
        ("!whatever x", "x"),
        ("! 5", "5"),
    ],
)
def test_tags(written, value):
    config = load(f"models: {{m: {{cmd: x, proxy: 'http://h', metadata: {{v: {written} }}}}}}")
    found = config.models["m"].metadata["v"]
    assert (type(found), found) == (type(value), value)


def test_a_tag_that_does_not_fit_is_refused_with_its_line():
    (problem,) = refused("x: 1\ny: !!int abc\n")
    assert problem.line == 2
    assert "!!int" in problem.message


@pytest.mark.parametrize("tag", ["int", "float", "bool", "null", "timestamp"])
def test_no_tag_fits_everything(tag):
    with pytest.raises(WrongTag):
        resolve_tagged("zzz", f"tag:yaml.org,2002:{tag}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.70, "0.7"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (2500000.5, "2.5000005e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (0.0, "0"),
        (-0.25, "-0.25"),
        (123456.7, "123456.7"),
        (-1e21, "-1e+21"),
        (1.5e-10, "1.5e-10"),
        (1e100, "1e+100"),
        (999999.5, "999999.5"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (15, "15"),
        (-3, "-3"),
        (True, "true"),
        (False, "false"),
        ("text", "text"),
        (Timestamp("2024-01-31T00:00:00Z"), "2024-01-31T00:00:00Z"),
    ],
)
def test_values_as_text(value, text):
    assert render(value) == text
