"""What a query reads through the subqueries, WITH queries and views around a table: its answer, and the bytes."""

import io
import json
from itertools import combinations

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.local_aws.harness import Answer, Athena

Sizes = dict[str, int]


@pytest.fixture(scope="module")
def logs(athena: Athena) -> Sizes:
    """`logs`, one row a partition: a = 1, 2, 3 where p is its text and q ten times it, and a = 4 where p is NULL (`-`).

    No two sets of the partitions have the same number of bytes.
    """
    athena.run(
        "CREATE EXTERNAL TABLE logs (a int) PARTITIONED BY (p string, q int) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{athena.bucket}/logs/'"
    )
    sizes = {}
    for number, p in enumerate("123-", 1):
        body = json.dumps({"a": number, "not a column": "x" * 100 * 2**number}).encode()
        folder = f"logs/p={'__HIVE_DEFAULT_PARTITION__' if p == '-' else p}/q={number}0"
        athena.s3.put_object(Bucket=athena.bucket, Key=f"{folder}/x.json", Body=body)
        sizes[p] = len(body)
    athena.run("MSCK REPAIR TABLE logs")
    athena.run("CREATE VIEW days AS SELECT p AS day, a AS number FROM logs")
    athena.run("CREATE VIEW numbers_of_days AS SELECT number + 0 AS n, day AS d FROM days WHERE number > 0")
    athena.run("CREATE VIEW newest AS SELECT a, p FROM logs ORDER BY a DESC LIMIT 2")
    return sizes


def partitions(sizes: Sizes, scanned: int, times: int = 2) -> str:
    """Those whose bytes were read; `times` is how often the query names the table at most."""
    names = sorted(sizes) * times
    sets = (each for length in range(len(names) + 1) for each in combinations(names, length))
    return next(
        ("".join(sorted(each)) for each in sets if sum(map(sizes.__getitem__, each)) == scanned), f"{scanned} bytes"
    )


def shown(answer: Answer) -> str:
    return " ".join(",".join("NULL" if cell is None else cell for cell in row) for row in answer.rows)


SOME = [
    ("SELECT a FROM (SELECT * FROM logs) WHERE p = '2'", "2", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE p IS NULL", "4", "-"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE p = '2' AND a > 2", "", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE q BETWEEN 10 AND 20 AND NOT (p = '2') ORDER BY a", "1", "1"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE concat(p, 'x') = '2x'", "2", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE p LIKE '_' AND q > -1 AND q < 20", "1", "1"),
    ("WITH x AS (SELECT * FROM logs) SELECT a FROM x WHERE p IN ('1', '3') ORDER BY a", "1 3", "13"),
    ("WITH x AS (SELECT a, p AS day FROM logs) SELECT a FROM x WHERE day = '2'", "2", "2"),
    ("WITH x (q, d) AS (SELECT a, p FROM logs) SELECT q FROM x WHERE d = '2'", "2", "2"),
    ("WITH x AS (SELECT p AS q, q AS p, a FROM logs) SELECT a FROM x WHERE q = '2' AND p < 100", "2", "2"),
    ("SELECT v FROM (SELECT a, p FROM logs) AS y(v, d) WHERE d = '2'", "2", "2"),
    ("SELECT v FROM (SELECT a, p FROM logs UNION ALL SELECT 7, '7') AS y(v, d) WHERE d = '2'", "2", "2"),
    ("WITH x AS (SELECT * FROM logs), y AS (SELECT a, p AS d FROM (SELECT * FROM x WHERE q > 10)) "
     "SELECT a FROM y WHERE d < '3'", "2", "2"),
    ("WITH x AS (SELECT * FROM logs), y AS (SELECT * FROM x WHERE p = '2') "
     "SELECT l.a FROM y AS l JOIN y AS r ON l.a = r.a", "2", "2"),
    ("WITH x AS ((SELECT * FROM logs)) SELECT a FROM x WHERE p = '2'", "2", "2"),
    ("SELECT number FROM days WHERE day = '2'", "2", "2"),
    ("SELECT n FROM numbers_of_days WHERE d = '2'", "2", "2"),
    ("SELECT a.n FROM numbers_of_days AS a JOIN numbers_of_days AS b ON a.n + 1 = b.n WHERE a.d = '2' AND b.d = '3'",
     "2", "23"),
    ("SELECT a, d FROM (SELECT a, p AS d FROM logs UNION ALL SELECT a + 10, p FROM logs) WHERE d = '2' ORDER BY a",
     "2,2 12,2", "22"),
    ("SELECT a, d FROM (SELECT a, p AS d FROM logs UNION SELECT q, p FROM logs WHERE q > 20) WHERE d = '3' ORDER BY a",
     "3,3 30,3", "33"),
    ("SELECT d FROM (SELECT p AS d FROM logs INTERSECT SELECT p FROM logs WHERE q > 10) WHERE d < '3'", "2", "122"),
    ("SELECT d FROM (SELECT p AS d FROM logs EXCEPT SELECT p FROM logs WHERE q > 10) WHERE d < '3'", "1", "122"),
    ("SELECT d FROM (SELECT p AS d FROM logs UNION ALL (SELECT p FROM logs ORDER BY p LIMIT 1)) "
     "WHERE d = '2'", "2", "-1232"),
    ("SELECT p FROM (SELECT DISTINCT p, q FROM logs) WHERE p = '2'", "2", "2"),
    ("SELECT p, n FROM (SELECT p, count(*) AS n FROM logs GROUP BY p) WHERE p = '2'", "2,1", "2"),
    ("SELECT d, n FROM (SELECT p AS d, q, sum(a) AS n FROM logs GROUP BY 1, 2 HAVING sum(a) > 0) WHERE d = '2'",
     "2,2", "2"),
    ("SELECT p, n FROM (SELECT p, row_number() OVER (PARTITION BY q, p ORDER BY a) AS n FROM logs) WHERE p = '2'",
     "2,1", "2"),
    ("SELECT p FROM (SELECT p, (SELECT max(n) FROM (SELECT row_number() OVER () AS n FROM (VALUES 1) AS v(i))) AS m "
     "FROM logs) WHERE p = '2'", "2", "2"),
    ("SELECT a FROM (SELECT * FROM logs ORDER BY a) WHERE p = '2'", "2", "2"),
    ("SELECT x.a FROM (SELECT * FROM logs) AS x JOIN (VALUES 2, 3) AS v(i) ON x.a = v.i AND x.p = '2'", "2", "2"),
    ("SELECT logs.a FROM logs JOIN (VALUES 2, 3) AS v(i) ON logs.a = v.i AND logs.p = '2'", "2", "2"),
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON x.a = y.a AND x.p = '2' AND y.p < '3'", "2", "122"),
    ("SELECT x.a, i FROM (SELECT * FROM logs) AS x LEFT JOIN (VALUES 3) AS v(i) ON x.a = v.i WHERE x.p = '2'",
     "2,NULL", "2"),
    ("SELECT i, x.a FROM (VALUES 2, 3) AS v(i) LEFT JOIN (SELECT * FROM logs) AS x ON x.a = v.i AND x.p = '2' "
     "ORDER BY i", "2,2 3,NULL", "2"),
    ("SELECT i, x.a FROM (SELECT * FROM logs) AS x RIGHT JOIN (VALUES 2, 3) AS v(i) ON x.a = v.i AND x.p = '2' "
     "ORDER BY i", "2,2 3,NULL", "2"),
    ("SELECT x.a FROM (VALUES 9) AS v(i) RIGHT JOIN (SELECT * FROM logs) AS x ON x.a = v.i WHERE x.p = '2'", "2", "2"),
    ("SELECT x.a, u FROM (SELECT a, p, ARRAY[a, 7] AS l FROM logs) AS x CROSS JOIN UNNEST(l) AS t(u) WHERE p = '2' "
     "ORDER BY u", "2,2 2,7", "2"),
    ("SELECT d FROM (SELECT x.p AS d FROM logs AS x LEFT JOIN (VALUES 2) AS v(i) ON x.a = i, (VALUES 1) AS w(j)) "
     "WHERE d = '2'", "2", "2"),
    ("SELECT a FROM (logs CROSS JOIN (VALUES 1) AS v(i)) WHERE p = '2'", "2", "2"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) WHERE EXISTS (SELECT 1 FROM (SELECT * FROM logs) AS x "
     "WHERE x.a = i AND x.p = '2')", "2", "2"),
    ("SELECT (SELECT max(a) FROM (SELECT * FROM logs) WHERE p = '2')", "2", "2"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) WHERE i IN (SELECT number FROM days WHERE day = '2')", "2", "2"),
    # What is known of a column holds for those that it must be equal to.
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON x.p = y.p WHERE x.p = '2'", "2", "22"),
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON y.p = x.p WHERE y.p IN ('1', '3') ORDER BY 1", "1 3", "1133"),
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON x.p = y.p AND x.p LIKE '2'", "2", "22"),
    ("SELECT x.a FROM logs AS x, logs AS y WHERE x.q = y.q AND y.q > 10 AND y.q < 30", "2", "22"),
    ("SELECT x.a FROM (SELECT * FROM logs) AS x JOIN days AS y ON x.p = y.day WHERE y.day = '2'", "2", "22"),
    ("SELECT x.a FROM logs AS x JOIN (VALUES '1', '2') AS v(s) ON x.p = v.s JOIN logs AS y ON v.s = y.p "
     "WHERE x.p = '2'", "2", "22"),
    ("SELECT x.a FROM logs AS x JOIN (VALUES BIGINT '20') AS v(i) ON x.q = v.i WHERE v.i = 20", "2", "2"),
    ("SELECT x.a, y.a FROM logs AS x LEFT JOIN logs AS y ON x.p = y.p AND x.p = '2' ORDER BY 1",
     "1,NULL 2,2 3,NULL 4,NULL", "-1232"),
    ("SELECT x.a, y.a FROM logs AS x RIGHT JOIN logs AS y ON x.p = y.p AND y.p = '2' ORDER BY 2",
     "NULL,1 2,2 NULL,3 NULL,4", "-1232"),
    ("SELECT x.a FROM logs AS x WHERE x.p = '2' AND EXISTS (SELECT 1 FROM logs AS y WHERE y.p = x.p AND x.p < '3')",
     "2", "122"),
]  # fmt: skip

ALL = [
    ("WITH x AS (SELECT a, p FROM logs) SELECT v FROM x AS z(v, w) WHERE w = '2'", "2"),
    ("SELECT a FROM (SELECT * FROM logs ORDER BY a LIMIT 2) WHERE p = '2'", "2"),
    ("SELECT a FROM (SELECT * FROM logs ORDER BY a LIMIT 1) WHERE p = '2'", ""),
    ("SELECT a FROM (SELECT * FROM logs ORDER BY a OFFSET 2) WHERE p = '2'", ""),
    ("SELECT a FROM (SELECT * FROM logs ORDER BY a FETCH FIRST 1 ROW ONLY) WHERE p = '2'", ""),
    ("WITH x AS ((SELECT * FROM logs ORDER BY a) LIMIT 1) SELECT a FROM x WHERE p = '2'", ""),
    ("SELECT a FROM ((SELECT * FROM logs ORDER BY a) LIMIT 1) AS x WHERE p = '2'", ""),
    ("SELECT a FROM newest WHERE p = '2'", ""),
    ("SELECT a FROM (SELECT a, p FROM logs UNION ALL SELECT 0, '0' ORDER BY a LIMIT 1) WHERE p = '2'", ""),
    ("SELECT p, n FROM (SELECT p, row_number() OVER (ORDER BY a) AS n FROM logs) WHERE p = '2'", "2,2"),
    ("SELECT p, n FROM (SELECT p, rank() OVER (PARTITION BY p) AS r, count(*) OVER () AS n FROM logs) WHERE p = '2'",
     "2,4"),
    ("SELECT p FROM (SELECT p FROM logs ORDER BY row_number() OVER (ORDER BY a)) WHERE p = '2'", "2"),
    ("SELECT p FROM (SELECT max(p) AS p FROM logs) WHERE p = '2'", ""),
    ("SELECT p FROM (SELECT max(p) AS p FROM logs GROUP BY a > 1) WHERE p = '1'", "1"),
    ("SELECT p, n FROM (SELECT p, count(*) AS n FROM logs GROUP BY ROLLUP (p)) WHERE p IS NULL ORDER BY n",
     "NULL,1 NULL,4"),
    ("SELECT p, n FROM (SELECT p, count(*) AS n FROM logs GROUP BY GROUPING SETS ((p), ())) WHERE p IS NULL "
     "ORDER BY n", "NULL,1 NULL,4"),
    ("SELECT p FROM (SELECT coalesce(p, '2') AS p FROM logs) WHERE p = '2'", "2 2"),
    ("SELECT a FROM (SELECT a, CAST(a AS varchar) AS p FROM logs) WHERE p = '2'", "2"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) LEFT JOIN (SELECT * FROM logs) AS x ON x.a = i WHERE x.p IS NULL", "9"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) LEFT JOIN (SELECT * FROM logs) AS x ON x.a = i "
     "WHERE coalesce(x.p, '7') = '7'", "9"),
    ("SELECT i FROM (SELECT * FROM logs) AS x RIGHT JOIN (VALUES 2, 9) AS v(i) ON x.a = i WHERE x.p IS NULL", "9"),
    ("SELECT i FROM (SELECT * FROM logs) AS x FULL JOIN (VALUES 2, 9) AS v(i) ON x.a = i "
     "WHERE x.p IS NULL ORDER BY i", "9 NULL"),
    ("SELECT a, i FROM (SELECT * FROM logs) AS x LEFT JOIN (VALUES 2) AS v(i) ON x.p = '9' ORDER BY a",
     "1,NULL 2,NULL 3,NULL 4,NULL"),
    ("SELECT d FROM (SELECT x.p AS d FROM (VALUES 2, 9) AS v(i) LEFT JOIN logs AS x ON x.a = i) WHERE d IS NULL",
     "NULL"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) LEFT JOIN (logs AS x CROSS JOIN (VALUES 1) AS w(j)) ON x.a = i "
     "WHERE x.p IS NULL", "9"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) LEFT JOIN ((VALUES 1) AS w(j) CROSS JOIN logs AS x) ON x.a = i "
     "WHERE x.p IS NULL", "9"),
    ("SELECT i FROM ((VALUES 2, 9) AS v(i) LEFT JOIN logs AS x ON x.a = i) WHERE x.p IS NULL", "9"),
    ("SELECT a.p FROM (logs AS a CROSS JOIN (VALUES 1) AS v(i)) AS x JOIN logs AS a ON a.a = x.a WHERE a.p = '1'", "1"),
    ("WITH x AS (SELECT * FROM logs) SELECT l.a, r.a FROM x AS l CROSS JOIN x AS r WHERE l.p = '1' AND r.p = '2'",
     "1,2"),
    ("WITH x AS (SELECT * FROM logs) SELECT a FROM x WHERE p = '1' AND a < (SELECT max(a) FROM x)", "1"),
    ("WITH RECURSIVE x (n, d) AS (SELECT a, q FROM logs UNION ALL SELECT n + 1, 70 FROM x WHERE n < 2 AND d = 10) "
     "SELECT n FROM x WHERE d = 70", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE p = '1' OR a = 2 ORDER BY a", "1 2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE 1 / q >= 0 AND 100 / q = 5", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE CAST(p AS integer) = 2", "2"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE q < rand() * 0 + 15", "1"),
    ("SELECT a FROM logs WHERE q < rand() * 0 + 15", "1"),
    ("SELECT a FROM (SELECT * FROM logs) WHERE p = (SELECT '2')", "2"),
    ("SELECT a FROM (SELECT * FROM logs) AS x WHERE EXISTS (SELECT 1 FROM (VALUES 2) AS v(i) WHERE x.p = '2')", "2"),
    ("SELECT x.a, y.a FROM logs AS x LEFT JOIN logs AS y ON x.p = y.p WHERE y.p IS NULL", "4,NULL"),
    ("SELECT x.a, y.a FROM logs AS x FULL JOIN logs AS y ON x.p = y.p AND x.p = '2' ORDER BY 1, 2",
     "1,NULL 2,2 3,NULL 4,NULL NULL,1 NULL,3 NULL,4"),
    ("SELECT x.a, i FROM logs AS x LEFT JOIN (VALUES 2) AS v(i) ON x.a = v.i AND x.q = v.i WHERE x.a > 2 OR i = 20 "
     "ORDER BY 1", "3,NULL 4,NULL"),
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON x.p = y.p OR x.a = 4 WHERE y.p = '2' ORDER BY 1", "2 4"),
    ("SELECT x.a FROM logs AS x JOIN logs AS y ON x.a = y.a AND x.p <> y.p WHERE y.p = '2'", ""),
    ("SELECT x.a, z.a FROM (VALUES '2') AS v(s) JOIN (VALUES '2') AS w(s) ON v.s = w.s AND w.s = '2' "
     "RIGHT JOIN logs AS x ON x.p = w.s LEFT JOIN logs AS z ON z.p = x.p ORDER BY 1", "1,1 2,2 3,3 4,NULL"),
    ("SELECT x.a FROM (VALUES '9') AS v(s) LEFT JOIN (VALUES '2') AS w(s) ON v.s = w.s AND w.s = '2' "
     "JOIN logs AS x ON coalesce(w.s, x.p) = x.p ORDER BY 1", "1 2 3"),
    ("SELECT x.a, w.s FROM (VALUES '1') AS v(s) JOIN (VALUES '1') AS w(s) ON v.s = w.s AND w.s = '1' "
     "FULL JOIN (VALUES '2') AS u(s) ON u.s = w.s JOIN logs AS x ON x.p = coalesce(w.s, u.s) ORDER BY 1", "1,1 2,NULL"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows", "read"), SOME)
def test_partitions_are_left_out_through(athena: Athena, logs: Sizes, sql: str, rows: str, read: str) -> None:
    answer = athena.run(sql)
    assert (shown(answer), partitions(logs, answer.scanned)) == (rows, "".join(sorted(read)))


@pytest.mark.parametrize(("sql", "rows"), ALL)
def test_partitions_are_all_read_through(athena: Athena, logs: Sizes, sql: str, rows: str) -> None:
    answer = athena.run(sql)
    assert shown(answer) == rows
    assert answer.scanned >= sum(logs.values())


def test_a_partition_value_given_outside_a_view(athena: Athena) -> None:
    athena.s3.put_object(Bucket=athena.bucket, Key="injected/who=me/x.json", Body=b'{"a": 1}')
    athena.run(
        "CREATE EXTERNAL TABLE injected (a int) PARTITIONED BY (who string) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{athena.bucket}/injected/' "
        "TBLPROPERTIES ('projection.enabled' = 'true', 'projection.who.type' = 'injected')"
    )
    athena.run("CREATE VIEW by_person AS SELECT a, who AS person FROM injected")
    assert shown(athena.run("SELECT a, person FROM by_person WHERE person = 'me'")) == "1,me"
    assert athena.fails("SELECT a, person FROM by_person").startswith("CONSTRAINT_VIOLATION")


@pytest.fixture(scope="module")
def wide(athena: Athena) -> Sizes:
    """`wide`, three rows of Parquet in two partitions: the bytes of a column's chunks in p = 1 (`a`) and 2 (`2a`)."""
    kind = pa.struct([("x", pa.int32()), ("y", pa.string())])
    sizes: Sizes = {}
    for p, numbers in {"1": [1, 2], "2": [3]}.items():
        columns = {
            "a": pa.array(numbers, pa.int64()),
            "b": pa.array([f"text {number}" for number in numbers]),
            "c": pa.array([number / 2 for number in numbers], pa.float64()),
            "l": pa.array([[number, 7] for number in numbers], pa.list_(pa.int64())),
            "s": pa.array([{"x": number, "y": "y" * 50 * number} for number in numbers], kind),
        }
        file = io.BytesIO()
        pyarrow.parquet.write_table(pa.table(columns), file)
        athena.s3.put_object(Bucket=athena.bucket, Key=f"wide/p={p}/x.parquet", Body=file.getvalue())
        group = pyarrow.parquet.ParquetFile(file).metadata.row_group(0)
        for chunk in map(group.column, range(group.num_columns)):
            name = f"{p if p == '2' else ''}{chunk.path_in_schema.partition('.')[0]}"
            sizes[name] = sizes.get(name, 0) + chunk.total_compressed_size
    athena.run(
        "CREATE EXTERNAL TABLE wide (a bigint, b string, c double, l array<bigint>, s struct<x:int,y:string>) "
        f"PARTITIONED BY (p string) STORED AS PARQUET LOCATION 's3://{athena.bucket}/wide/'"
    )
    athena.run("MSCK REPAIR TABLE wide")
    athena.run("CREATE VIEW everything AS SELECT * FROM wide")
    athena.run("CREATE VIEW renamed AS SELECT c AS half, a AS number, s, p AS part FROM everything")
    return sizes


COLUMNS = [
    ("WITH x AS (SELECT * FROM wide WHERE p = '1') SELECT sum(a) FROM x", "3", "a", ""),
    ("SELECT sum(a) FROM (SELECT * FROM wide) WHERE p = '1'", "3", "a", ""),
    ("SELECT count(*) FROM (SELECT * FROM wide)", "3", "", ""),
    ("SELECT count(*) FROM everything", "3", "", ""),
    ("SELECT p FROM everything WHERE p = '2'", "2", "", ""),
    ("SELECT number FROM renamed WHERE part = '2'", "3", "", "a"),
    ("SELECT max(number) FROM renamed WHERE half > 0.5", "3", "ac", "ac"),
    ("SELECT s.x FROM renamed WHERE part = '2'", "3", "", "s"),
    ("SELECT x.a FROM (SELECT a, s FROM wide) AS x WHERE x.s.x = 2", "2", "as", "as"),
    ("SELECT n FROM (SELECT a AS n, b FROM wide ORDER BY c DESC LIMIT 1)", "3", "ac", "ac"),
    ("SELECT count(*) FROM (SELECT a, b FROM wide ORDER BY b LIMIT 2)", "2", "b", "b"),
    ("SELECT n FROM (SELECT a AS n, b AS o FROM wide) ORDER BY o DESC", "3 2 1", "ab", "ab"),
    ("SELECT count(*) FROM (SELECT c, sum(a) AS n FROM wide GROUP BY c)", "3", "c", "c"),
    ("SELECT count(*) FROM (SELECT b, sum(a) AS n FROM wide GROUP BY 1 HAVING max(c) > 0.5)", "2", "bc", "bc"),
    ("SELECT one FROM (SELECT 1 AS one, sum(a) AS n FROM wide)", "1", "", ""),
    ("SELECT n FROM (SELECT lower(b) AS t, a AS n, count(c) OVER () AS o FROM wide) "
     "WHERE length(t) > 0 ORDER BY 1", "1 2 3", "ab", "ab"),
    ("SELECT one FROM (SELECT 1 AS one, concat(b, 'x') AS n FROM wide GROUP BY concat(b, 'x'), 1)", "1 1 1", "b", "b"),
    ("SELECT count(*) FROM (SELECT DISTINCT a, b FROM wide)", "3", "ab", "ab"),
    ("SELECT m FROM (SELECT max(a) OVER (PARTITION BY b ORDER BY c) AS m, s FROM wide) ORDER BY m", "1 2 3", "abc",
     "abc"),
    ("SELECT p FROM (SELECT p, row_number() OVER (ORDER BY c) AS m FROM wide) WHERE m = 3", "2", "c", "c"),
    ("SELECT x.a FROM (SELECT * FROM wide) AS x JOIN (VALUES DOUBLE '1.5') AS v(c) ON x.c = v.c", "3", "ac", "ac"),
    ("SELECT x.a FROM (SELECT * FROM wide) AS x JOIN (VALUES DOUBLE '1.5') AS v(c) USING (c)", "3", "ac", "ac"),
    ("SELECT v.i FROM (VALUES 2) AS v(i) LEFT JOIN (SELECT * FROM wide) AS x ON x.a = v.i", "2", "a", "a"),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) WHERE EXISTS (SELECT * FROM (SELECT * FROM wide) AS x WHERE x.a = i)", "2",
     "a", "a"),
    ("SELECT 1 WHERE EXISTS (SELECT * FROM wide)", "1", "", ""),
    ("SELECT i FROM (VALUES 2, 9) AS v(i) WHERE i IN (SELECT a FROM (SELECT * FROM wide) WHERE b < 'z')", "2", "ab",
     "ab"),
    ("SELECT (SELECT max(c) FROM (SELECT * FROM wide) AS y WHERE y.a = x.a) FROM (SELECT * FROM wide) AS x "
     "WHERE x.p = '2'", "1.5", "ac", "aac"),
    ("SELECT sum(n) FROM (SELECT a AS n, b FROM wide UNION ALL SELECT 5, b FROM wide)", "21", "a", "a"),
    ("SELECT sum(n) FROM (SELECT a AS n, b FROM wide UNION SELECT 5, 'x')", "11", "ab", "ab"),
    ("SELECT sum(n) FROM (SELECT a AS n, b FROM wide INTERSECT SELECT 2, 'text 2')", "2", "ab", "ab"),
    ("SELECT sum(n) FROM (SELECT a AS n, b FROM wide EXCEPT SELECT 2, 'text 2')", "4", "ab", "ab"),
    ("SELECT u FROM (SELECT * FROM wide) AS x CROSS JOIN UNNEST(x.l) AS t(u) WHERE u < 7 ORDER BY u", "1 2 3", "l",
     "l"),
    ("SELECT sum(z) FROM (SELECT b, reduce(l, a, (t, e) -> t + e, t -> t) AS z FROM wide)", "33", "al", "al"),
    ("WITH x AS (SELECT * FROM wide) SELECT l.a FROM x AS l JOIN x AS r ON l.c = r.a", "2", "ac", "ac"),
    ("WITH x AS (SELECT * FROM wide), y AS (SELECT a AS n, b FROM x) SELECT max(n) FROM y", "3", "a", "a"),
    ("WITH x AS (SELECT * FROM wide), y AS (SELECT b FROM x) SELECT max(a) FROM x", "3", "a", "a"),
    ("WITH x (n, o) AS (SELECT a, b FROM wide) SELECT max(z.v) FROM x AS z(v, w)", "3", "ab", "ab"),
    ("WITH RECURSIVE x (n, o) AS (SELECT a, b FROM wide WHERE c = 1 UNION ALL SELECT n + 1, o FROM x WHERE n < 4) "
     "SELECT n FROM x ORDER BY n", "2 3 4", "abc", "abc"),
    ("SELECT sum(a) FROM (SELECT * FROM wide WHERE length(b) > 0) WHERE c < 1.25", "3", "abc", "abc"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows", "first", "second"), COLUMNS)
def test_columns_are_read_through(athena: Athena, wide: Sizes, sql: str, rows: str, first: str, second: str) -> None:
    """The columns whose chunks are read in the first partition and in the second one."""
    answer = athena.run(sql)
    expected = sum(wide[each] for each in first) + sum(wide[f"2{each}"] for each in second)
    assert (shown(answer), answer.scanned) == (rows, expected)


def test_columns_that_only_run_the_query_have_their_values(athena: Athena, wide: Sizes) -> None:
    """What is not counted is there all the same: a map's key, which must not be NULL, in a WITH query read twice."""
    answer = athena.run(
        "WITH x AS (SELECT a, MAP(ARRAY[b], ARRAY[c]) AS m FROM wide) "
        "SELECT count(*) FROM x AS l JOIN x AS r ON l.a = r.a"
    )
    assert (answer.rows, answer.scanned) == ([["3"]], wide["a"] + wide["2a"])
