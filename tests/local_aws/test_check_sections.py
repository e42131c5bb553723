"""What the check of sections on empty tables finds that a parser of SQL doesn't."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local_aws.check_sections import Anything, check_archive
from tests.conftest import REPOSITORY
from ttl_archive.config import find_archive
from ttl_archive.settings import Settings

HEADER = "-- title: T\n-- question: Q?\n-- grain: g\n-- chart: {chart}\n"
MONTH = "FROM {{ database }}.{{ table }}\nWHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'"


def check(folder: Path, monkeypatch: pytest.MonkeyPatch, sql: str, chart: str = "table") -> tuple[list[str], list[str]]:
    """The problems and refusals of usage_logs with one more section."""
    include = folder / "include"
    shutil.copytree(REPOSITORY / "include", include)
    (include / "sql/usage_logs/report/85_new.sql").write_text(HEADER.format(chart=chart) + sql)
    monkeypatch.setattr("local_aws.check_sections.settings", lambda: Settings(include_dir=include))
    return check_archive(find_archive(include, "usage_logs", Anything()))


@pytest.mark.parametrize(
    ("sql", "line", "problem"),
    [
        (f"SELECT IFNULL(action, 'x') AS a\n{MONTH}", 5, "Function 'ifnull' not registered"),
        (f"SELECT SAFE_CAST(action AS bigint) AS a\n{MONTH}", 5, "mismatched input 'AS'"),
        (f"SELECT action\n{MONTH}\nLIMIT 1, 2", 8, "mismatched input ','"),
        (f'SELECT action\n{MONTH}\n    AND action = "chat"', 8, "Column 'chat' cannot be resolved"),
        (f"SELECT action\n{MONTH}\n    AND expiresat = 'x'", 8, "Cannot apply operator: bigint = varchar(1)"),
        (f"SELECT nosuch\n{MONTH}", 5, "Column 'nosuch' cannot be resolved"),
        (f"SELECT action, COUNT(*) AS n\n{MONTH}", 5, "'action' must be an aggregate expression or appear in GROUP BY"),
        (
            f"SELECT action\n{MONTH.replace('table', 'archive')}",
            6,
            "'awsdatacatalog.usage_archive.usage_logs' does not",
        ),
    ],
)
def test_a_statement_that_athena_would_fail_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, line: int, problem: str
) -> None:
    (found,), refused = check(tmp_path, monkeypatch, sql)
    assert found.startswith(f"{tmp_path}/include/sql/usage_logs/report/85_new.sql:{line}: ")
    assert problem in found
    assert refused == []


def test_a_chart_without_its_column_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,), _ = check(tmp_path, monkeypatch, f"SELECT action\n{MONTH}", "number\n-- value: n")
    assert found.endswith("85_new.sql:1: the chart's n is not among action")


def test_a_chart_of_texts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,), _ = check(tmp_path, monkeypatch, f"SELECT action, userid\n{MONTH}", "bar\n-- x: action\n-- y: userid")
    assert found.endswith("85_new.sql:1: a bar chart draws numbers; userid is varchar")


def test_what_the_embedded_athena_cannot_run_is_told_and_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems, (refused,) = check(
        tmp_path, monkeypatch, f"SELECT GEOMETRIC_MEAN(expiresat) AS a, QDIGEST_AGG(expiresat) AS q\n{MONTH}"
    )
    assert problems == []
    assert "85_new.sql: not checked: " in refused


def test_the_shipped_sections_have_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = f"SELECT action, COUNT(*) AS n\n{MONTH}\nGROUP BY action"
    assert check(tmp_path, monkeypatch, sql, "bar\n-- x: action\n-- y: n") == ([], [])
