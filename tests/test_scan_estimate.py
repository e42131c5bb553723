"""The estimate of what a report reads, by the partition filters of its statements and the sizes of the months."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.config import Archive, find_archive
from ttl_archive.months import Month
from ttl_archive.report.sql_rules import check_rendered, main
from ttl_archive.scan_estimate import Reading, estimate

INCLUDE = REPOSITORY / "include"
SIZES = {"2025-01": 1, "2025-02": 20, "2025-03": 300}


def archive(name: str = "usage_logs") -> Archive:
    return find_archive(INCLUDE, name, ENVIRONMENT)


def readings(name: str = "usage_logs") -> dict[str, Reading]:
    found = estimate(INCLUDE, archive(name), Month(2025, 3), SIZES, SIZES.__getitem__)
    return {one.name: one for one in found}


def test_a_section_reads_what_its_filter_lets_through() -> None:
    found = readings()
    assert found["count_published"] == Reading("count_published", ("2025-03",), 300)
    assert found["10_uses_by_action"].bytes == 300
    assert found["compact"].bytes == 900
    assert set(found["70_change_by_action"].months) == {"2025-02", "2025-03"}
    assert found["70_change_by_action"].bytes == 320


def test_every_statement_of_the_report_is_estimated() -> None:
    expected = {path.stem for path in (INCLUDE / "sql/usage_logs/report").glob("*.sql")}
    assert set(readings()) == {*expected, "count_published", "compact"}
    assert all(one.bytes >= 300 for one in readings().values())


def test_a_month_that_is_not_published_costs_nothing() -> None:
    found = estimate(INCLUDE, archive(), Month(2025, 3), ["2025-03"], SIZES.__getitem__)
    assert sum(one.bytes for one in found if one.name == "70_change_by_action") == 300


def test_the_rendered_catalog_statements_keep_the_rules() -> None:
    statements = sorted((REPOSITORY / "tests/golden").rglob("*.sql"))
    assert len(statements) >= 12
    assert [problem for path in statements for problem in check_rendered(path)] == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "SELECT COUNT(*) AS n FROM d.t WHERE a = 1",
            "t is read without a condition on year and month, or on generation or folder",
        ),
        ("SELECT COUNT(*) AS n FROM d.t WHERE year = '2025'", "t is read without a condition on year and month"),
        ("UNLOAD (SELECT a FROM d.t) TO 's3://b/x/' WITH (format = 'PARQUET')", "t is read without a condition"),
        ("SELECT (1", "not Athena SQL"),
        ("SELECT 1; SELECT 2", "found 2 statements"),
    ],
)
def test_a_rendered_statement_is_refused(tmp_path: Path, sql: str, problem: str) -> None:
    (tmp_path / "x.sql").write_text(sql)
    (found,) = check_rendered(tmp_path / "x.sql")
    assert problem in found
    assert main([str(tmp_path)]) == 1


def test_an_unload_with_a_filter_is_accepted(tmp_path: Path) -> None:
    inner = "SELECT a FROM d.t WHERE year = '2025' AND month = '03'"
    sql = f"-- grain: x\nUNLOAD (\n{inner}\n)\nTO 's3://b/x/' WITH (format = 'PARQUET')\n"
    (tmp_path / "x.sql").write_text(sql)
    assert list(check_rendered(tmp_path / "x.sql")) == []


def test_a_folder_without_statements_is_a_problem(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
