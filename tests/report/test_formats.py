from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ttl_archive.report.content import Value
from ttl_archive.report.formats import Formats

EN, DE = Formats(), Formats("de", "Asia/Tokyo")


def plain(text: str) -> str:
    """Without the non-breaking spaces that locales use."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (1234567, "1,234,567", "1.234.567"),
        (1234.5, "1,234.5", "1.234,5"),
        (0.12345, "0.123", "0,123"),
        (Decimal("0.10"), "0.10", "0,10"),
        (Decimal("1" * 38), "11" + ",111" * 12, "11" + ".111" * 12),
        (-5, "-5", "-5"),
    ],
)
def test_numbers(value: float | Decimal, english: str, german: str) -> None:
    assert (EN.number(value), DE.number(value)) == (english, german)


def test_changes_have_a_sign() -> None:
    assert [EN.change(number) for number in (3, -3, 0)] == ["+3", "-3", "±0"]
    assert [EN.percent_change(ratio) for ratio in (0.125, -0.05)] == ["+12.5%", "-5%"]
    assert plain(DE.percent_change(0.125)) == "+12,5 %"


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "$0.00"), (1234.5, "$1,234.50"), (0.0123, "$0.0123"), (0.000382, "$0.000382")]
)
def test_dollars(amount: float, text: str) -> None:
    assert EN.usd(amount) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 byte"), (999, "999 byte"), (1000, "1 kB"), (1_843_201, "1.8 MB"), (5 * 10**15, "5 PB")]
)
def test_sizes(count: int, text: str) -> None:
    assert EN.size(count) == text


def test_dates_in_the_archives_locale_and_time_zone() -> None:
    at = datetime(2025, 3, 31, 18, 0, tzinfo=UTC)
    assert (EN.month("2025-03"), DE.month("2025-03")) == ("March 2025", "März 2025")
    assert (EN.date_of(at), DE.date_of(at)) == ("Mon, Mar 31, 2025", "Di., 1. Apr. 2025")
    assert (plain(EN.instant(at)), DE.instant(at)) == ("Mar 31, 2025, 6:00:00 PM UTC", "01.04.2025, 03:00:00 JST")
    assert EN.short_day(date(2025, 3, 1)) == "Mar 1"
    assert EN.seconds(1.26) == "1.3 sec"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "varchar", "–"),
        (True, "boolean", "true"),
        (1234, "bigint", "1,234"),
        ("1234.50", "decimal", "1,234.50"),
        ("2025-03-01", "date", "Sat, Mar 1, 2025"),
        ("1234", "varchar", "1234"),
        ("NaN", "double", "NaN"),
        ("no date", "date", "no date"),
    ],
)
def test_cells(value: Value, kind: str, text: str) -> None:
    assert EN.value(value, kind) == text


def test_a_column_of_floats_has_one_precision() -> None:
    assert EN.column([1.5, 2.25, None, 3.0], "double") == ["1.50", "2.25", "–", "3.00"]
    assert EN.column([1.0, 1234.0], "double") == ["1", "1,234"]
    assert EN.column([0.12345], "double") == ["0.123"]


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("2025-03-01 09:05:00.000", "Mar 1, 2025, 9:05:00 AM", "01.03.2025, 09:05:00"),
        (
            "2025-03-01 09:05:00.000 Europe/Berlin",
            "Mar 1, 2025, 9:05:00 AM Europe/Berlin",
            "01.03.2025, 09:05:00 Europe/Berlin",
        ),
        ("10000-01-01 00:00:00", "10000-01-01 00:00:00", "10000-01-01 00:00:00"),
    ],
)
def test_moments_of_a_result(text: str, english: str, german: str) -> None:
    assert plain(EN.value(text, "timestamp")) == english
    assert plain(DE.value(text, "timestamp with time zone")) == german


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [(52345678, "52,345,678", "52.345.678"), (1e30, "1E30", "1E30"), (-1.23456e20, "-1.235E20", "-1,235E20")],
)
def test_numbers_beside_a_bar(value: float, english: str, german: str) -> None:
    assert (EN.short_number(value), DE.short_number(value)) == (english, german)
