"""What the parts of a query see of each other: items of FROM, joins in parentheses, HAVING, WITH RECURSIVE, UNNEST.

https://trino.io/docs/current/sql/select.html, https://docs.aws.amazon.com/athena/latest/ug/filtering-with-unnest.html
and Trino's tests io.trino.sql.query.TestSubqueries, TestRecursiveCte and io.trino.sql.analyzer.TestAnalyzer.
"""

import pytest

from tests.local_aws.harness import Athena, Row

_T, _U, _V = "(VALUES 1) t(a)", "(VALUES 1) u(b)", "(VALUES 1) v(c)"
_LIST = "(VALUES (1, ARRAY[5, 6])) t(a, x)"
_ROWS = "(SELECT ARRAY[CAST(ROW('q', ROW(7)) AS row(name varchar, value row(n integer)))] items)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"SELECT * FROM {_T}, {_U} JOIN {_V} ON b = c", [["1", "1", "1"]]),
        (f"SELECT * FROM {_T}, {_U} JOIN (VALUES 1) v(b) ON u.b = v.b", [["1", "1", "1"]]),
        (f"SELECT a, y FROM {_LIST}, UNNEST(t.x) w(y), {_U}", [["1", "5"], ["1", "6"]]),
        (f"SELECT a, y FROM {_U}, {_LIST} CROSS JOIN UNNEST(t.x) w(y)", [["1", "5"], ["1", "6"]]),
        (f"SELECT y FROM {_U}, {_LIST} LEFT JOIN UNNEST(x) w(y) ON TRUE JOIN (VALUES 6) q(z) ON z = y", [["6"]]),
        (f"SELECT * FROM {_T}, LATERAL (SELECT a + 1) u(b)", [["1", "2"]]),
        (f"SELECT * FROM {_T} LEFT JOIN ((VALUES 1) u(b) JOIN (VALUES 2) v(c) ON b < c) ON a = b", [["1", "1", "2"]]),
        (f"SELECT 1 FROM (VALUES 1) o(k) WHERE EXISTS (SELECT 1 FROM {_T}, {_U} JOIN {_V} ON o.k = c)", [["1"]]),
        (f"SELECT 1 FROM {_T}, {_U} JOIN {_V} ON b = (SELECT max(t.a) FROM {_T})", [["1"]]),
        (
            f"SELECT x.a FROM (SELECT t.a FROM {_T} JOIN {_U} ON a = b) x JOIN (SELECT c FROM {_V}) y ON x.a = y.c",
            [["1"]],
        ),
        ("SELECT k FROM (VALUES 1) t(k) JOIN (VALUES 1) u(k) USING (k) JOIN (VALUES 1) v(k) USING (k)", [["1"]]),
    ],
)
def test_items_of_from(athena: Athena, sql: str, expected: list[Row]) -> None:
    assert sorted(athena.run(sql).rows) == expected


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM {_T}, {_U} JOIN {_V} ON t.a = v.c",
        f"SELECT * FROM {_T}, {_U} LEFT JOIN {_V} ON a = c",
        f"SELECT a FROM {_LIST}, {_U} CROSS JOIN UNNEST(t.x) w(y)",
        f"SELECT a FROM {_LIST}, {_U} LEFT JOIN UNNEST(x) w(y) ON TRUE",
        f"SELECT * FROM {_T}, LATERAL (SELECT a) u(b) JOIN {_V} ON b = c",
        f"SELECT * FROM {_T} LEFT JOIN ({_U} JOIN {_V} ON b = c AND t.a = 1) ON a = b",
        f"SELECT * FROM {_T}, {_U} JOIN {_V} ON nope = c",
    ],
)
def test_a_join_sees_no_other_item_of_from(athena: Athena, sql: str) -> None:
    assert athena.fails(sql).startswith("COLUMN_NOT_FOUND")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM (VALUES 5) t(k), (VALUES 1) u(k) JOIN (VALUES 1) v(k) USING (k)",
        "SELECT * FROM (VALUES 1) t(k) JOIN (VALUES 1) u(k) USING (k) CROSS JOIN (VALUES 2) v(k)",
        "SELECT k FROM (VALUES 1) t(k) JOIN (VALUES 1) u(k) USING (k), (VALUES 2) v(k)",
        "SELECT * FROM (VALUES 1) t(a), (VALUES 1) u(a) JOIN (VALUES 1) v(b) ON a = b",
        "SELECT * FROM ((SELECT 5 p) s JOIN (VALUES 1) t(q) ON true) x(a, b)",
        "SELECT a FROM (VALUES 1) t(a) WHERE a = (SELECT y FROM (VALUES 1) u(y) ORDER BY a LIMIT 1)",
        f"SELECT * FROM {_ROWS} CROSS JOIN UNNEST(items) t(name, value)",
        f"SELECT * FROM {_ROWS} CROSS JOIN UNNEST(items) t",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT max(n) + 1 FROM t WHERE n < 3) SELECT * FROM t",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3 GROUP BY n) SELECT * FROM t",
    ],
)
def test_what_is_not_told_apart_is_refused(athena: Athena, sql: str) -> None:
    assert athena.fails(sql).startswith("NOT_SUPPORTED: the local Athena does not translate")


def test_using_on_two_columns_of_one_side(athena: Athena) -> None:
    sql = "SELECT 1 FROM (VALUES 1) t(k) CROSS JOIN (VALUES 1) u(k) JOIN (VALUES 1) v(k) USING (k)"
    assert athena.fails(sql).startswith("AMBIGUOUS_NAME")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT x FROM (VALUES 1, 3) t(x) WHERE EXISTS (SELECT 1 FROM (VALUES 1, 2) u(y) GROUP BY y HAVING y = x)", [["1"]]),  # noqa: E501
        (f"SELECT item.name, item.value.n, t.item FROM {_ROWS} CROSS JOIN UNNEST(items) AS t(item)",
         [["q", "7", "{name=q, value={n=7}}"]]),
        (f"SELECT t.name, t.value.n, t.t.name FROM {_ROWS}, UNNEST(items) AS t(t) WHERE t.name = 'q'",
         [["q", "7", "q"]]),
        (f"SELECT item.value.n, o FROM {_ROWS} LEFT JOIN UNNEST(items) WITH ORDINALITY AS t(item, o) ON TRUE",
         [["7", "1"]]),
    ],
)  # fmt: skip
def test_names_from_around_and_from_within(athena: Athena, sql: str, expected: list[Row]) -> None:
    assert athena.run(sql).rows == expected


def test_having_does_not_see_what_nobody_has(athena: Athena) -> None:
    sql = "SELECT 1 FROM (VALUES 1) t(x) WHERE EXISTS (SELECT 1 FROM (VALUES 1) u(y) GROUP BY y HAVING y = nope)"
    assert "Column 'nope' cannot be resolved" in athena.fails(sql)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT 1 UNION ALL (SELECT n + 1 FROM t WHERE n < 3)", ["1", "2", "3"]),
        ("SELECT 1 UNION ALL SELECT n + 1 FROM t LEFT JOIN (SELECT 10) u(m) ON true WHERE n < 3", ["1", "2", "3"]),
    ],
)
def test_a_recursion(athena: Athena, query: str, rows: list[str]) -> None:
    assert [row[0] for row in athena.run(f"WITH RECURSIVE t(n) AS ({query}) SELECT * FROM t").rows] == rows


_STEP = "recursive reference {} of the step relation of recursion"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT 1 UNION ALL SELECT a.n + 1 FROM t a, t b WHERE a.n < 3", "multiple recursive references in the step"),
        ("SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < (SELECT max(n) FROM t)", "multiple recursive references"),
        ("SELECT 1 UNION ALL SELECT 2 WHERE EXISTS (SELECT 1 FROM t)", _STEP.format("outside of FROM clause")),
        ("SELECT n FROM t UNION ALL SELECT 1", "WITH table name is referenced in the base relation of recursion"),
        ("SELECT n FROM t", "recursive reference not allowed in this context"),
        ("SELECT 1 UNION ALL SELECT n FROM (VALUES 1) v(a) LEFT JOIN t ON true", "in the right source of LEFT join"),
        ("SELECT 1 UNION ALL SELECT n FROM t RIGHT JOIN (SELECT 1) u(m) ON true", "in the left source of RIGHT join"),
        ("SELECT 1 UNION ALL SELECT n FROM t FULL JOIN (SELECT 1) u(m) ON true", "in the left source of FULL join"),
        (
            "WITH u AS (SELECT 1 x) SELECT x FROM u UNION ALL SELECT n FROM t",
            "immediate WITH clause in recursive query",
        ),
        ("SELECT 1 UNION ALL SELECT n FROM t ORDER BY n", "immediate ORDER BY clause in recursive query"),
        ("SELECT 1 UNION ALL SELECT n FROM t LIMIT 3", "immediate FETCH FIRST / LIMIT clause in recursive query"),
        ("SELECT 1 UNION ALL (SELECT n FROM t LIMIT 3)", "FETCH FIRST / LIMIT clause in the step relation"),
        ("WITH RECURSIVE q(z) AS (SELECT 1) SELECT z FROM q", "nested recursive WITH query"),
        ("SELECT 1 UNION ALL (SELECT n + 1 FROM t)", "Recursion depth limit exceeded (10)"),
    ],
)
def test_a_recursion_that_trino_refuses(athena: Athena, query: str, reason: str) -> None:
    assert reason in athena.fails(f"WITH RECURSIVE t(n) AS ({query}) SELECT * FROM t")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("WITH RECURSIVE t AS (SELECT 1 AS n) SELECT * FROM t", "missing column aliases in recursive WITH query"),
        ("WITH t(a, A) AS (SELECT 1, 2) SELECT 1 FROM t", "Column name 'a' specified more than once"),
        (f"SELECT * FROM {_T} FULL JOIN LATERAL (SELECT * FROM (VALUES 2)) u(b) ON a < b",
         "FULL JOIN involving LATERAL relation is only supported with condition ON TRUE"),
    ],
)  # fmt: skip
def test_what_the_analyser_refuses(athena: Athena, sql: str, reason: str) -> None:
    assert reason in athena.fails(sql)
