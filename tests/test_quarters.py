"""Quarters: text and back, their months, and which one a run reports."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ttl_archive.errors import MonthError
from ttl_archive.manifest import Certificate, certify_together
from ttl_archive.months import Month, Quarter, parse_period, resolve_quarter

NOW = datetime(2025, 5, 14, 9, 30, tzinfo=UTC)


def test_a_quarter_is_three_months() -> None:
    assert [str(month) for month in Quarter.parse("2024-Q4", "Asia/Tokyo").months] == ["2024-10", "2024-11", "2024-12"]
    assert Quarter.parse("2024-Q4", "Asia/Tokyo").last == Month(2024, 12, "Asia/Tokyo")
    assert (str(Quarter(2025, 1).previous), str(Quarter(2025, 3).previous)) == ("2024-Q4", "2025-Q2")


@pytest.mark.parametrize(("month", "quarter"), [(1, 1), (3, 1), (4, 2), (9, 3), (10, 4), (12, 4)])
def test_every_month_is_in_its_quarter(month: int, quarter: int) -> None:
    instant = datetime(2025, month, 15, tzinfo=UTC)
    assert Quarter.containing(instant) == Quarter(2025, quarter)
    assert Month(2025, month) in Quarter(2025, quarter).months


@pytest.mark.parametrize("text", ["2025-Q5", "2025-Q0", "2025Q1", "Q1", "2025-03", "2025-q1", "２０２５-Q1", ""])
def test_what_is_no_quarter_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(MonthError, match="expected YYYY-Qn"):
        Quarter.parse(text)


def test_a_report_is_of_a_month_or_a_quarter() -> None:
    assert parse_period("2025-03", "Asia/Tokyo") == Month(2025, 3, "Asia/Tokyo")
    assert parse_period("2025-Q1", "Asia/Tokyo") == Quarter(2025, 1, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("requested", "partition_key", "expected"),
    [
        ("2024-Q3", None, "2024-Q3"),
        (None, "2024-Q4", "2024-Q4"),
        ("2024-Q4", "2024-Q4", "2024-Q4"),
        (None, None, "2025-Q1"),
    ],
)
def test_the_form_comes_first_then_the_partition_key_then_the_last_quarter(
    requested: str | None, partition_key: str | None, expected: str
) -> None:
    assert str(resolve_quarter(requested, partition_key, "UTC", NOW)) == expected


def test_an_unfinished_or_contradicted_quarter_is_refused() -> None:
    with pytest.raises(MonthError, match="2025-06 lies in the future"):
        resolve_quarter("2025-Q2", None, "UTC", NOW)
    with pytest.raises(MonthError, match=r"asks for quarter 2024-Q1.*partition key is 2024-Q2"):
        resolve_quarter("2024-Q1", "2024-Q2", "UTC", NOW)


def test_a_quarter_is_as_safe_as_its_worst_month() -> None:
    good = Certificate(
        safe_to_expire=True,
        as_of=NOW,
        incomplete=False,
        first_expiry=datetime(2025, 7, 1, tzinfo=UTC),
        days_left=47,
        reasons=(),
    )
    bad = good.model_copy(
        update={
            "safe_to_expire": False,
            "as_of": datetime(2025, 4, 1, tzinfo=UTC),
            "first_expiry": datetime(2025, 6, 1, tzinfo=UTC),
            "days_left": 17,
            "reasons": ("Athena counts 4 items, the manifest 5",),
        }
    )
    both = certify_together({"2025-01": good, "2025-02": bad})
    assert not both.safe_to_expire
    assert (both.as_of, both.first_expiry, both.days_left) == (bad.as_of, bad.first_expiry, 17)
    assert both.reasons == ("2025-02: Athena counts 4 items, the manifest 5",)
    assert certify_together({"2025-01": good}).safe_to_expire
