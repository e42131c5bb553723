"""Parquet: https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html"""

import datetime
import io
import os
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local_aws.harness import Athena
from tests.local_aws.made_tables import make_table

_SERDE = "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'"
_PROPERTY = "('parquet.column.index.access' = '{}')"


@pytest.mark.parametrize(
    ("serde", "more"), [(f"{_SERDE} WITH SERDEPROPERTIES {_PROPERTY}", ""), ("", f"TBLPROPERTIES {_PROPERTY}")]
)
@pytest.mark.parametrize("access", ["true", "false"])
def test_columns_by_position(athena: Athena, serde: str, more: str, access: str) -> None:
    """Files whose columns have other names, and not the same ones."""
    name = f"t_{uuid.uuid4().hex[:10]}"
    place = f"s3://{athena.bucket}/{name}/"
    athena.run(f"UNLOAD (SELECT 1 AS a, 'one' AS b, true AS c) TO '{place}1/' WITH (format = 'PARQUET')")
    athena.run(f"UNLOAD (SELECT 2 AS y, 'two' AS x) TO '{place}2/' WITH (format = 'PARQUET')")
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (x int, y string, z boolean) {serde.format(access)} STORED AS PARQUET "
        f"LOCATION '{place}' {more.format(access)}"
    )
    if access == "true":
        assert athena.run(f"SELECT * FROM {name} ORDER BY x").rows == [["1", "one", "true"], ["2", "two", None]]
        assert athena.run(f"SELECT y FROM {name} WHERE \"$path\" LIKE '%/2/%'").rows == [["two"]]
        one, both = (athena.run(f"SELECT {columns} FROM {name}").scanned for columns in ("y", "x, y"))
        assert 0 < one < both
    else:
        assert athena.run(f"SELECT z FROM {name}").rows == [[None], [None]]


def test_a_column_of_another_type_is_refused_in_words(athena: Athena) -> None:
    name = f"t_{uuid.uuid4().hex[:10]}"
    place = f"s3://{athena.bucket}/{name}/"
    athena.run(f"UNLOAD (SELECT BIGINT '1' AS a) TO '{place}' WITH (format = 'PARQUET')")
    athena.run(f"CREATE EXTERNAL TABLE {name} (a date) STORED AS PARQUET LOCATION '{place}'")
    assert athena.fails(f"SELECT a FROM {name}") == (
        "NOT_SUPPORTED: the local Athena does not translate a Parquet column of the type BIGINT as date (column 'a')"
    )


def test_a_limit_counts_the_columns_that_are_read(athena: Athena) -> None:
    limit, group = 10_000_000, f"limit-{uuid.uuid4().hex[:8]}"
    athena.client.create_work_group(Name=group, Configuration={"BytesScannedCutoffPerQuery": limit})
    large = [os.urandom(1_000_000) for _ in range(12)]
    columns = {"a": pa.array(range(12), pa.int64()), "b": pa.array(large, pa.binary())}
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body, compression="none")
    name = make_table(athena, "a bigint, b binary", {"x.parquet": body.getvalue()}, "STORED AS PARQUET")
    assert athena.run(f"SELECT sum(a) FROM {name}", WorkGroup=group).rows == [["66"]]
    stopped = athena.ask(f"SELECT max(length(to_hex(b))) FROM {name}", WorkGroup=group)
    assert (stopped.state, stopped.reason) == ("CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")
    assert stopped.scanned > limit


@pytest.mark.parametrize(
    ("declared", "good", "odd"),
    [
        ("string", pa.array(["x"]), pa.array([2], pa.int64())),
        ("string", pa.array(["x"]), pa.array([1.5])),
        ("string", pa.array(["x"]), pa.array([True])),
        ("string", pa.array(["x"]), pa.array([datetime.date(2020, 1, 1)])),
        ("bigint", pa.array([1]), pa.array([True])),
        ("struct<m:string>", pa.array([{"m": "x"}]), pa.array([{"m": 2}])),
        ("array<string>", pa.array([["x"]]), pa.array([[1]])),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_file_of_another_type_among_others(
    athena: Athena, declared: str, good: pa.Array, odd: pa.Array, first: bool
) -> None:
    def file(column: pa.Array) -> bytes:
        body = io.BytesIO()
        pq.write_table(pa.table({"a": column}), body)
        return body.getvalue()

    objects = {"1.parquet": file(odd if first else good), "2.parquet": file(good if first else odd)}
    name = make_table(athena, f"a {declared}", objects, "STORED AS PARQUET")
    assert athena.fails(f"SELECT a FROM {name}").startswith(("HIVE_BAD_DATA", "NOT_SUPPORTED"))
    assert athena.run(f"SELECT count(*) FROM {name}").rows == [["2"]]


def test_nan_that_a_files_statistics_leave_out(athena: Athena) -> None:
    body = io.BytesIO()
    numbers = [float("nan") if n == 77 else n / 3 for n in range(150)]
    pq.write_table(pa.table({"i": range(150), "r": numbers, "s": [{"r": each} for each in numbers]}), body)
    name = make_table(
        athena, "i bigint, r double, s struct<r:double>", {"x.parquet": body.getvalue()}, "STORED AS PARQUET"
    )
    above = sum(1 for each in numbers if each > 40)
    for condition, count in {
        "is_nan(r)": 1, "NOT is_nan(r)": 149, "r > 40": above, "NOT (r > 40)": 150 - above, "r >= 0": 149, "r <> r": 1,
        "r = r AND i = 77": 0, "is_nan(s.r)": 1, "s.r > 40": above,
    }.items():  # fmt: skip
        assert athena.run(f"SELECT count(*) FROM {name} WHERE {condition}").rows == [[str(count)]], condition
    assert athena.run(f"SELECT is_nan(r), r = r, r > 5 FROM {name} WHERE i = 77").rows == [["true", "false", "false"]]
    assert athena.run(f"SELECT count(*) FROM {name} a JOIN {name} b ON a.r = b.r").rows == [["149"]]


def test_a_column_that_a_partition_does_not_list(athena: Athena) -> None:
    """Added to the table after the partition was registered; its file has it."""
    name = f"t_{uuid.uuid4().hex[:10]}"
    place = f"s3://{athena.bucket}/{name}"
    athena.run(f"UNLOAD (SELECT 1 AS a, 'q' AS b) TO '{place}/p=1/' WITH (format = 'PARQUET')")
    athena.run(f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (p int) STORED AS PARQUET LOCATION '{place}/'")
    athena.run(f"ALTER TABLE {name} ADD PARTITION (p = 1)")
    athena.run(f"ALTER TABLE {name} ADD COLUMNS (b string)")
    assert athena.run(f"SELECT a, b, p FROM {name}").rows == [["1", "q", "1"]]
