from __future__ import annotations

from tests.report.sample_report import sample_content
from ttl_archive.report.changes import Change, changes, number_of
from ttl_archive.report.content import ReportContent


def test_each_number_and_what_moved_most(content: ReportContent) -> None:
    assert changes(content) == [
        Change("Active users", None, 1204, 1168),
        Change("uses", "call.start", 402, 0),
        Change("uses", "message.read", 4466, 4702),
        Change("uses", "message.send", 5210, 4980),
    ]


def test_differences() -> None:
    assert (Change("n", None, 12, 10).difference, Change("n", None, 12, 10).ratio) == (2, 0.2)
    assert Change("n", None, 12, 0).ratio is None


def test_an_unknown_month_before_is_no_change(content: ReportContent) -> None:
    unknown = tuple(
        section.model_copy(update={"rows": tuple((*row[:1], None, *row[2:]) for row in section.rows)})
        for section in content.sections
        if section.name == "40_active_users"
    )
    assert len(unknown) == 1
    assert changes(sample_content(sections=unknown)) == []


def test_what_counts_as_a_number() -> None:
    given = [3, 1.5, "0.10", "NaN", "Infinity", "x", None, True]
    assert [number_of(value) for value in given] == [3, 1.5, 0.1, None, None, None, None, None]
