"""The month a run archives, and the quarter it belongs to: the only date arithmetic of the package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ttl_archive.errors import MonthError

_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in a time zone, half-open: ``Month(2025, 3).start <= t < Month(2025, 3).end``."""

    year: int
    month: int
    timezone: str = "UTC"

    @classmethod
    def parse(cls, text: str, timezone: str = "UTC") -> Month:
        """Read ``2025-03``; ``2025-3`` is accepted, since Airflow accepts it as a partition key.

        :raises MonthError: if the text is no month of the years 1970 to 9998.
        """
        found = _MONTH.fullmatch(text.strip())
        if found and 1970 <= int(found[1]) <= 9998 and 1 <= int(found[2]) <= 12:
            return cls(int(found[1]), int(found[2]), timezone)
        raise MonthError(f"month {text!r} is not a month: expected YYYY-MM, such as 2025-03")

    @classmethod
    def containing(cls, instant: datetime, timezone: str = "UTC") -> Month:
        """The month that holds an instant (an aware datetime), seen in the time zone."""
        local = instant.astimezone(ZoneInfo(timezone))
        return cls(local.year, local.month, timezone)

    def __str__(self) -> str:
        return f"{self.yyyy}-{self.mm}"

    @property
    def yyyy(self) -> str:
        """The value of the partition column ``year``, such as ``2025``."""
        return f"{self.year:04d}"

    @property
    def mm(self) -> str:
        """The value of the partition column ``month``, such as ``03``."""
        return f"{self.month:02d}"

    @property
    def start(self) -> datetime:
        """The first instant of the month, in its time zone."""
        return datetime(self.year, self.month, 1, tzinfo=ZoneInfo(self.timezone))

    @property
    def end(self) -> datetime:
        """The first instant after the month, in its time zone."""
        return self.next.start

    @property
    def next(self) -> Month:
        """The month after this one."""
        years, month = divmod(self.month, 12)
        return Month(self.year + years, month + 1, self.timezone)

    @property
    def previous(self) -> Month:
        """The month before this one."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1, self.timezone)

    def utc_bounds(self) -> tuple[datetime, datetime]:
        """``start`` and ``end`` in UTC."""
        return self.start.astimezone(UTC), self.end.astimezone(UTC)

    def require_finished(self, now: datetime) -> None:
        """Refuse a month that hasn't ended by ``now`` (an aware datetime).

        :raises MonthError: if the month is running or lies in the future.
        """
        if now < self.end:
            state = "is not over" if now >= self.start else "lies in the future"
            raise MonthError(
                f"month {self} {state}: it ends at {self.end.isoformat()} ({self.timezone}) and it is now "
                f"{now.astimezone(self.start.tzinfo).isoformat(timespec='seconds')}; the last complete month is "
                f"{Month.containing(now, self.timezone).previous}"
            )


@dataclass(frozen=True, order=True)
class Quarter:
    """Three calendar months in a time zone; ``Quarter(2025, 1)`` is January to March."""

    year: int
    number: int
    timezone: str = "UTC"

    @classmethod
    def parse(cls, text: str, timezone: str = "UTC") -> Quarter:
        """Read ``2025-Q1``, as Airflow's ``StartOfQuarterMapper`` writes it.

        :raises MonthError: if the text is no quarter of the years 1970 to 9998.
        """
        found = _QUARTER.fullmatch(text.strip())
        if found and 1970 <= int(found[1]) <= 9998:
            return cls(int(found[1]), int(found[2]), timezone)
        raise MonthError(f"quarter {text!r} is not a quarter: expected YYYY-Qn, such as 2025-Q1")

    @classmethod
    def containing(cls, instant: datetime, timezone: str = "UTC") -> Quarter:
        """The quarter that holds an instant (an aware datetime), seen in the time zone."""
        month = Month.containing(instant, timezone)
        return cls(month.year, (month.month + 2) // 3, timezone)

    def __str__(self) -> str:
        return f"{self.yyyy}-Q{self.number}"

    @property
    def yyyy(self) -> str:
        """The value of the partition column ``year``, such as ``2025``."""
        return f"{self.year:04d}"

    @property
    def months(self) -> tuple[Month, Month, Month]:
        """The three months."""
        first = Month(self.year, 3 * self.number - 2, self.timezone)
        return first, first.next, first.next.next

    @property
    def first(self) -> Month:
        """The first month."""
        return self.months[0]

    @property
    def last(self) -> Month:
        """The last month."""
        return self.months[2]

    @property
    def previous(self) -> Quarter:
        """The quarter before this one."""
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1, self.timezone)


def parse_period(text: str, timezone: str = "UTC") -> Month | Quarter:
    """Read what a report is of: ``2025-03`` or ``2025-Q1``.

    :raises MonthError: if the text is neither.
    """
    return Quarter.parse(text, timezone) if "Q" in text else Month.parse(text, timezone)


def resolve_quarter(requested: str | None, partition_key: str | None, timezone: str, now: datetime) -> Quarter:
    """Decide the quarter of a run: the trigger form's, else the run's partition key, else the last one over.

    :raises MonthError: if either is no quarter, they differ, or the quarter isn't over.
    """
    wanted = Quarter.parse(requested, timezone) if requested else None
    keyed = Quarter.parse(partition_key, timezone) if partition_key else None
    if wanted and keyed and wanted != keyed:
        raise MonthError(
            f"the trigger form asks for quarter {wanted}, but the run's partition key is {keyed}: "
            "trigger a run without a partition key, or with the same quarter"
        )
    quarter = wanted or keyed or Quarter.containing(now, timezone).previous
    quarter.last.require_finished(now)
    return quarter


def resolve_month(requested: str | None, partition_key: str | None, timezone: str, now: datetime) -> Month:
    """Decide the month of a run: the trigger form's ``month``, else the run's partition key, else the last one over.

    :param requested: ``month`` of the trigger form, or None.
    :param partition_key: the run's partition key (a scheduled run has one, a manual one may not), or None.
    :param timezone: the archive's time zone.
    :param now: an aware datetime.
    :raises MonthError: if either is no month, they differ, or the month isn't over.
    """
    wanted = Month.parse(requested, timezone) if requested else None
    keyed = Month.parse(partition_key, timezone) if partition_key else None
    if wanted and keyed and wanted != keyed:
        raise MonthError(
            f"the trigger form asks for month {wanted}, but the run's partition key is {keyed}: "
            "trigger a run without a partition key, or with the same month"
        )
    month = wanted or keyed or Month.containing(now, timezone).previous
    month.require_finished(now)
    return month
