"""The estimate of what a report reads, by the partition filters of its statements and the sizes of the months."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.config import Archive, find_archive
from ttl_archive.months import Month, Quarter
from ttl_archive.report.sql_rules import check_rendered, main
from ttl_archive.scan_estimate import READS, Reading, Work, estimate

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
    assert set(readings()) == {*expected, "audit", "missing_keys", "count_published", "compact"}
    assert all(one.bytes >= 300 for one in readings().values())


def reads_of(tree: exp.Expr, expressions: dict[str, exp.Expr]) -> int:
    """How often a statement reads a stored table, when its table expressions are put where they are named."""
    tables = [
        one for one in tree.find_all(exp.Table) if one.find_ancestor(exp.CTE) in (None, tree.find_ancestor(exp.CTE))
    ]
    return sum(reads_of(expressions[one.name], expressions) if one.name in expressions else 1 for one in tables)


@pytest.mark.parametrize("name", ["usage_logs", "sensor_readings"])
def test_the_statements_of_the_catalog_read_as_often_as_is_told(name: str) -> None:
    found = {}
    for statement in ("audit", "missing_keys", "late_items", "gone_lines", "unload", "audit_parquet"):
        text = (REPOSITORY / f"tests/golden/{name}/{statement}.sql").read_text()
        select = re.search(r"UNLOAD \((.*)\)\s*TO '", text, re.DOTALL)  # sqlglot knows no UNLOAD
        tree = sqlglot.parse_one(select[1] if select else text, read="athena")
        expressions = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}
        found[statement] = reads_of(tree, expressions)
    found["compact"] = found.pop("unload") + found.pop("audit_parquet")
    assert found == READS


def test_what_verifies_and_refreshes_is_in_the_sum() -> None:
    usage = archive()
    refreshing = usage.model_copy(update={"source": usage.source.model_copy(update={"refresh_open_months": True})})
    work = Work(open_months=("2025-02",), compacts=("2025-01", "2025-02"))
    found = {
        one.name: one.bytes for one in estimate(INCLUDE, refreshing, Month(2025, 3), SIZES, SIZES.__getitem__, work)
    }
    assert (found["audit"], found["missing_keys"], found["compact"]) == (300, 1500, 900)
    assert found["late_items of 2025-02"] == 160
    for name, reads in {"gone_lines": 2, "audit": 1, "missing_keys": 5, "compact": 3}.items():
        assert found[f"{name} of 2025-02"] == reads * 20
    assert found["compact of 2025-01"] == 3, "it lacks the column that was appended"


def test_a_report_of_a_published_month_reads_for_its_sections_alone() -> None:
    found = estimate(INCLUDE, archive(), Month(2025, 3), SIZES, SIZES.__getitem__, Work(scans=False))
    sections = {path.stem for path in (INCLUDE / "sql/usage_logs/report").glob("*.sql")}
    assert {one.name for one in found} == {"count_published", *sections}


def test_a_quarter_reads_its_months_and_the_quarter_before() -> None:
    sizes = {**SIZES, "2024-10": 4000, "2024-11": 50000}
    found = {one.name: one for one in estimate(INCLUDE, archive(), Quarter(2025, 1), sizes, sizes.__getitem__)}
    assert found["count_quarter"] == Reading("count_quarter", ("2025-01", "2025-02", "2025-03"), 321)
    assert set(found) == {
        "count_quarter",
        *(path.stem for path in (INCLUDE / "sql/usage_logs/quarterly").glob("*.sql")),
    }
    assert max(one.bytes for one in found.values()) >= 54321


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
