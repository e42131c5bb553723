"""Which month an item belongs to, at the edges where items get lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttl_archive.config import Timestamp
from ttl_archive.months import Month
from ttl_archive.page import TypedItems
from ttl_archive.selection import Verdict, judge_of, read_iso8601

ISO = Timestamp(attribute="at", format="iso8601")
IN, OUT, BAD = Verdict.INSIDE, Verdict.OUTSIDE, Verdict.BAD


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("2025-02-28T23:59:59Z", OUT),
        ("2025-02-28T23:59:59.999Z", OUT),
        ("2025-03-01T00:00:00Z", IN),
        ("2025-03-01T00:00:00.000Z", IN),  # sorts before the one without a fraction
        ("2025-03-01T00:00:00.000000001Z", IN),
        ("2025-03-31T23:59:59.999Z", IN),
        ("2025-03-31T23:59:59.999999999Z", IN),
        ("2025-04-01T00:00:00Z", OUT),
        ("2025-04-01T00:00:00.000Z", OUT),
        ("2025-03-01T00:30:00+01:00", OUT),
        ("2025-02-28T23:30:00-01:00", IN),
        ("2025-04-01T05:00:00+0530", IN),
        ("2025-04-01t00:00:00z", OUT),
        ("2025-03-15 12:00:00Z", IN),
        ("2024-02-29T12:00:00Z", OUT),
        ("2025-02-29T12:00:00Z", BAD),  # no leap year
        ("2025-03-32T00:00:00Z", BAD),
        ("2025-03-15T24:00:01Z", BAD),
        ("2025-03-15T12:00:60Z", BAD),
        ("2025-03-15T12:00:00", BAD),  # no offset: not an instant
        ("2025-03-15", BAD),
        ("2025-03-15T12:00:00Zjunk", BAD),
        ("２０２５-03-15T12:00:00Z", BAD),
        ("1969-12-31T23:59:59Z", BAD),  # in no month that can be archived: left outside, it would be lost
        ("1969-12-31T23:59:59+00:00", BAD),
        ("1970-01-01T00:00:00Z", OUT),
        ("", BAD),
    ],
)
def test_iso8601_at_the_edges_of_march(text: str, verdict: Verdict) -> None:
    assert judge_of(ISO, Month(2025, 3))({"at": {"S": text}}) is verdict


@pytest.mark.parametrize("item", [{}, {"at": {"N": "1740787200"}}, {"at": {"NULL": True}}, {"at": {"L": []}}])
def test_a_missing_timestamp_or_one_of_another_type_is_bad(item: dict) -> None:
    assert judge_of(ISO, Month(2025, 3))(item) is BAD


@pytest.mark.parametrize(
    ("format_", "text", "verdict"),
    [
        ("epoch_seconds", "1740787199", OUT),
        ("epoch_seconds", "1740787199.999", OUT),
        ("epoch_seconds", "1740787200", IN),
        ("epoch_seconds", "1743465599.999", IN),
        ("epoch_seconds", "1743465600", OUT),
        ("epoch_seconds", "1740787200000", BAD),  # milliseconds where seconds were declared
        ("epoch_millis", "1740787199999", OUT),
        ("epoch_millis", "1740787200000", IN),
        ("epoch_millis", "1.7407872E+12", IN),
        ("epoch_millis", "1743465599999.999", IN),
        ("epoch_millis", "1743465600000", OUT),
        ("epoch_millis", "-1", BAD),
        ("epoch_millis", "1740787200", BAD),  # seconds where milliseconds were declared
        ("epoch_seconds", "0", OUT),
        ("epoch_seconds", "-1", BAD),
        ("epoch_millis", "9E+125", BAD),
    ],
)
def test_numbers_at_the_edges_of_march(format_: str, text: str, verdict: Verdict) -> None:
    timestamp = Timestamp(attribute="at", format=format_)
    assert judge_of(timestamp, Month(2025, 3))({"at": {"N": text}}) is verdict


def test_a_month_in_tokyo_ends_nine_hours_earlier() -> None:
    judge = judge_of(ISO, Month(2025, 3, "Asia/Tokyo"))
    assert judge({"at": {"S": "2025-02-28T15:00:00.000Z"}}) is IN
    assert judge({"at": {"S": "2025-03-31T14:59:59.999Z"}}) is IN
    assert judge({"at": {"S": "2025-03-31T15:00:00Z"}}) is OUT


def test_an_offset_moves_the_instant() -> None:
    instant = read_iso8601("2025-03-01T00:30:00.123456789+01:00")
    assert instant is not None
    assert instant.isoformat() == "2025-02-28T23:30:00.123456+00:00"


TEXTS = st.sampled_from(
    ["2025-02-28T23:59:59.999Z", "2025-03-01T00:00:00Z", "2025-03-31T23:59:59.999Z", "2025-04-01T00:00:00Z"]
)
ODD = st.sampled_from(
    [
        "",
        "2025-03-15",
        "1969-12-31T23:59:59Z",
        "2025-03-15 12:00:00+09",
        "a,2025-03-01T00:00:00Z",
        "2025-03-01T00:00:00Z,2025-03-02T00:00:00Z",
    ]
)
NUMBERS = st.sampled_from(["1740787199", "1740787200", "1743465599", "1743465600", "0", "-1", "1.5", "1740787200000"])


@given(
    st.sampled_from(["iso8601", "epoch_seconds", "epoch_millis"]),
    st.lists(
        st.one_of(
            st.lists(TEXTS, min_size=1, max_size=8).map(lambda texts: [{"at": {"S": text}} for text in texts]),
            st.lists(TEXTS | ODD, max_size=8).map(lambda texts: [{"at": {"S": text}} for text in texts]),
            st.lists(NUMBERS, max_size=8).map(lambda texts: [{"at": {"N": text}} for text in texts]),
            st.just([{}, {"at": {"NULL": True}}]),
        ),
        max_size=2,
    ),
)
def test_a_page_is_sorted_as_its_items_are_judged(format_: str, parts: list[list[dict]]) -> None:
    items = [item for part in parts for item in part]
    judge = judge_of(Timestamp(attribute="at", format=format_), Month(2025, 3))
    verdicts = [judge(item) for item in items]
    expected = [[item for item, one in zip(items, verdicts, strict=True) if one is wanted] for wanted in (IN, OUT, BAD)]
    assert list(judge.sort(TypedItems(items))) == expected


@pytest.mark.parametrize("text", ["2025-03-01T00:00:00Z,2025-03-02T00:00:00Z", "2025-03-01T00:00:00Z,"])
def test_one_text_is_not_taken_for_two(text: str) -> None:
    good, bad = {"at": {"S": "2025-03-05T00:00:00Z"}}, {"at": {"S": text}}
    assert judge_of(ISO, Month(2025, 3)).sort(TypedItems([good, bad])) == ([good], [], [bad])
