"""Noticing that the computer has slept."""

import pytest

from llamaswap_desktop.core import sleep


def test_sleep_is_told_once(monkeypatch):
    slept = [10.0]
    monkeypatch.setattr(sleep, "slept_s", lambda: slept[0])
    watch = sleep.SleepWatch()
    assert not watch.has_slept()
    slept[0] = 10.5
    assert not watch.has_slept(), "the clocks' own drift"
    slept[0] = 4000.0
    assert watch.has_slept()
    assert not watch.has_slept()


@pytest.mark.linux
def test_clock_of_this_system_stands_while_it_is_awake():
    watch = sleep.SleepWatch()
    assert sleep.slept_s() >= -0.001
    assert not watch.has_slept()
