from __future__ import annotations

import re
from pathlib import Path

import pytest

from ttl_archive.errors import ConfigurationError
from ttl_archive.report.sections import load_sections
from ttl_archive.report.sql_rules import check_section, check_sections, main

HEADER = "-- title: T\n-- question: Q?\n-- grain: G\n-- chart: number\n-- value: n\n"  # five lines
FROM = '\nFROM "{{ database }}"."{{ table }}"\n'
MONTH = "year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'"


def check(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "sql" / "mine" / "report" / "10_a.sql"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + sql, encoding="utf-8")
    (section,) = load_sections(tmp_path, "mine")
    check_section(tmp_path, section)


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT COUNT(*) AS n{FROM}WHERE {MONTH}",
        f"SELECT COUNT(*) AS n{FROM}WHERE {MONTH};\n",
        f"SELECT a * b AS n{FROM}WHERE ({MONTH}) AND c > 1",
        f"SELECT 1 AS n{FROM}WHERE {MONTH} AND (a = 1 OR b = 2)",
        f"SELECT 1 AS n{FROM}WHERE year < '{{{{ month.yyyy }}}}' OR ({MONTH})",
        f"SELECT 1 AS n{FROM}WHERE concat(year, '-', month) BETWEEN '2025-01' AND '{{{{ month }}}}'",
        f"SELECT 1 AS n{FROM}WHERE year IN ('2025') AND month IN ('02', '03')",
        f"WITH t AS (SELECT 1 AS n{FROM}WHERE {MONTH}) SELECT n FROM t",
        f"SELECT 1 AS n{FROM}WHERE {MONTH} UNION ALL SELECT 2 AS n{FROM}WHERE {MONTH}",
        f"SELECT x.n FROM (SELECT 1 AS n{FROM}WHERE {MONTH}) AS x CROSS JOIN UNNEST(SEQUENCE(1, 2)) AS s (i)",
    ],
)
def test_accepted(tmp_path: Path, sql: str) -> None:
    check(tmp_path, sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (f"SELECT *{FROM}WHERE {MONTH}", r":6: found SELECT \*; expected the columns by name"),
        (f"SELECT\n    1 AS n,\n    t.*{FROM}WHERE {MONTH}", r":8: found SELECT \*"),
        (f"SELECT 1 AS n{FROM}", r":7: items is read without a condition on year and month; expected a WHERE"),
        (f"SELECT 1 AS n{FROM}WHERE year = '2025'", r":7: items is read without a condition on month"),
        (
            f"SELECT 1 AS n{FROM}WHERE {MONTH} OR a = 1",
            r":7: items is read in every month, for all one can tell; expected a WHERE that limits",
        ),
        (f"SELECT 1 AS n{FROM}WHERE year LIKE '%' AND month LIKE '%'", r":7: items is read in every month"),
        (f"SELECT 1 AS n{FROM}WHERE length(year) > 0 AND length(month) > 0", r":7: items is read in every month"),
        (
            f"WITH items AS (SELECT 1 AS n{FROM}) SELECT n FROM items WHERE {MONTH}",
            r":7: items is read without a condition on year and month",
        ),
        (f"SELECT 1 AS n{FROM}WHERE {MONTH} AND a::integer = 1", r":8: not Athena SQL: found ::"),
        (f"SELECT 1 AS n{FROM}WHERE {MONTH} AND a ILIKE 'x'", r":8: not Athena SQL: found ILIKE"),
        (f"SELECT 1 AS n{FROM}WHERE year >= '2020' AND month >= '01'", r":7: items is read in every month"),
        (f"SELECT 1 AS n{FROM}WHERE NOT (year = '2025' AND month = '03')", r":7: items is read in every month"),
        (f"WITH t AS (SELECT 1 AS n{FROM}) SELECT n FROM t WHERE {MONTH}", r":7: items is read without a condition"),
        (f"SELECT 1 AS n{FROM}WHERE {MONTH}; SELECT 2", r":1: found 2 statements; expected exactly one"),
        ("", r":1: found 0 statements; expected exactly one"),
        ("DROP TABLE x", r":1: found DROP; expected a SELECT"),
        (f"SELECT 1 AS m{FROM}WHERE {MONTH}", r":1: the chart's n is not selected; the statement gives m"),
        ("SELECT\n    1 AS n,\n    (2 + AS x\n", r":8: not Athena SQL: .* near 'AS'"),
        ("SELECT 'open", r":1: not Athena SQL: "),
        (
            f"SELECT 1 AS n\n, '{{{{ owner }}}}' AS o{FROM}",
            r":7: 'owner' is undefined; expected one of database, month,",
        ),
        ("SELECT {{ month.week }} AS n", r":6: .*has no attribute 'week'; expected one of"),
        ("SELECT 1 AS n\n{% if %}", r":7: not a Jinja template: "),
    ],
)
def test_refused_with_file_and_line(tmp_path: Path, sql: str, message: str) -> None:
    place = re.escape(str(tmp_path / "sql" / "mine" / "report" / "10_a.sql"))
    with pytest.raises(ConfigurationError, match=place + message):
        check(tmp_path, sql)


def test_every_file_with_a_problem_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for archive, text in (("a", HEADER + "SELECT * FROM x"), ("b", "SELECT 1"), ("c", HEADER + "SELECT 1 AS n")):
        path = tmp_path / "sql" / archive / "report" / "10_a.sql"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    assert [message.partition("report/")[2][:11] for message in check_sections(tmp_path)] == [
        "10_a.sql:6:",
        "10_a.sql:1:",
    ]

    from ttl_archive.settings import Settings

    monkeypatch.setattr("ttl_archive.report.sql_rules.settings", lambda: Settings(include_dir=tmp_path))
    assert main() == 1
    assert capsys.readouterr().err.count("10_a.sql:") == 2


def test_a_section_may_use_what_its_archive_declares(tmp_path: Path) -> None:
    path = tmp_path / "sql" / "mine" / "report" / "10_a.sql"
    path.parent.mkdir(parents=True)
    path.write_text(f"{HEADER}SELECT COUNT(*) AS n{FROM}WHERE {MONTH} AND size > {{{{ parameters.least }}}}")
    (problem,) = check_sections(tmp_path)
    assert "10_a.sql:8: 'dict object' has no attribute 'least'" in problem
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives/mine.yaml").write_text('report: {title: "${UNSET}", parameters: {least: 5}}')
    assert check_sections(tmp_path) == []
