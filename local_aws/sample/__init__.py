"""The items of the sample tables: pure generators, the same on every machine.

The same last month and the same day give the same items. Each item comes with the month it was made for, so that tests
can count what an archive must hold without reading a single timestamp:

>>> samples = list(usage_logs(Month.parse("2026-10"), now=datetime(2026, 11, 24, tzinfo=UTC)))
>>> expected(samples).months["2026-10"]
13528
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from local_aws.dynamodb_json import Item
from ttl_archive.months import Month

VERSION = 1  # change it when the items change: loaded tables are then made anew
SEED = f"ttl-archive sample {VERSION}"
MONTHS = 3

# No sample item may expire while somebody works with it.
KEEP = timedelta(days=14)


class Sample(NamedTuple):
    """An item in DynamoDB JSON, and the month it belongs to, or None if its timestamp is missing or unreadable."""

    item: Item
    month: str | None


@dataclass
class Expected:
    """What an archive of the samples must find, counted from what the generator knows."""

    items: int = 0
    undated: int = 0
    months: Counter[str] = field(default_factory=Counter)
    actions: dict[str, Counter[str | None]] = field(default_factory=lambda: defaultdict(Counter))
    users: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def expected(samples: Iterable[Sample]) -> Expected:
    """Count samples: all, without a month, by month; for usage logs also actions and users by month."""
    counts = Expected()
    for item, month in samples:
        counts.items += 1
        if month is None:
            counts.undated += 1
            continue
        counts.months[month] += 1
        if "userId" in item:
            counts.actions[month][item.get("action", {}).get("S")] += 1
            counts.users[month].add(item["userId"]["S"])
    return counts


def sample_months(last_month: Month) -> list[Month]:
    """The complete months of the sample, the oldest first."""
    months = [last_month]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous)
    return months


def expiry(moment: datetime, *, retention: timedelta, now: datetime) -> int:
    """When TTL may delete an item, in epoch seconds.

    The oldest month's items are older than the retention, and a real table wouldn't have them any more. The embedded
    DynamoDB deletes expired items within a minute, and the sample must outlive whoever works with it: such items get an
    expiry some days ahead, as if somebody had prolonged them.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(max(moment + retention, today + KEEP).timestamp())
