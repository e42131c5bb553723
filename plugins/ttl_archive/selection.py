"""Which month an item belongs to, decided exactly, on the client.

No server-side filter does this: it would cost the same read units and silently drop items whose timestamp is missing,
of another type, or malformed so that it sorts elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from operator import not_
from typing import Any

from ttl_archive.codec import Item
from ttl_archive.config import Timestamp
from ttl_archive.months import Month
from ttl_archive.page import Items


class Verdict(Enum):
    """What selection says of an item."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    BAD = "bad"


_NOTHING: dict[str, Any] = {}
Typed = dict[str, Any] | None  # a value as DynamoDB JSON; None for an attribute that isn't there


@dataclass(frozen=True)
class Judge:
    """Says of items whether they lie in the month, outside it, or can't be told.

    :param attribute: the timestamp's.
    :param kind: its DynamoDB type.
    :param verdict: on one timestamp.
    :param are_inside: of timestamps that all have the commonest form, and are of no time before 1970; None if they
        haven't.
    """

    attribute: str
    kind: str
    verdict: Callable[[Typed], Verdict]
    are_inside: Callable[[list[str]], list[bool] | None]

    def __call__(self, item: Item) -> Verdict:
        """The verdict on one item, given as DynamoDB JSON."""
        return self.verdict(item.get(self.attribute))

    def sort(self, items: Items) -> tuple[Items, Items, Items]:
        """The items inside, outside, and bad, each in their order."""
        try:
            inside = self.are_inside(items.texts(self.attribute, self.kind))
        except KeyError:
            inside = None
        if inside is not None:
            return items.where(inside), items.where(list(map(not_, inside))), items.where([False] * len(items))
        verdicts = list(map(self.verdict, items.values(self.attribute)))
        taken, outside, bad = (items.where([one is wanted for one in verdicts]) for wanted in Verdict)
        return taken, outside, bad


# The one form that can be compared as text. 29 February is left to the slow path, which knows leap years.
_PLAIN = (
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z"
)
_plain_utc = re.compile(_PLAIN).fullmatch
_plain_utc_texts = re.compile(rf"(?:{_PLAIN},)*+").fullmatch
_WITH_OFFSET = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)([.,][0-9]{1,9})?"
    r"([Zz]|[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|[+-]14(?::?00)?)"  # the offsets that Athena knows
).fullmatch
# No month before it can be archived, so an earlier item would be left behind for good: it is bad, not outside.
_FIRST_YEAR, _EPOCH = "1970", datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECOND = 253_402_300_800  # the year 10000: beyond it a number is no date that Athena can write
_LEAST_MILLIS = 100_000_000_000
_INTEGER = re.compile(r"-?[0-9]{1,18}").fullmatch
_integer_texts = re.compile(r"(?:[0-9]{1,18},)*+").fullmatch


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

    def judge(typed: Typed) -> Verdict:
        text = (typed or _NOTHING).get("S")
        if text is None:
            return Verdict.BAD
        if _plain_utc(text):
            if first <= text < after:
                return Verdict.INSIDE
            return Verdict.OUTSIDE if text >= _FIRST_YEAR else Verdict.BAD
        instant = read_iso8601(text)
        if instant is None or instant < _EPOCH:
            return Verdict.BAD
        return Verdict.INSIDE if start <= instant < end else Verdict.OUTSIDE

    def are_inside(texts: list[str]) -> list[bool] | None:
        if not texts:
            return []
        least = min(texts)
        if not _all(_plain_utc_texts, texts) or least < _FIRST_YEAR:
            return None
        if first <= least and max(texts) < after:
            return [True] * len(texts)
        return [first <= text < after for text in texts]

    return Judge(attribute, "S", judge, are_inside)


def _all(matches: Callable[[str], Any], texts: list[str]) -> bool:
    """Whether every text is one of those that ``matches`` accepts with a comma behind each."""
    joined = ",".join(texts) + ","
    # One text that holds a comma would else pass for two.
    return joined.count(",") == len(texts) and matches(joined) is not None


def _judge_of_number(attribute: str, month: tuple[int, int], plausible: tuple[int, int]) -> Judge:
    (first, after), (earliest, latest) = month, plausible

    def judge(typed: Typed) -> Verdict:
        text = (typed or _NOTHING).get("N")
        if text is None:
            return Verdict.BAD
        number: int | Decimal = int(text) if _INTEGER(text) else Decimal(text)
        if not earliest <= number <= latest:
            return Verdict.BAD
        return Verdict.INSIDE if first <= number < after else Verdict.OUTSIDE

    def are_inside(texts: list[str]) -> list[bool] | None:
        if not _all(_integer_texts, texts):
            return None
        numbers = list(map(int, texts))
        if numbers and not earliest <= min(numbers) <= max(numbers) <= latest:
            return None
        return [first <= number < after for number in numbers]

    return Judge(attribute, "N", judge, are_inside)


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
