# ruff: noqa: E501 - one statement, one line
"""What values of several types become together, and how maps print.

https://trino.io/docs/current/functions/decimal.html, https://docs.aws.amazon.com/athena/latest/ug/creating-maps.html
"""

import pytest

from tests.local_aws.harness import Athena

# Rows as text: columns by |, rows by "; ".
CASES = {
    # a double or a real outranks a decimal
    "SELECT x / 2 FROM (VALUES 1e0, 2.5) t(x)": "0.5; 1.25",
    "SELECT sum(x), avg(x) FROM (VALUES 1e0, 2.5) t(x)": "3.5|1.75",
    "SELECT CAST(x AS varchar) FROM (VALUES 1e0, 1e7, 123456789.125, 1e-5, 0.1e0, nan()) t(x)": "1.0E0; 1.0E7; 1.23456789125E8; 1.0E-5; 1.0E-1; NaN",
    "SELECT CAST(x AS integer) FROM (VALUES 2.5, 1e7) t(x)": "3; 10000000",
    "SELECT round(x, 1), floor(x) FROM (VALUES 1e0, 2.75) t(x)": "1.0|1.0; 2.8|2.0",
    "SELECT x / 0, x % 0 FROM (VALUES 2.5, 1e0) t(x)": "Infinity|NaN; Infinity|NaN",
    "SELECT avg(x) FROM (SELECT 490.1e0 x UNION ALL SELECT 0.0)": "245.05",
    "SELECT x / 2 FROM (SELECT 1.5 x INTERSECT SELECT 1.5e0)": "0.75",
    "SELECT x / 2, CAST(x AS varchar) FROM (VALUES 1.5) a(x) JOIN (VALUES 1.5e0) b(x) USING (x)": "0.75|1.5E0",
    "SELECT typeof(x) FROM (VALUES 1e0, 2.5) t(x)": "double; double",
    "SELECT typeof(x) FROM (VALUES 2.5, REAL '0.1') t(x)": "real; real",
    # decimals of other sizes, and integers among them
    "SELECT x / 3 FROM (VALUES 1.55, 10.1) t(x)": "0.52; 3.37",
    "SELECT x / 3 FROM (VALUES 10.1, 1.55) t(x)": "3.37; 0.52",
    "SELECT avg(x) FROM (VALUES 1.55, 10.1) t(x)": "5.83",
    "SELECT k, avg(p) FROM (VALUES ('a', 1.5), ('a', 2.25), ('b', 10)) t(k, p) GROUP BY k ORDER BY k": "a|1.88; b|10.00",
    "WITH w(k, wt) AS (VALUES ('a', 0.5), ('b', 0.25), ('c', 1)) SELECT sum(wt), avg(wt), max(wt) / 3 FROM w": "1.75|0.58|0.33",
    "SELECT p / 3 FROM (VALUES 0.125, 19.99) t(p)": "0.042; 6.663",
    "SELECT typeof(x) FROM (VALUES 1, 2.5) t(x)": "decimal(11,1); decimal(11,1)",
    "SELECT typeof(x) FROM (VALUES NULL, 1.55, 10.1) t(x)": "decimal(4,2); decimal(4,2); decimal(4,2)",
    "SELECT x / 2 FROM (VALUES 700) a(x) LEFT JOIN (VALUES 7.0) b(x) USING (x)": "350.0",
    "SELECT x / 3 FROM (VALUES 1.55) a(x) FULL JOIN (VALUES 10.1) b(x) USING (x) ORDER BY 1": "0.52; 3.37",
    # inside arrays and maps
    "SELECT x[1] / 2 FROM (SELECT ARRAY[1] x UNION ALL SELECT ARRAY[2.5]) ORDER BY 1": "0.5; 1.3",
    "SELECT x[1] / 3 FROM (SELECT ARRAY[1.55] x UNION ALL SELECT ARRAY[10.1]) ORDER BY 1": "0.52; 3.37",
    "SELECT m['a'] / 3 FROM (VALUES MAP(ARRAY['a'], ARRAY[1.55]), MAP(ARRAY['a'], ARRAY[10.1])) t(m)": "0.52; 3.37",
    # products have the digits of both factors
    "SELECT DECIMAL '9999999999999999.99' * 100": "999999999999999999.00",
    "SELECT a * b FROM (VALUES (DECIMAL '99999999.99', DECIMAL '99999999.99')) t(a, b)": "9999999998000000.0001",
    "SELECT CAST(1234567.123456 AS decimal(18, 6)) * CAST(1000.123456 AS decimal(18, 6))": "1234719538.174793383936",
    # a division of divisions
    "SELECT x / 3.0 / 3 / 3 FROM (VALUES 500) t(x)": "18.5",
    "SELECT x / 2.0 / 2 / 2 / 2 / 2 / 2 / 2 / 2 / 2 / 2 FROM (VALUES 102400) t(x)": "100.0",
    "SELECT CASE WHEN a / 2 > 1 THEN a / 3 ELSE a / 4 END / 2, (a / 2) / (a / 3) FROM (VALUES 12.50, 3.20) t(a)": "2.09|1.50; 0.54|1.50",
    # a map prints in the order of a HashMap of Java
    "SELECT MAP(ARRAY['first', 'last', 'age'], ARRAY['Bob', 'Smith', '35'])": "{last=Smith, first=Bob, age=35}",
    "SELECT MAP(ARRAY[10, 9], ARRAY['b', 'a']), ARRAY[MAP(ARRAY['k', 'j'], ARRAY[1, 2])]": "{9=a, 10=b}|[{j=2, k=1}]",
    "SELECT map_keys(MAP(ARRAY['k', 'j'], ARRAY[1, 2])), CAST(ROW(1, 2) AS row(k integer, j integer))": "[k, j]|{k=1, j=2}",
    "SELECT MAP(ARRAY[17, 33, 1], ARRAY[1, 2, 3]), MAP(ARRAY[true, false], ARRAY[1, 2])": "{17=1, 33=2, 1=3}|{false=2, true=1}",
}


@pytest.mark.parametrize("sql", CASES)
def test_statement(athena: Athena, sql: str) -> None:
    shown = "; ".join("|".join("NULL" if cell is None else cell for cell in row) for row in athena.run(sql).rows)
    assert shown == CASES[sql]


def test_the_type_of_a_product_is_told(athena: Athena) -> None:
    answer = athena.run("SELECT CAST(1 AS decimal(10, 2)) * 3, length('a') * 0.1")
    pages = athena.client.get_query_results(QueryExecutionId=answer.execution["QueryExecutionId"])
    columns = pages["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(each["Precision"], each["Scale"]) for each in columns] == [(20, 2), (20, 1)]


def test_bytes_inside_others_are_not_guessed(athena: Athena) -> None:
    assert athena.run("SELECT X'0102'").rows == [["01 02"]]
    assert athena.fails("SELECT ARRAY[X'0102']").startswith(
        "NOT_SUPPORTED: the local Athena does not translate varbinary"
    )
