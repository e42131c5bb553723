"""Which month an item belongs to, decided exactly, on the client.

No server-side filter does this: it would cost the same read units and silently drop items whose timestamp is missing,
of another type, or malformed so that it sorts elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from ttl_archive.config import Timestamp
from ttl_archive.months import Month


class Verdict(Enum):
    """What selection says of an item."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    BAD = "bad"


_NOTHING: dict[str, Any] = {}
Judge = Callable[[dict[str, dict[str, Any]]], Verdict]

# The one form that can be compared as text. 29 February is left to the slow path, which knows leap years.
_PLAIN_UTC = re.compile(
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z"
).fullmatch
_WITH_OFFSET = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)([.,][0-9]{1,9})?"
    r"([Zz]|[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|[+-]14(?::?00)?)"  # the offsets that Athena knows
).fullmatch
# No month before it can be archived, so an earlier item would be left behind for good: it is bad, not outside.
_FIRST_YEAR, _EPOCH = "1970", datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECOND = 253_402_300_800  # the year 10000: beyond it a number is no date that Athena can write
_LEAST_MILLIS = 100_000_000_000
_INTEGER = re.compile(r"-?[0-9]{1,18}").fullmatch


def judge_of(timestamp: Timestamp, month: Month) -> Judge:
    """The function that says whether an item (in DynamoDB JSON) lies in the month, outside it, or can't be told."""
    start, end = month.utc_bounds()
    if timestamp.format == "iso8601":
        return _judge_of_text(timestamp.attribute, start, end)
    scale = 1000 if timestamp.format == "epoch_millis" else 1
    first, after = int(start.timestamp()) * scale, int(end.timestamp()) * scale
    # Below this, milliseconds would be of before 1973, and are seconds that were written by mistake.
    earliest = _LEAST_MILLIS if timestamp.format == "epoch_millis" else 0
    return _judge_of_number(timestamp.attribute, (first, after), (earliest, _LATEST_SECOND * scale))


def _judge_of_text(attribute: str, start: datetime, end: datetime) -> Judge:
    # Bounds without the Z sort before both 00:00:00Z and 00:00:00.000Z, so they are right for every precision.
    first, after = start.strftime("%Y-%m-%dT%H:%M:%S"), end.strftime("%Y-%m-%dT%H:%M:%S")

    def judge(item: dict[str, dict[str, Any]]) -> Verdict:
        text = item.get(attribute, _NOTHING).get("S")
        if text is None:
            return Verdict.BAD
        if _PLAIN_UTC(text):
            if first <= text < after:
                return Verdict.INSIDE
            return Verdict.OUTSIDE if text >= _FIRST_YEAR else Verdict.BAD
        instant = read_iso8601(text)
        if instant is None or instant < _EPOCH:
            return Verdict.BAD
        return Verdict.INSIDE if start <= instant < end else Verdict.OUTSIDE

    return judge


def _judge_of_number(attribute: str, month: tuple[int, int], plausible: tuple[int, int]) -> Judge:
    (first, after), (earliest, latest) = month, plausible

    def judge(item: dict[str, dict[str, Any]]) -> Verdict:
        text = item.get(attribute, _NOTHING).get("N")
        if text is None:
            return Verdict.BAD
        number: int | Decimal = int(text) if _INTEGER(text) else Decimal(text)
        if not earliest <= number <= latest:
            return Verdict.BAD
        return Verdict.INSIDE if first <= number < after else Verdict.OUTSIDE

    return judge


def read_iso8601(text: str) -> datetime | None:
    """The instant of an ISO 8601 date and time with ``Z`` or an offset, or None if it isn't one.

    A text without an offset isn't an instant, so it is None. Digits beyond the microsecond can't move an instant
    across a month's edge, which lies on a whole second, so they are dropped.
    """
    found = _WITH_OFFSET(text)
    if not found:
        return None
    stem, fraction, offset = found[1].replace(" ", "T").upper(), found[2] or "", found[3].upper()
    try:
        return datetime.fromisoformat(stem + fraction[:7].replace(",", ".") + offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
