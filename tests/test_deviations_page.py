"""``docs/deviations.md`` and ``docs/as-llama-swap.yaml`` say the same, and a test shows each row that has a switch."""

import re
from pathlib import Path

import pytest
import yaml

from tests.config.loading import load, models
from tests.whole.test_as_llama_swap import SHOWN

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "deviations.md").read_text(encoding="utf-8")
PROFILE = (DOCS / "as-llama-swap.yaml").read_text(encoding="utf-8")
REASONS = tuple(re.findall(r"^- \*(.+?)\*: ", PAGE, re.MULTILINE))
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")][
    1:
]
SWITCHED = {row[0]: row[-1] for row in ROWS if not row[-1].startswith("no switch")}


def leaves(node, path=()):
    """Yield each key of the profile by its dotted path, with its value as the page writes it."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield ".".join((*path, key)), yaml.safe_dump(value, default_flow_style=True).splitlines()[0]


SET = dict(leaves(yaml.safe_load(PROFILE)))


def test_the_table_is_read():
    assert len(ROWS) > 80
    assert len(REASONS) == 4
    assert all(len(row) == 5 and all(row) for row in ROWS), [row for row in ROWS if len(row) != 5 or not all(row)]
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row_names_its_switch_or_why_there_is_none(row):
    if row[-1].startswith("no switch"):
        assert row[-1].removeprefix("no switch: ") in REASONS
        return
    switch = re.fullmatch("`(.+)`", row[-1])[1]
    if switch.startswith("--"):
        assert f"llamaswap-desktop serve {switch}" in PROFILE
    else:
        key, value = switch.split(": ")
        assert SET[key] == value.replace('"', "'")


def test_the_profile_switches_nothing_that_no_row_names():
    named = {switch.strip("`").split(":")[0] for switch in SWITCHED.values()}
    limits = {f"desktop.limits.{key}" for key in ("body", "headTime", "connections")}
    assert set(SET) - limits == {name for name in named if not name.startswith("--")}


def test_the_profile_is_a_configuration_and_goes_with_every_style_of_groups():
    for groups in ("", "groups: {g: {members: [m]}}\n", "matrix: {vars: {v: m}, sets: {s: v}}\n"):
        assert load(models("m") + groups + PROFILE).warnings == ()
    assert load(models("m"), PROFILE).desktop.visible_failures is False


def test_every_row_with_a_switch_is_shown_by_a_test():
    assert set(SHOWN) == set(SWITCHED)
