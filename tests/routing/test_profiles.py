"""Pins of the active profile (runtime specification, section 5.1; HTTP specification, section 7)."""

import pytest

from llamaswap_desktop.config import Profile
from llamaswap_desktop.routing import pin_for, pin_for_path

HOME = Profile(id="home", pins={"gpt-4": "qwen", "org/big": "small", "org": "other", "off": ""})


@pytest.mark.parametrize(
    ("name", "target"), [("gpt-4", "qwen"), ("org/big", "small"), ("off", ""), ("GPT-4", None), ("qwen", None)]
)
def test_name_is_replaced_exactly_as_written(name, target):
    pin = pin_for(HOME, name)
    assert (pin and pin.target) == target


@pytest.mark.parametrize(
    ("path", "pin"),
    [
        ("gpt-4/v1/chat", ("gpt-4", "qwen")),
        ("gpt-4", ("gpt-4", "qwen")),
        ("org/big/v1", ("org/big", "small")),
        ("org/bigger/v1", ("org", "other")),
        ("organ/v1", None),
        ("off/v1", ("off", "")),
    ],
)
def test_longest_pin_that_a_path_begins_with_wins(path, pin):
    found = pin_for_path(HOME, path)
    assert (found and (found.name, found.target)) == pin


def test_without_a_profile_nothing_is_replaced():
    assert pin_for(None, "gpt-4") is None
    assert pin_for_path(None, "gpt-4/v1") is None
