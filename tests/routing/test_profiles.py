"""Pins of the active profile (runtime specification, section 5.1; HTTP specification, section 7)."""

import pytest

from llamaswap_desktop.config import Profile
from llamaswap_desktop.routing import pin_for

HOME = Profile(id="home", pins={"gpt-4": "qwen", "org/big": "small", "org": "other", "off": ""})


@pytest.mark.parametrize(
    ("name", "target"), [("gpt-4", "qwen"), ("org/big", "small"), ("off", ""), ("GPT-4", None), ("qwen", None)]
)
def test_name_is_replaced_exactly_as_written(name, target):
    pin = pin_for(HOME, name)
    assert (pin and pin.target) == target


def test_without_a_profile_nothing_is_replaced():
    assert pin_for(None, "gpt-4") is None
