"""The SQL dialect: each documented answer, or a clear refusal."""

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.function_cases import AGGREGATES, CASES
from tests.local_aws.function_cases import QUERIES as ANSWERS
from tests.local_aws.harness import Athena, local_aws

EXPRESSIONS = [(expression, answer) for cases in CASES.values() for expression, answer in cases.items()]


@pytest.mark.parametrize(("expression", "answer"), EXPRESSIONS, ids=[expression for expression, _ in EXPRESSIONS])
def test_expression(athena: Athena, expression: str, answer: str | None) -> None:
    if answer is not None and answer.startswith("!"):
        assert athena.fails(f"SELECT {expression}").startswith(answer[1:])
    else:
        assert athena.run(f"SELECT {expression}").rows == [[answer]]


@pytest.mark.parametrize(("expression", "answer"), AGGREGATES.items())
def test_aggregate(athena: Athena, expression: str, answer: str | None) -> None:
    values = "(VALUES ('a', 1), ('a', 2), ('b', 3), (NULL, NULL)) AS t(k, v)"
    assert athena.run(f"SELECT {expression} FROM {values}").rows == [[answer]]


def refusal(athena: Athena, sql: str) -> str:
    """Why a statement is refused when it is submitted, or fails."""
    try:
        return athena.fails(sql)
    except ClientError as error:
        return str(error.response["Error"]["Message"])


@pytest.mark.parametrize(("sql", "answer"), ANSWERS.items(), ids=list(ANSWERS))
def test_statement(athena: Athena, sql: str, answer: str) -> None:
    if answer.startswith("!"):
        assert answer[1:] in refusal(athena, sql)
    else:
        rows = athena.run(sql).rows
        assert "; ".join("|".join("NULL" if v is None else v for v in row) for row in rows) == answer


QUERIES: dict[str, list[list[str | None]]] = {
    "SELECT k, sum(v) OVER (PARTITION BY k ORDER BY v) FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) AS t(k, v) ORDER BY 1, 2": [  # noqa: E501
        ["a", "1"], ["a", "3"], ["b", "3"]],
    "SELECT v, lag(v) OVER (ORDER BY v), row_number() OVER (ORDER BY v DESC) FROM (VALUES 1, 2) AS t(v) ORDER BY 1": [
        ["1", None, "2"], ["2", "1", "1"]],
    "SELECT v FROM (VALUES 2, NULL, 1) AS t(v) ORDER BY v": [["1"], ["2"], [None]],
    "SELECT v FROM (VALUES 2, NULL, 1) AS t(v) ORDER BY v DESC": [["2"], ["1"], [None]],
    "SELECT a.x, b.x FROM (VALUES 1, 2) AS a(x) FULL OUTER JOIN (VALUES 2, 3) AS b(x) ON a.x = b.x ORDER BY 1, 2": [
        ["1", None], ["2", "2"], [None, "3"]],
    "SELECT x, o FROM (VALUES 1) AS t(y) CROSS JOIN UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS u(x, o) ORDER BY 2": [
        ["a", "1"], ["b", "2"]],
    "SELECT k, v FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS u(k, v) ORDER BY 1": [["a", "1"], ["b", "2"]],
    "SELECT a, b FROM UNNEST(ARRAY[1, 2], ARRAY['x']) AS u(a, b) ORDER BY 1": [["1", "x"], ["2", None]],
    "SELECT r.n, r.s FROM UNNEST(ARRAY[CAST(ROW(1, 'x') AS ROW(n bigint, s varchar))]) AS u(r)": [["1", "x"]],
    "WITH a(n) AS (SELECT 1 UNION ALL SELECT 2) SELECT sum(n) FROM a WHERE EXISTS (SELECT 1 FROM a AS b WHERE b.n = 2)": [["3"]],  # noqa: E501
    "SELECT count(*) FROM (SELECT 1 INTERSECT SELECT 1)": [["1"]],
    "SELECT k, count(*) FROM (VALUES 'a', 'b', 'a') AS t(k) GROUP BY ROLLUP (k) ORDER BY 2, 1": [["b", "1"], ["a", "2"], [None, "3"]],  # noqa: E501
    "SELECT r.a.b FROM (SELECT CAST(ROW(ROW(5)) AS ROW(a ROW(b bigint))) AS r)": [["5"]],
}  # fmt: skip


@pytest.mark.parametrize("sql", QUERIES, ids=list(QUERIES))
def test_query(athena: Athena, sql: str) -> None:
    assert athena.run(sql).rows == QUERIES[sql]


def test_names_and_types_of_the_result(athena: Athena) -> None:
    answer = athena.run("SELECT 1 AS Foo, 'x', CAST(1 AS decimal(12,3)) AS d, now() AS t, ARRAY[1] AS a, 1e0 AS f")
    information = athena.client.get_query_results(QueryExecutionId=answer.execution["QueryExecutionId"])
    columns = information["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Name"] for column in columns] == ["Foo", "_col1", "d", "t", "a", "f"]
    assert answer.types == ["integer", "varchar", "decimal", "timestamp with time zone", "array", "double"]
    assert (columns[2]["Precision"], columns[2]["Scale"]) == (12, 3)


def test_the_compatibility_table_is_fresh() -> None:
    checked = local_aws("--check", module="tests.local_aws.compatibility")
    assert checked.returncode == 0, checked.stderr
