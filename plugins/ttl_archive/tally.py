"""What a segment's export counts of the items it takes: their types, their TTL values, the keys of the bad ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ttl_archive.manifest import KEYS_LISTED, TtlCounts
from ttl_archive.page import Items
from ttl_archive.page_codec import Kinds

ATTRIBUTES_LISTED = 1000  # in a record's types
FURTHER_ATTRIBUTES = "(further attributes)"
_FIVE_YEARS = 5 * 366 * 86400
_LATEST_SECONDS = 100_000_000_000  # the year 5138; DynamoDB reads larger values as far-off seconds


@dataclass
class TtlTally:
    """Counts TTL values as it meets them.

    :param now: epoch seconds; an item that expired over five years before isn't deleted by TTL
        (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
    """

    attribute: str
    now: int
    counts: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None

    def add(self, items: Items) -> None:
        """Count archived items."""
        oldest = self.now - _FIVE_YEARS
        try:
            usable = list(map(int, items.texts(self.attribute, "N")))
            if usable and (min(usable) < oldest or max(usable) >= _LATEST_SECONDS):
                usable = self._usable(items, oldest)
        except (KeyError, ValueError):
            usable = self._usable(items, oldest)
        if usable:
            first, last = min(usable), max(usable)
            self.counts["usable"] += len(usable)
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)

    def _usable(self, items: Items, oldest: int) -> list[int]:
        """The values that TTL will go by; the others are counted apart."""
        usable = []
        for typed in items.values(self.attribute):
            if typed is None:
                self.counts["missing"] += 1
                continue
            try:
                expiry = int(float(typed["N"]))
            except (KeyError, ValueError, OverflowError):
                self.counts["not_a_number"] += 1
                continue
            if oldest <= expiry < _LATEST_SECONDS:
                usable.append(expiry)
            else:
                self.counts["milliseconds" if expiry >= _LATEST_SECONDS else "over_five_years_old"] += 1
        return usable

    def result(self) -> TtlCounts:
        """What was counted."""
        return TtlCounts(first_expiry=self.first, last_expiry=self.last, **self.counts)


class Tally:
    """The counts of a segment."""

    def __init__(self, ttl_attribute: str | None, now: int) -> None:
        self._ttl = TtlTally(ttl_attribute, now) if ttl_attribute else None
        self._types: dict[str, dict[str, int]] = {}
        self._keys: list[dict[str, Any]] = []
        self.pages = self.scanned = self.returned = self.archived = self.quarantined = 0
        self.read_units = 0.0

    def add_page(self, scanned: int, returned: int, read_units: float) -> None:
        """Count a page: items that the server scanned and returned, and what it charged."""
        self.pages += 1
        self.scanned += scanned
        self.returned += returned
        self.read_units += read_units

    def add_archived(self, items: Items, kinds: Kinds) -> None:
        """Count items that were written, and how many of them have an attribute as which type."""
        self.archived += len(items)
        for name, found in kinds.items():
            if name not in self._types and len(self._types) >= ATTRIBUTES_LISTED:
                name = FURTHER_ATTRIBUTES  # a table may have names without end
            counted = self._types.setdefault(name, {})
            for kind, count in found.items():
                counted[kind] = counted.get(kind, 0) + count
        if self._ttl:
            self._ttl.add(items)

    def add_bad(self, items: Items, key_attributes: Sequence[str]) -> None:
        """Count quarantined items, and list their keys."""
        self.quarantined += len(items)
        listed = items.where([number < KEYS_LISTED - len(self._keys) for number in range(len(items))])
        keys = zip(*(listed.values(name) for name in key_attributes), strict=True)
        self._keys.extend(dict(zip(key_attributes, key, strict=True)) for key in keys)

    def result(self) -> dict[str, Any]:
        """The counts, as fields of a ``SegmentRecord``."""
        return {
            "pages": self.pages,
            "scanned": self.scanned,
            "archived": self.archived,
            "outside": self.returned - self.archived - self.quarantined,
            "quarantined": self.quarantined,
            "filtered": self.scanned - self.returned,
            "read_units": self.read_units,
            "types": self._types,
            "ttl": self._ttl.result() if self._ttl else TtlCounts(),
            "quarantined_keys": tuple(self._keys),
        }
