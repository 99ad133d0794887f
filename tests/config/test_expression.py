"""Section 8.3: the grammar of matrix expressions."""

import pytest

from llamaswap_desktop.config.expression import AllOf, AnyOf, ExpressionError, Name, Reference, parse_expression


def combinations(text: str) -> list[set[str]]:
    """Write out what an expression stands for, which the program never does."""
    written: list[list[frozenset[str]]] = []
    for node in parse_expression(text):
        match node:
            case Name(name):
                written.append([frozenset({name})])
            case Reference(name):
                written.append([frozenset({f"+{name}"})])
            case AnyOf(parts):
                written.append([one for part in parts for one in written[part]])
            case AllOf(parts):
                found = [frozenset()]
                for part in parts:
                    found = [one | other for one in found for other in written[part]]
                written.append(found)
    return [set(one) for one in written[-1]]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("m1", [{"m1"}]),
        ("m1 & (m2 | m3)", [{"m1", "m2"}, {"m1", "m3"}]),
        ("m1 | m2 & m3", [{"m1"}, {"m2", "m3"}]),
        ("m1 & m1", [{"m1"}]),
        ("(m1 | m2) & (m3 | m4)", [{"m1", "m3"}, {"m1", "m4"}, {"m2", "m3"}, {"m2", "m4"}]),
        ("((m1))", [{"m1"}]),
        ("m1&m2|m3", [{"m1", "m2"}, {"m3"}]),
        (" m1\n&\tm2\u00a0", [{"m1", "m2"}]),
        ("+s & m1", [{"+s", "m1"}]),
        ("a_b-c.d | é | 7", [{"a_b-c.d"}, {"é"}, {"7"}]),
        ("and & or", [{"and", "or"}]),
        ("٣", [{"٣"}]),
    ],
)
def test_meaning(text, meaning):
    assert combinations(text) == meaning


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("m1 && m2", "'&' at position 4"),
        ("m1 m2", "'m2' at position 3"),
        ("m1 +s", "'+s' at position 3"),
        ("+ s", "'+' at position 0"),
        ("+(m1)", "'+' at position 0"),
        ("m1 & ++s", "'+' at position 5"),
        ("m1 and m2", "'and' at position 3"),
        ("m1 & ", "still missing"),
        ("| m1", "'|' at position 0"),
        ("(m1", "never closed"),
        ("m1)", "')' at position 2"),
        ("()", "')' at position 1"),
        ("(", "still missing"),
        ("m1 (m2)", "'(' at position 3"),
        ("(m1) m2", "'m2' at position 5"),
        ("org/m", "'/' at position 3"),
        ("m:1", "':' at position 1"),
        ("  é , m", "',' at position 2"),
        ("m1 & ½", "'½'"),
    ],
)
def test_faults(text, carries):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert carries in str(caught.value)


def test_depth_does_not_matter():
    deep = "(a|b&" * 20_000 + "c" + ")" * 20_000
    assert len(parse_expression(deep)) == 20_000 * 4 + 1
