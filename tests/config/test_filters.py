"""Section 7.6: filters in the form in which requests need them."""

import pytest

from llamaswap_desktop.config import clean_filters
from tests.config.loading import load, model


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("", ()),
        ("b, a", ("a", "b")),
        (" a ,, b,a , ", ("a", "b")),
        ("model, a, Model", ("Model", "a")),
        ("a.b, a b", ("a b", "a.b")),
    ],
)
def test_names_to_strip(written, names):
    found = load(model(f"filters: {{stripParams: '{written}'}}")).models["m"]
    assert clean_filters(found.filters).strip == names
    assert found.filters.strip_params == written


def test_values_to_set_are_sorted_typed_and_never_the_model():
    set_params = "setParams: {z: 1, model: x, a.b: {c: [true, 1.5, ~, t]}}"
    by_id = "setParamsByID: {n: {model: y, k: 2}, o: ~}"
    clean = clean_filters(load(model(f"filters: {{{set_params}, {by_id}}}")).models["m"].filters)
    assert list(clean.set.items()) == [("a.b", {"c": [True, 1.5, None, "t"]}), ("z", 1)]
    assert clean.set_by_id == {"n": {"k": 2}, "o": {}}
