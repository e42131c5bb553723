"""Dates as Joda reads them from ISO 8601."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

_ISO8601 = re.compile(
    r"(?:(?P<year>\d{1,4})(?:-(?:(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|W(?P<week>\d{1,2})(?:-(?P<weekday>\d))?|"
    r"(?P<yearday>\d{3})))?)?(?:(?P<t>[Tt])(?:(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?)?"
    r"(?P<fraction>[.,]\d+)?)?(?P<zone>[Zz]|[-+]\d\d(?::?\d\d)?)?)?"
)


def iso8601(value: str) -> str:
    """The rarer forms that Joda's ISODateTimeFormat reads in the common form; any other text as it is."""
    found = _ISO8601.fullmatch(value)
    if found is None or not value or (found["year"] is None and found["hour"] is None):
        return value
    number = {name: int(text) for name, text in found.groupdict().items() if text and text.isdigit()}
    year = number.get("year", 1970)
    try:
        if "week" in number:
            day = date.fromisocalendar(year, number["week"], number.get("weekday", 1))
        elif "yearday" in number:
            day = date.fromordinal(date(year, 1, 1).toordinal() + number["yearday"] - 1)
            if day.year != year:
                return value
        else:
            day = date(year, number.get("month", 1), number.get("day", 1))
        time = datetime(day.year, day.month, day.day, *(number.get(part, 0) for part in ("hour", "minute", "second")))  # noqa: DTZ001
    except ValueError:
        return value
    if not found["t"]:
        return day.isoformat()
    unit = 1 if "second" in number else 60 if "minute" in number else 3600
    time += timedelta(milliseconds=int(Decimal(f"0{(found['fraction'] or '.0').replace(',', '.')}") * unit * 1000))
    zone = (found["zone"] or "Z").upper()
    return f"{time.isoformat(timespec='milliseconds')}{zone if len(zone) != 3 else zone + ':00'}"
