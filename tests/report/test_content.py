from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.report.sample_report import sample_content
from ttl_archive.errors import ConfigurationError
from ttl_archive.manifest import Manifest, TtlCounts
from ttl_archive.report.content import (
    Counts,
    LateItems,
    MixedTypes,
    ReportContent,
    SectionResult,
    counts_of,
    data_quality_of,
    result_rows,
    section_result,
    typed_value,
)
from ttl_archive.report.render import render_json
from ttl_archive.report.sections import Chart, Section

SECTION = Section("10_a", "A", "Q?", "one row", Chart(kind="table"), "mine/report/10_a.sql")


def result(columns: dict[str, str], rows: list[list[str | None]], section: Section = SECTION) -> SectionResult:
    info = [{"Name": name, "Type": kind} for name, kind in columns.items()]
    return section_result(section, info, rows, query_execution_id="q", data_scanned_bytes=7, seconds=0.5)


def manifest(**fields: Any) -> Manifest:
    defaults: dict[str, Any] = {
        "archive": "usage_logs",
        "month": "2025-03",
        "timezone": "UTC",
        "generation": "g",
        "table": "t",
        "key_attributes": ("id",),
        "as_of": datetime(2025, 4, 1, tzinfo=UTC),
        "complete": True,
        "total_segments": 1,
        "pages": 1,
        "scanned": 100,
        "archived": 60,
        "outside": 30,
        "quarantined": 7,
        "filtered": 3,
        "bytes": 1,
        "read_units": 2.5,
        "types": {},
        "ttl": TtlCounts(),
        "parts": (),
        "quarantine_parts": (),
        "quarantined_keys": (),
    }
    return Manifest(**{**defaults, **fields})


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("42", "bigint", 42),
        ("-9223372036854775808", "bigint", -(2**63)),
        ("7", "integer", 7),
        ("1.0", "double", 1.0),
        ("1.0E-5", "double", 0.00001),
        ("2.5", "float", 2.5),
        ("NaN", "double", "NaN"),
        ("-Infinity", "double", "-Infinity"),
        ("0.10", "decimal", "0.10"),
        ("12345678901234567890123456789012345678", "decimal", "12345678901234567890123456789012345678"),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("007", "varchar", "007"),
        ("true", "varchar", "true"),
        ("", "varchar", ""),
        ("2025-03-01", "date", "2025-03-01"),
        ("[a, b]", "array", "[a, b]"),
        (None, "bigint", None),
        (None, "varchar", None),
    ],
)
def test_athena_texts_become_json_values(text: str | None, kind: str, value: object) -> None:
    found = typed_value(text, kind)
    assert (found, type(found)) == (value, type(value))


def test_the_header_row_of_the_first_page_is_not_data() -> None:
    def page(*rows: list[str | None]) -> dict[str, Any]:
        data = [{"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in rows]
        return {"ResultSet": {"Rows": data}}

    pages = [page(["a", "n"], ["a", "1"]), page([None, "2"])]
    assert result_rows(pages) == [["a", "1"], [None, "2"]]
    assert result_rows([page(["a", "n"])]) == []


def test_a_section_result_is_typed() -> None:
    found = result({"action": "varchar", "uses": "BIGINT"}, [["send", "3"], [None, "1"]])
    assert found.rows == (("send", 3), (None, 1))
    assert (found.columns, found.types) == (("action", "uses"), ("varchar", "bigint"))
    assert found.column("uses") == [3, 1]


def test_a_chart_column_that_is_not_in_the_result_is_refused() -> None:
    section = Section("10_a", "A", "Q?", "g", Chart(kind="bar", x="action", y=("uses",)), "mine/report/10_a.sql")
    with pytest.raises(
        ConfigurationError, match=r"mine/report/10_a.sql: the chart's columns uses .* it has action, n;"
    ):
        result({"action": "varchar", "n": "bigint"}, [], section)


def test_scanned_is_what_the_scan_matched() -> None:
    counts = counts_of(manifest(), 60)
    assert counts == Counts(scanned=60, archived=60, athena=60, read=100, outside=30, quarantined=7, filtered=3)
    assert counts.agree
    assert not counts_of(manifest(), 59).agree
    assert not counts_of(manifest(scanned=101), 60).agree


def test_data_quality_comes_from_the_manifest() -> None:
    quality = data_quality_of(
        manifest(
            quarantined_keys=({"id": {"S": "ü"}},),
            ttl=TtlCounts(missing=1, not_a_number=2, milliseconds=3, over_five_years_old=4),
            types={"size": {"N": 5, "S": 1}, "note": {"NULL": 2, "S": 9}, "id": {"S": 60}},
        ),
        late_items=(LateItems(month="2025-02", count=2, gone=0, refreshed=False),),
    )
    assert (quality.bad_timestamps.count, quality.bad_timestamps.keys) == (7, ('{"id": {"S": "ü"}}',))
    assert (quality.ttl_missing, quality.ttl_not_a_number, quality.ttl_milliseconds) == (1, 2, 3)
    assert (quality.ttl_over_five_years_old, quality.late_items[0].count) == (4, 2)
    assert quality.mixed_types == (MixedTypes(attribute="size", types={"N": 5, "S": 1}),)
    assert not quality.clean
    assert data_quality_of(manifest(quarantined=0)).clean


def test_the_json_restores_and_is_the_same_every_time(content: ReportContent) -> None:
    text = render_json(content)
    assert ReportContent.model_validate_json(text) == content
    assert render_json(ReportContent.model_validate_json(text)) == text
    assert render_json(sample_content()) == text


def test_the_json_has_the_agreed_fields(content: ReportContent) -> None:
    report = json.loads(render_json(content))
    assert (report["archive"], report["month"]) == ("usage_logs", "2025-03")
    assert {name: report["counts"][name] for name in ("scanned", "archived", "athena")} == {
        "scanned": 12414,
        "archived": 12414,
        "athena": 12414,
    }
    assert report["certificate"]["safe_to_expire"] is True
    assert report["certificate"]["first_expiry"] == "2025-05-30T00:00:04Z"
    assert {"read_units", "data_scanned_bytes", "usd"} <= report["cost"].keys()
    section = report["sections"][0]
    assert section["columns"] == ["action", "uses", "users"]
    assert section["rows"][0] == ["message.send", 5210, 581]
    assert {"name", "title", "query_execution_id", "data_scanned_bytes", "seconds"} <= section.keys()


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(), st.floats(-1e9, 1e9))))
def test_any_value_restores_with_its_type(values: list[Any]) -> None:
    before = result({"a": "varchar"}, []).model_copy(update={"rows": tuple((value,) for value in values)})
    after = SectionResult.model_validate_json(before.model_dump_json())
    assert [(value, type(value)) for (value,) in after.rows] == [(value, type(value)) for value in values]


def test_content_is_frozen_and_knows_its_fields(content: ReportContent) -> None:
    with pytest.raises(ValidationError):
        content.month = "2025-04"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        ReportContent.model_validate({**content.model_dump(), "more": 1})
