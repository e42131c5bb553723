# ruff: noqa: E501 - one statement, one line
"""The clients that analysts bring: PyAthena's cursors and awswrangler, as their documentation uses them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import awswrangler
import pandas as pd
import pyathena
import pytest
import sqlalchemy
from pyathena.cursor import DictCursor
from pyathena.pandas.cursor import PandasCursor

from tests.local_aws.harness import Athena, Aws

QUERY = "SELECT n, CAST(n AS decimal(10,2)) / 3 AS third, IF(n > 1, 'x') AS x, ARRAY[n] AS list FROM (VALUES 1, 2) AS t(n) ORDER BY n"


@pytest.fixture(autouse=True)
def environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python -m local_aws env` exports: the clients know nothing else of the embedded AWS."""
    given = {
        "ENDPOINT_URL": aws.url,
        "ACCESS_KEY_ID": "local",
        "SECRET_ACCESS_KEY": "local",
        "DEFAULT_REGION": "us-east-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def connection(athena: Athena) -> Iterator[Any]:
    place = f"s3://{athena.bucket}/pyathena/"
    with pyathena.connect(s3_staging_dir=place, schema_name=athena.database, poll_interval=0.05) as connected:
        yield connected


class TestPyAthena:
    def test_a_cursor(self, connection: Any) -> None:
        cursor = connection.cursor().execute(QUERY)
        assert [(name, kind) for name, kind, *_ in cursor.description] == [
            ("n", "integer"), ("third", "decimal"), ("x", "varchar"), ("list", "array")]  # fmt: skip
        assert cursor.fetchall() == [(1, Decimal("0.33"), None, [1]), (2, Decimal("0.67"), "x", [2])]
        assert (cursor.state, cursor.substatement_type, cursor.data_scanned_in_bytes) == ("SUCCEEDED", "SELECT", 0)
        assert cursor.output_location.endswith(f"{cursor.query_id}.csv")

    def test_parameters(self, connection: Any) -> None:
        cursor = connection.cursor(DictCursor).execute("SELECT %(a)s AS a, %(b)d AS b", {"a": "it's", "b": 5})
        assert cursor.fetchone() == {"a": "it's", "b": 5}
        given = connection.cursor().execute("SELECT ? + 1, ?", ["41", "'x'"], paramstyle="qmark")
        assert given.fetchall() == [(42, "x")]

    def test_pages(self, connection: Any) -> None:
        cursor = connection.cursor().execute("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n")
        assert [row[0] for row in cursor] == list(range(1, 2501))

    def test_a_failure_carries_athenas_reason(self, connection: Any) -> None:
        with pytest.raises(pyathena.error.OperationalError, match=r"TABLE_NOT_FOUND: line 1:15: Table"):
            connection.cursor().execute("SELECT * FROM nope")

    def test_ddl_and_metadata(self, connection: Any, athena: Athena) -> None:
        cursor = connection.cursor()
        cursor.execute(
            f"CREATE EXTERNAL TABLE py (a string, n bigint) PARTITIONED BY (p string) LOCATION 's3://{athena.bucket}/py/'"
        )
        assert ("py",) in cursor.execute("SHOW TABLES").fetchall()
        table = cursor.get_table_metadata("py")
        assert [(column.name, column.type) for column in [*table.columns, *table.partition_keys]] == [
            ("a", "string"), ("n", "bigint"), ("p", "string")]  # fmt: skip
        assert athena.database in [each.name for each in cursor.list_databases("AwsDataCatalog")]
        assert "py" in [each.name for each in cursor.list_table_metadata()]

    def test_sqlalchemy_asks_for_tables(self, athena: Athena) -> None:
        athena.run(f"CREATE EXTERNAL TABLE of_alchemy (a string) LOCATION 's3://{athena.bucket}/of_alchemy/'")
        engine = sqlalchemy.create_engine(
            f"awsathena+rest://:@athena.us-east-1.amazonaws.com:443/{athena.database}",
            connect_args={"s3_staging_dir": f"s3://{athena.bucket}/pyathena/"},
        )
        seen = sqlalchemy.inspect(engine)
        assert (seen.has_table("of_alchemy"), seen.has_table("nosuch")) == (True, False)
        assert [column["name"] for column in seen.get_columns("of_alchemy")] == ["a"]

    def test_a_data_frame(self, connection: Any) -> None:
        frame = connection.cursor(PandasCursor).execute("SELECT 1.5 AS a, 'x' AS b, DATE '2025-03-01' AS d").as_pandas()
        assert frame.to_dict("records") == [{"a": 1.5, "b": "x", "d": pd.Timestamp("2025-03-01")}]


# awswrangler 3.17.1 drops columns with `inplace`, which pandas 3.1 deprecates; until awswrangler does not.
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
class TestAwswrangler:
    @pytest.mark.parametrize(
        "options",
        [{"ctas_approach": True}, {"ctas_approach": False}, {"ctas_approach": False, "unload_approach": True}],
    )
    def test_read_sql_query(self, athena: Athena, options: dict[str, bool]) -> None:
        frame = awswrangler.athena.read_sql_query(
            "SELECT n, CAST(n AS double) / 4 AS quarter, IF(n > 1, 'x') AS x FROM (VALUES 1, 2) AS t(n) ORDER BY n",
            database=athena.database, s3_output=f"s3://{athena.bucket}/wr-{len(str(options))}/", **options,
        )  # fmt: skip
        assert frame["n"].tolist() == [1, 2]
        assert frame["quarter"].tolist() == [0.25, 0.5]
        assert (pd.isna(frame["x"][0]), frame["x"][1]) == (True, "x")

    def test_a_data_set_written_by_it_is_a_table(self, athena: Athena) -> None:
        frame = pd.DataFrame({"id": [1, 2], "word": ["a", None], "month": ["01", "02"]})
        awswrangler.s3.to_parquet(
            frame, f"s3://{athena.bucket}/wr-table/", dataset=True, database=athena.database, table="wr",
            partition_cols=["month"],
        )  # fmt: skip
        assert athena.run("SELECT id, word FROM wr WHERE month = '02'").rows == [["2", None]]
        assert awswrangler.catalog.table(database=athena.database, table="wr")["Type"].tolist() == [
            "bigint", "string", "string"]  # fmt: skip
