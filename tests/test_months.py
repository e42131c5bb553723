"""Months: the table of expected instants is written by hand, from calendars and the tz database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ttl_archive.errors import MonthError
from ttl_archive.months import Month, resolve_month

NOW = datetime(2025, 4, 1, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "start", "end"),
    [
        (Month(2025, 3), "2025-03-01T00:00:00+00:00", "2025-04-01T00:00:00+00:00"),
        (Month(2025, 12), "2025-12-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"),
        (Month(2024, 2), "2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"),
        (Month(2025, 3, "Asia/Tokyo"), "2025-02-28T15:00:00+00:00", "2025-03-31T15:00:00+00:00"),
        # Clocks went forward on 30 March: the month starts at +01:00 and ends at +02:00.
        (Month(2025, 3, "Europe/Berlin"), "2025-02-28T23:00:00+00:00", "2025-03-31T22:00:00+00:00"),
        (Month(2025, 7, "Asia/Kathmandu"), "2025-06-30T18:15:00+00:00", "2025-07-31T18:15:00+00:00"),
    ],
)
def test_bounds_are_the_first_instants_of_this_month_and_the_next(month: Month, start: str, end: str) -> None:
    assert [bound.isoformat() for bound in month.utc_bounds()] == [start, end]


def test_neighbours_cross_the_year() -> None:
    assert str(Month(2025, 12).next) == "2026-01"
    assert str(Month(2025, 1).previous) == "2024-12"
    assert Month(2025, 1).previous.next == Month(2025, 1)


def test_a_leap_february_has_29_days() -> None:
    assert (Month(2024, 2).end - Month(2024, 2).start).days == 29
    assert (Month(2025, 2).end - Month(2025, 2).start).days == 28


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "March", "2025", "2025-03-01", "20250-3", "", "２０２５-03"])
def test_what_is_no_month_is_refused_with_the_text_and_the_form(text: str) -> None:
    with pytest.raises(MonthError, match="expected YYYY-MM"):
        Month.parse(text)


def test_airflow_s_short_partition_key_is_canonical_afterwards() -> None:
    assert str(Month.parse("2025-3")) == "2025-03"


@pytest.mark.parametrize(
    ("requested", "partition_key", "expected"),
    [
        ("2025-01", None, "2025-01"),
        (None, "2025-03", "2025-03"),
        (None, "2025-3", "2025-03"),
        ("2025-03", "2025-3", "2025-03"),
        (None, None, "2025-03"),
    ],
)
def test_the_form_comes_first_then_the_partition_key_then_the_last_month(
    requested: str | None, partition_key: str | None, expected: str
) -> None:
    assert str(resolve_month(requested, partition_key, "UTC", NOW)) == expected


def test_a_form_that_contradicts_the_partition_key_is_refused() -> None:
    with pytest.raises(MonthError, match=r"asks for month 2025-01.*partition key is 2025-03"):
        resolve_month("2025-01", "2025-03", "UTC", NOW)


@pytest.mark.parametrize(("text", "words"), [("2025-04", "is not over"), ("2031-01", "lies in the future")])
def test_an_unfinished_month_is_refused_and_the_last_complete_one_named(text: str, words: str) -> None:
    with pytest.raises(MonthError, match=rf"{words}.*last complete month is 2025-03"):
        resolve_month(text, None, "UTC", NOW)


def test_whether_a_month_is_over_depends_on_its_time_zone() -> None:
    just_after_tokyo = datetime(2025, 3, 31, 15, 0, tzinfo=UTC)
    assert str(resolve_month("2025-03", None, "Asia/Tokyo", just_after_tokyo)) == "2025-03"
    with pytest.raises(MonthError):
        resolve_month("2025-03", None, "UTC", just_after_tokyo)
