"""ORDER BY's names, windows' frames and VALUES as queries, from Trino's io.trino.sql.analyzer.TestAnalyzer.

https://trino.io/docs/current/sql/select.html#order-by-clause, https://trino.io/docs/current/functions/window.html
"""

import pytest

from tests.local_aws.harness import Athena, Row

_PAIR = "(VALUES (1, 2)) t(a, b)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM (VALUES 2, 1) t(a) ORDER BY a", [["1"], ["2"]]),
        ("SELECT *, 3 - a AS b FROM (VALUES 2, 1) t(a) ORDER BY b", [["2", "1"], ["1", "2"]]),
        ("SELECT a, sum(b) AS s FROM (VALUES (1, 2), (2, 3)) t(a, b) GROUP BY a ORDER BY sum(b) DESC",
         [["2", "3"], ["1", "2"]]),
        ("SELECT sum(a) OVER (ORDER BY a RANGE BETWEEN 1.5 PRECEDING AND CURRENT ROW) FROM (VALUES 1, 2, 3) t(a)",
         [["1"], ["3"], ["5"]]),
        ("SELECT count(*) OVER (ORDER BY d RANGE INTERVAL '1' DAY PRECEDING) "
         "FROM (VALUES DATE '2025-03-01', DATE '2025-03-02', DATE '2025-03-05') t(d) ORDER BY d",
         [["1"], ["2"], ["1"]]),
        ("SELECT sum(a) OVER w FROM (VALUES 1, 2, 3) t(a) WINDOW w AS (ORDER BY a ROWS 1 + 1 PRECEDING)",
         [["1"], ["3"], ["6"]]),
        ("SELECT (VALUES DATE '2020-01-01') + INTERVAL '1' DAY", [["2020-01-02"]]),
        ("SELECT (VALUES DATE '2020-01-03') - (VALUES DATE '2020-01-01')", [["2 00:00:00.000"]]),
        ("SELECT d + INTERVAL '1' DAY FROM (VALUES DATE '2020-01-01') t(a) CROSS JOIN LATERAL (VALUES a) u(d)",
         [["2020-01-02"]]),
        ("SELECT k, v FROM (VALUES (2.5, 3.5)) t(a, b) CROSS JOIN LATERAL (VALUES ('a', a), ('b', b)) u(k, v)",
         [["a", "2.5"], ["b", "3.5"]]),
        ("SELECT 1 IN (VALUES 1, NULL), 3 IN (VALUES 1, NULL), 2 = ANY (VALUES 1, 2)", [["true", None, "true"]]),
        ("SELECT x FROM ((VALUES 5)) t(x)", [["5"]]),
        ("SELECT array_agg(DISTINCT x ORDER BY x DESC) FROM (VALUES 1, 2, 1) t(x)", [["[2, 1]"]]),
        (r"SELECT regexp_replace('2020-01-02', '(\d+)-(\d+)-(\d+)', '$03/$02/$01'), regexp_replace('xxx', 'x', '$01')",
         [["02/01/2020", "x1x1x1"]]),
    ],
)  # fmt: skip
def test_an_answer(athena: Athena, sql: str, expected: list[Row]) -> None:
    assert athena.run(sql).rows == expected


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT a, * FROM (VALUES 2, 1) t(a) ORDER BY a", "AMBIGUOUS_NAME"),
        ("SELECT t.*, a FROM (VALUES 2, 1) t(a) ORDER BY a", "AMBIGUOUS_NAME"),
        ("SELECT a x, a x FROM (VALUES 2, 1) t(a) ORDER BY x", "AMBIGUOUS_NAME"),
        ("SELECT DISTINCT a, a FROM (VALUES 2, 1) t(a) ORDER BY a", "AMBIGUOUS_NAME"),
        ("SELECT a.a FROM (VALUES 1) AS a(a) ORDER BY a.a", "NOT_SUPPORTED"),
        (f"SELECT t.a AS t, b FROM {_PAIR} ORDER BY t.b", "NOT_SUPPORTED"),
        (f"SELECT CAST(ROW(1) AS ROW(f bigint)) AS x FROM {_PAIR} ORDER BY x.f", "NOT_SUPPORTED"),
        (f"SELECT a AS c FROM {_PAIR} GROUP BY t.a ORDER BY (SELECT c)", "NOT_SUPPORTED"),
        (f"SELECT 1 AS a FROM {_PAIR} GROUP BY b ORDER BY sum(b) FILTER (WHERE a > 0)",
         "COLUMN_NOT_FOUND: line 1:85: Invalid reference to output projection attribute from ORDER BY aggregation"),
        (f"SELECT a, sum(b) AS c FROM {_PAIR} GROUP BY a ORDER BY array_agg(b ORDER BY c)", "COLUMN_NOT_FOUND"),
        (f"SELECT a, sum(b) AS b FROM {_PAIR} GROUP BY a ORDER BY sum(b)", "COLUMN_NOT_FOUND"),
        (f"SELECT * FROM {_PAIR} ORDER BY 0", "INVALID_COLUMN_REFERENCE"),
        (f"SELECT * FROM {_PAIR} GROUP BY 0", "INVALID_COLUMN_REFERENCE"),
        ("SELECT array_agg(DISTINCT x ORDER BY x + 1) FROM (VALUES 1) t(x)", "EXPRESSION_NOT_IN_DISTINCT"),
        ("SELECT from_utf8(substr(to_utf8('abc'), 2))", "NOT_SUPPORTED"),
    ],
)  # fmt: skip
def test_names(athena: Athena, sql: str, error: str) -> None:
    assert athena.fails(sql).startswith(error)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ("ORDER BY a ROWS 0.5 PRECEDING", "TYPE_MISMATCH"),
        ("ORDER BY a ROWS BETWEEN 1.5 PRECEDING AND CURRENT ROW", "TYPE_MISMATCH"),
        ("ORDER BY a GROUPS 1e0 PRECEDING", "TYPE_MISMATCH"),
        ("ORDER BY a ROWS INTERVAL '1' DAY PRECEDING", "TYPE_MISMATCH"),
        ("ORDER BY d RANGE 1 PRECEDING", "TYPE_MISMATCH"),
        ("ORDER BY a RANGE 'x' PRECEDING", "TYPE_MISMATCH"),
        ("ORDER BY a RANGE -1 PRECEDING", "INVALID_WINDOW_FRAME"),
        ("ORDER BY a RANGE b PRECEDING", "NOT_SUPPORTED"),
        ("RANGE 1 PRECEDING", "MISSING_ORDER_BY"),
        ("ORDER BY a, b RANGE 1 PRECEDING", "INVALID_ORDER_BY"),
    ],
)
@pytest.mark.parametrize("used", ["SELECT max(a) OVER ({0}) FROM {1}", "SELECT a FROM {1} WINDOW w AS ({0})"])
def test_frames_that_are_refused(athena: Athena, frame: str, error: str, used: str) -> None:
    assert athena.fails(used.format(frame, "(VALUES (1, 2, DATE '2025-03-01')) t(a, b, d)")).startswith(error)


@pytest.mark.parametrize(
    "expression",
    [
        "true IN (VALUES 1)", "(VALUES true) = ANY (VALUES 1)", "1 < (VALUES true)", "1 BETWEEN (VALUES true) AND 2",
        "(VALUES 1) AND true", "NOT (VALUES 1)", "coalesce((VALUES true), 1)", "ARRAY[(VALUES true), 1]",
        "DATE '2020-01-01' = (VALUES '2020-01-01')", "(VALUES 'a') = (VALUES 1)",
        "CASE WHEN true THEN (VALUES true) ELSE 1 END",
    ],
)  # fmt: skip
def test_values_have_types(athena: Athena, expression: str) -> None:
    assert athena.fails(f"SELECT {expression}").startswith("TYPE_MISMATCH")


@pytest.mark.parametrize("expression", ["'a' || (VALUES 1)", "(VALUES 1) || (VALUES 2)", "concat('a', (VALUES 1))"])
def test_values_are_no_texts(athena: Athena, expression: str) -> None:
    assert athena.fails(f"SELECT {expression}").startswith("FUNCTION_NOT_FOUND")
