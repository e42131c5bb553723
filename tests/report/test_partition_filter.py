from __future__ import annotations

import pytest

from ttl_archive.report.partition_filter import months_read

MONTHS = ["2024-12", "2025-01", "2025-02", "2025-03"]
SELECT = 'SELECT 1 AS n FROM "db"."logs" '


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("WHERE year = '2025' AND month = '03'", ["2025-03"]),
        ("WHERE (year = '2025' AND month = '03') AND action = 'x'", ["2025-03"]),
        ("WHERE (year = '2025' AND month = '03') OR (year = '2025' AND month = '02')", ["2025-02", "2025-03"]),
        ("WHERE year = '2025' AND month <= '02'", ["2025-01", "2025-02"]),
        ("WHERE year = '2025' AND month BETWEEN '02' AND '03'", ["2025-02", "2025-03"]),
        ("WHERE year IN ('2024', '2023') AND month IN ('12')", ["2024-12"]),
        ("WHERE year = '2025' AND month NOT IN ('01', '02')", ["2025-03"]),
        ("WHERE year = '2025' AND CAST(month AS integer) > 2", ["2025-03"]),
        ("WHERE year || '-' || month >= '2025-02'", ["2025-02", "2025-03"]),
        ("WHERE concat(year, '-', month) BETWEEN '2024-12' AND '2025-01'", ["2024-12", "2025-01"]),
        ("WHERE NOT (year = '2025' AND month = '03')", ["2024-12", "2025-01", "2025-02"]),
        ("WHERE YEAR = '2025' AND Month = '03'", ["2025-03"]),
        # what can't be judged may hold
        ("WHERE year = '2025' AND month = date_format(now(), '%m')", ["2025-01", "2025-02", "2025-03"]),
        ("WHERE year = '2025' AND month = '03' OR action = 'x'", MONTHS),
        ("", MONTHS),
    ],
)
def test_the_months_that_a_filter_lets_through(where: str, expected: list[str]) -> None:
    assert months_read(SELECT + where, "logs", MONTHS) == [expected]


def test_each_place_where_the_table_is_named_counts() -> None:
    sql = f"""
        WITH now AS ({SELECT} WHERE year = '2025' AND month = '03'),
        before AS ({SELECT} WHERE year = '2025' AND month = '02')
        SELECT now.n FROM now JOIN before ON now.n = before.n JOIN other ON 1 = 1
    """
    assert months_read(sql, "logs", MONTHS) == [["2025-03"], ["2025-02"]]


def test_a_condition_of_one_table_is_not_the_others() -> None:
    sql = """
        SELECT 1 AS n FROM logs AS a JOIN logs AS b ON a.id = b.id
        WHERE a.year = '2025' AND a.month = '03' AND b.year = '2025' AND b.month = '02'
    """
    assert months_read(sql, "logs", MONTHS) == [["2025-03"], ["2025-02"]]


def test_a_table_expression_is_read_wherever_it_is_named() -> None:
    march = "(SELECT a FROM d.t WHERE year = '2025' AND month = '03')"
    assert months_read(f"WITH x AS {march} SELECT a FROM x", "t", ["2025-03"]) == [["2025-03"]]
    assert months_read(f"WITH x AS {march} SELECT a FROM x UNION SELECT a FROM x", "t", ["2025-03"]) == 2 * [
        ["2025-03"]
    ]
    nested = f"WITH x AS {march}, y AS (SELECT a FROM x JOIN x AS z ON x.a = z.a) SELECT a FROM x, y, y AS w"
    assert len(months_read(nested, "t", ["2025-03"])) == 1 + 2 * 2
    assert len(months_read(f"WITH x AS {march} SELECT a FROM X UNION SELECT a FROM X", "t", ["2025-03"])) == 2
    # One that is named before it is made is another table.
    assert len(months_read(f"WITH x AS (SELECT a FROM y), y AS {march} SELECT a FROM x, y", "t", ["2025-03"])) >= 1
