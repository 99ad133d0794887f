"""The page of promises: every test that it cites exists, and every invariant, gap and extension is there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "behaviour.md").read_text(encoding="utf-8")
CITED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), CITED)
def test_cited_test_exists(file, name):
    assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8")


def test_every_invariant_of_the_specification_is_promised():
    assert [int(number) for number in re.findall(r"^\| (\d+)\. ", PAGE, re.MULTILINE)] == list(range(1, 37))


def test_every_gap_is_closed_and_every_extension_there():
    assert [int(number) for number in re.findall(r"^\| G (\d+)\. ", PAGE, re.MULTILINE)] == list(range(1, 29))
    assert [int(number) for number in re.findall(r"^\| 14\.(\d+) ", PAGE, re.MULTILINE)] == list(range(1, 19))


def test_every_behaviour_of_a_tray_application_is_promised():
    assert [int(number) for number in re.findall(r"^\| D(\d+)\. ", PAGE, re.MULTILINE)] == list(range(1, 41))


def test_every_promise_cites_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 36
    assert not [row for row in rows if "::" not in row]
