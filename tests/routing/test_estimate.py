"""What is promised about time, judged by the past."""

from llamaswap_desktop.routing.estimate import LoadTimes, retry_after_s


def times(*seconds: float) -> LoadTimes:
    known = LoadTimes()
    for each in seconds:
        known.add(each)
    return known


def test_usual_time_is_the_median_of_the_last_five_loads():
    assert times().usual_s() is None
    assert times(4, 90, 5).usual_s() == 5
    assert times(99, 99, 99, 1, 2, 3, 4, 5).usual_s() == 3


def test_loads_one_after_the_other_add_up_to_whole_seconds():
    assert retry_after_s([times(2.2), times(3.1)]) == 6
    assert retry_after_s([times(0.1)]) == 1
    assert retry_after_s([times()]) == 10
