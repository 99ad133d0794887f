"""Every time format of the configuration, on the moment that its specification shows."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from llamaswap_desktop.logs import format_time

PARIS = timezone(timedelta(hours=2), "CEST")
SUNDAY = datetime(2026, 8, 9, 7, 5, 3, 12_300, PARIS)

TABLE = {
    "ansic": "Sun Aug  9 07:05:03 2026",
    "unixdate": "Sun Aug  9 07:05:03 CEST 2026",
    "rubydate": "Sun Aug 09 07:05:03 +0200 2026",
    "rfc822": "09 Aug 26 07:05 CEST",
    "rfc822z": "09 Aug 26 07:05 +0200",
    "rfc850": "Sunday, 09-Aug-26 07:05:03 CEST",
    "rfc1123": "Sun, 09 Aug 2026 07:05:03 CEST",
    "rfc1123z": "Sun, 09 Aug 2026 07:05:03 +0200",
    "rfc3339": "2026-08-09T07:05:03+02:00",
    "rfc3339nano": "2026-08-09T07:05:03.0123+02:00",
    "kitchen": "7:05AM",
    "stamp": "Aug  9 07:05:03",
    "stampmilli": "Aug  9 07:05:03.012",
    "stampmicro": "Aug  9 07:05:03.012300",
    "stampnano": "Aug  9 07:05:03.012300000",
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_the_specification(name):
    assert format_time(SUNDAY, name) == TABLE[name]


@pytest.mark.parametrize("name", ["RFC3339", " StampMilli\t", "kitchen "])
def test_any_case_and_blanks_around(name):
    assert format_time(SUNDAY, name) == TABLE[name.strip().lower()]


@pytest.mark.parametrize("name", ["", "   ", "iso", "2006-01-02", "none"])
def test_empty_and_unknown_mean_none(name):
    assert format_time(SUNDAY, name) == ""


@pytest.mark.parametrize(("hour", "text"), [(0, "12:05AM"), (11, "11:05AM"), (12, "12:05PM"), (23, "11:05PM")])
def test_kitchen_hours(hour, text):
    assert format_time(SUNDAY.replace(hour=hour), "kitchen") == text


def test_no_fraction_means_no_point_and_utc_is_a_z():
    assert format_time(datetime(2026, 12, 31, tzinfo=UTC), "rfc3339nano") == "2026-12-31T00:00:00Z"


def test_an_offset_west_of_greenwich_with_half_an_hour():
    newfoundland = SUNDAY.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30), "NST"))
    assert format_time(newfoundland, "rfc1123z").endswith("07:05:03 -0330")
    assert format_time(newfoundland, "rfc3339").endswith("07:05:03-03:30")


def test_the_long_zone_names_of_windows_are_abbreviated():
    berlin = SUNDAY.replace(tzinfo=timezone(timedelta(hours=2), "W. Europe Daylight Time"))
    assert format_time(berlin, "rfc822") == "09 Aug 26 07:05 WEDT"
