"""Switches of groups that were changed live."""

import pytest

from llamaswap_desktop.commands import SetGroup
from llamaswap_desktop.core.overrides import GroupOverrides
from llamaswap_desktop.errors import GroupNotFound
from tests.core.fakes import config, model

CONFIG = config(model("a"), model("b"))


def test_only_what_was_said_is_another():
    overrides = GroupOverrides().changed_by(SetGroup("g", swap=False), CONFIG)
    [group] = overrides.applied_to(CONFIG).groups
    assert (group.swap, group.exclusive, group.persistent) == (False, True, False)
    assert CONFIG.groups[0].swap, "the configuration is as it was"


def test_saying_nothing_gives_the_configured_values_back():
    overrides = GroupOverrides().changed_by(SetGroup("g", persistent=True), CONFIG)
    assert overrides.changed_by(SetGroup("g"), CONFIG).applied_to(CONFIG) is CONFIG


def test_switch_set_to_what_the_files_say_is_no_override():
    overrides = GroupOverrides().changed_by(SetGroup("g", swap=False, exclusive=True, persistent=False), CONFIG)
    assert overrides.switches == {"g": {"swap": False}}


def test_group_that_is_gone_after_a_reload_harms_nothing():
    overrides = GroupOverrides().changed_by(SetGroup("g", swap=False), CONFIG)
    other = config(model("a"))
    assert overrides.applied_to(other).models == other.models


def test_unknown_group():
    with pytest.raises(GroupNotFound, match='group "x" not found'):
        GroupOverrides().changed_by(SetGroup("x", swap=False), CONFIG)
