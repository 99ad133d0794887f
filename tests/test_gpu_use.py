"""Whether others want the GPU: neither at once nor for a moment, and never by a figure that nobody knows."""

import pytest

from llamaswap_desktop.gpu_use import GpuRule, GpuUse

CALM, BUSY, FULL, UNTOLD = GpuUse(5, 900), GpuUse(80, 900), GpuUse(5, 9000), GpuUse(None, None)


def words(looks, *, percent=50, memory_mib=4000):
    """The rule's word at each look, five seconds apart."""
    rule = GpuRule()
    return [
        rule.is_wanted(uses, 5.0 * number, percent=percent, memory_mib=memory_mib) for number, uses in enumerate(looks)
    ]


@pytest.mark.parametrize("use", [BUSY, FULL], ids=["percent", "memory"])
def test_lasting_use_counts_and_so_does_lasting_rest(use):
    looks = [[CALM], [use], [use], [use], *[[CALM]] * 5, [CALM], [CALM]]
    assert words(looks) == [False, False, False, True, *[True] * 5, False, False]


def test_moment_counts_for_nothing():
    assert not any(words([[BUSY], [CALM], [BUSY], [BUSY], [CALM]]))
    rests = [*[[BUSY]] * 3, *[[CALM]] * 4, [BUSY], *[[CALM]] * 4]
    assert words(rests)[2:] == [True] * 10


def test_any_gpu_counts():
    assert words([[CALM, FULL]] * 3)[-1]


@pytest.mark.parametrize(("limits", "is_wanted"), [({"percent": 0}, False), ({"memory_mib": 0}, True)])
def test_zero_is_no_limit(limits, is_wanted):
    assert words([[BUSY]] * 3, **limits)[-1] is is_wanted


def test_what_cannot_be_told_changes_nothing():
    assert not any(words([[UNTOLD]] * 9))
    assert words([*[[BUSY]] * 3, *[[UNTOLD]] * 9])[-1]
    assert words([[GpuUse(None, 9000)]] * 3)[-1], "one figure is enough"
    assert not words([[GpuUse(None, 9000)]] * 9, memory_mib=0)[-1]
    assert not any(words([[]] * 9)), "no GPU, or no driver that tells"
