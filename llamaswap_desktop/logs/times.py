"""The time stamps that may stand before our own log lines (``logTimeFormat``; configuration, section 13.6)."""

from collections.abc import Callable
from datetime import datetime, timedelta

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_time(moment: datetime, format_name: str) -> str:
    """Return ``moment`` in the format of that name (any case, blanks around it don't matter).

    ``moment`` carries its time zone.  Names of days and months are English whatever the locale.  An empty or unknown
    name gives an empty text.
    """
    write = _FORMATS.get(format_name.strip().lower())
    return write(moment) if write is not None else ""


def is_time_format(format_name: str) -> bool:
    """Return whether lines get a time stamp under that name."""
    return format_name.strip().lower() in _FORMATS


def _clock(moment: datetime) -> str:
    return f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}"


def _day(moment: datetime) -> str:
    return _DAYS[moment.weekday()][:3]


def _month(moment: datetime) -> str:
    return _MONTHS[moment.month - 1]


def _offset(moment: datetime, separator: str = "") -> str:
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{separator}{abs(minutes) % 60:02}"


def _zone(moment: datetime) -> str:
    """Return the abbreviation: ``CEST``; on Windows, which knows long names only, their capitals."""
    name = moment.tzname() or "UTC"
    return "".join(letter for letter in name if letter.isupper()) or name if " " in name else name


def _rfc3339(moment: datetime, fraction: str = "") -> str:
    zone = _offset(moment, ":") if moment.utcoffset() else "Z"
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{_clock(moment)}{fraction}{zone}"


def _rfc3339_nano(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return _rfc3339(moment, fraction)


def _stamp(moment: datetime) -> str:
    return f"{_month(moment)} {moment.day:2} {_clock(moment)}"


def _rfc822(moment: datetime) -> str:
    return f"{moment.day:02} {_month(moment)} {moment.year % 100:02} {moment.hour:02}:{moment.minute:02}"


def _rfc1123(moment: datetime) -> str:
    return f"{_day(moment)}, {moment.day:02} {_month(moment)} {moment.year:04} {_clock(moment)}"


def _rfc850(moment: datetime) -> str:
    date = f"{moment.day:02}-{_month(moment)}-{moment.year % 100:02}"
    return f"{_DAYS[moment.weekday()]}, {date} {_clock(moment)} {_zone(moment)}"


def _kitchen(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment.minute:02}{'AM' if moment.hour < 12 else 'PM'}"


_FORMATS: dict[str, Callable[[datetime], str]] = {
    "ansic": lambda at: f"{_day(at)} {_stamp(at)} {at.year:04}",
    "unixdate": lambda at: f"{_day(at)} {_stamp(at)} {_zone(at)} {at.year:04}",
    "rubydate": lambda at: f"{_day(at)} {_month(at)} {at.day:02} {_clock(at)} {_offset(at)} {at.year:04}",
    "rfc822": lambda at: f"{_rfc822(at)} {_zone(at)}",
    "rfc822z": lambda at: f"{_rfc822(at)} {_offset(at)}",
    "rfc850": _rfc850,
    "rfc1123": lambda at: f"{_rfc1123(at)} {_zone(at)}",
    "rfc1123z": lambda at: f"{_rfc1123(at)} {_offset(at)}",
    "rfc3339": _rfc3339,
    "rfc3339nano": _rfc3339_nano,
    "kitchen": _kitchen,
    "stamp": _stamp,
    "stampmilli": lambda at: f"{_stamp(at)}.{at.microsecond // 1000:03}",
    "stampmicro": lambda at: f"{_stamp(at)}.{at.microsecond:06}",
    "stampnano": lambda at: f"{_stamp(at)}.{at.microsecond:06}000",
}
