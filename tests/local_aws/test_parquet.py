"""Parquet: https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html"""

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
