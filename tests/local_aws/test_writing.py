"""INSERT INTO, CREATE TABLE AS and UNLOAD: what does not fit, and results without rows."""

import json

import pytest

from tests.local_aws.harness import Answer, Athena


def written(athena: Athena, folder: str) -> list[str]:
    """The keys of what lies in a folder."""
    listed = athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix=f"{folder}/").get("Contents", [])
    return [item["Key"] for item in listed]


def manifest(athena: Athena, answer: Answer) -> bytes:
    key = answer.execution["Statistics"]["DataManifestLocation"].partition(f"{athena.bucket}/")[2]
    return bytes(athena.s3.get_object(Bucket=athena.bucket, Key=key)["Body"].read())


def test_an_insert_does_not_truncate_a_text(athena: Athena) -> None:
    """Trino's INSERT takes away trailing spaces only."""
    athena.run("CREATE TABLE narrow AS SELECT CAST('ab' AS varchar(3)) AS a, CAST('x' AS varchar) AS b")
    for query, given in {
        "VALUES ('abcdef', 'y')": "varchar(6)", "VALUES ('a', 'y'), ('äöüß', 'y'), (NULL, 'z')": "varchar(4)",
        "SELECT b || 'abcd', b FROM narrow": "varchar",
        "SELECT CAST('abcde' AS varchar(5)), b FROM narrow": "varchar(5)",
    }.items():  # fmt: skip
        reason = f"Cannot truncate non-space characters when casting from {given} to varchar(3) on INSERT"
        assert athena.fails(f"INSERT INTO narrow {query}") == f"INVALID_CAST_ARGUMENT: {reason}", query
    athena.run("INSERT INTO narrow VALUES ('cde', 'long enough'), ('fg    ', NULL), (NULL, NULL)")
    assert athena.run("SELECT a FROM narrow ORDER BY a").rows == [["ab"], ["cde"], ["fg "], [None]]


def test_an_insert_into_a_char_does_not_truncate(athena: Athena) -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE fixed (a char(2), b int) STORED AS PARQUET LOCATION 's3://{athena.bucket}/fixed/'"
    )
    reason = athena.fails("INSERT INTO fixed VALUES ('abc', 1)")
    assert reason.endswith("Cannot truncate non-space characters when casting from varchar(3) to char(2) on INSERT")
    athena.run("INSERT INTO fixed VALUES ('ab', 1)")
    assert athena.run("SELECT b FROM fixed").rows == [["1"]]


def test_results_without_rows_write_no_file(athena: Athena) -> None:
    place = f"s3://{athena.bucket}"
    none = "SELECT n FROM (VALUES 1) AS t(n) WHERE n > 1"
    for form in ("PARQUET", "JSON"):
        unloaded = athena.run(f"UNLOAD ({none}) TO '{place}/unloaded-{form}/' WITH (format = '{form}')")
        assert (manifest(athena, unloaded), written(athena, f"unloaded-{form}")) == (b"", [])
    made = athena.run(f"CREATE TABLE nothing WITH (external_location = '{place}/nothing/') AS {none}")
    assert (manifest(athena, made), written(athena, "nothing")) == (b"", [])
    assert athena.run("SELECT * FROM nothing").rows == []
    assert "DataManifestLocation" not in athena.run(f"INSERT INTO nothing {none}").execution["Statistics"]
    athena.run("INSERT INTO nothing VALUES (7)")
    assert len(written(athena, "nothing")) == 1
    assert athena.run("SELECT * FROM nothing").rows == [["7"]]


def test_a_table_with_no_data_is_made_without_reading_any(athena: Athena) -> None:
    athena.run("CREATE TABLE source AS SELECT 1 AS n, 'abc' AS s, CAST('x' AS varchar) AS t")
    place = f"external_location = 's3://{athena.bucket}/bare/'"
    made = athena.run(f"CREATE TABLE bare WITH ({place}) AS SELECT * FROM source WITH NO DATA")
    assert (made.scanned, written(athena, "bare")) == (0, [])
    columns = athena.glue.get_table(DatabaseName=athena.database, Name="bare")["Table"]["StorageDescriptor"]["Columns"]
    assert [(each["Name"], each["Type"]) for each in columns] == [("n", "int"), ("s", "varchar(3)"), ("t", "string")]
    assert athena.run("SELECT * FROM bare").rows == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE inner_table WITH (is_external = false) AS SELECT 1 AS a", "INVALID_TABLE_PROPERTY: "),
        (
            "CREATE TABLE only_keys WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a",
            "INVALID_TABLE_PROPERTY: Table contains only partition columns",
        ),
        (
            "CREATE TABLE only_keys WITH (partitioned_by = ARRAY['a', 'b']) AS SELECT 1 AS a, 2 AS b",
            "INVALID_TABLE_PROPERTY: Table contains only partition columns",
        ),
        ("UNLOAD (SELECT 1 AS a) TO 'zz5' WITH (format = 'PARQUET')", "HIVE_METASTORE_ERROR: 'zz5' is not an S3 loc"),
        ("UNLOAD (SELECT 1 AS a) TO 's3://' WITH (format = 'PARQUET')", "HIVE_METASTORE_ERROR: 's3://' is not an S3"),
    ],
)
def test_a_place_or_property_that_cannot_be(athena: Athena, sql: str, reason: str) -> None:
    assert athena.fails(sql).startswith(reason)


def test_a_table_of_hive_may_say_that_it_is_external(athena: Athena) -> None:
    athena.run("CREATE TABLE outer_table WITH (table_type = 'HIVE', is_external = true) AS SELECT 1 AS a")
    assert athena.run("SELECT a FROM outer_table").rows == [["1"]]


@pytest.mark.parametrize(
    ("properties", "query", "reason"),
    [
        (
            "partitioned_by = ARRAY['d']",
            "SELECT 1 AS a, ARRAY[1] AS d",
            "NOT_SUPPORTED: Unsupported type [array(integer)] for partition: d",
        ),
        (
            "partitioned_by = ARRAY['d']",
            "SELECT 1 AS a, MAP(ARRAY[1], ARRAY[2]) AS d",
            "NOT_SUPPORTED: Unsupported type [map(integer, integer)] for partition: d",
        ),
        (
            "partitioned_by = ARRAY['d']",
            "SELECT 1 AS a, X'01' AS d",
            "NOT_SUPPORTED: Unsupported type [varbinary] for partition: d",
        ),
        ("partitioned_by = 'p'", "SELECT 1 AS a, 2 AS p", "INVALID_TABLE_PROPERTY: Invalid value for catalog"),
        ("format = 'PARQUET', format = 'JSON'", "SELECT 1 AS a", "DUPLICATE_PROPERTY: Duplicate property: format"),
        ("bucket_count = 3", "SELECT 1 AS a", "INVALID_TABLE_PROPERTY: bucketed_by and bucket_count"),
        (
            "write_compression = 'ZSTD', compression_level = 23",
            "SELECT 1 AS a",
            "INVALID_TABLE_PROPERTY: compression_level must be",
        ),
        (
            "write_compression = 'ZSTD', compression_level = 'x'",
            "SELECT 1 AS a",
            "INVALID_TABLE_PROPERTY: Invalid value for catalog",
        ),
        ("write_compression = 'GZIP', compression_level = 5", "SELECT 1 AS a", "NOT_SUPPORTED"),
    ],
)
def test_properties_that_are_refused(athena: Athena, properties: str, query: str, reason: str) -> None:
    assert athena.fails(f"CREATE TABLE never WITH ({properties}) AS {query}").startswith(reason)
    assert "never" not in [each["Name"] for each in athena.glue.get_tables(DatabaseName=athena.database)["TableList"]]
    if "bucket" not in properties and "write_" not in properties:
        more = "" if "format" in properties else "format = 'PARQUET', "
        unload = f"UNLOAD ({query}) TO 's3://{athena.bucket}/never/' WITH ({more}{properties})"
        assert athena.fails(unload).startswith(reason)


def test_a_level_of_zstd(athena: Athena) -> None:
    athena.run("CREATE TABLE leveled WITH (write_compression = 'ZSTD', compression_level = 22) AS SELECT 1 AS a")
    assert athena.run("SELECT a FROM leveled").rows == [["1"]]


def test_a_null_is_of_any_type(athena: Athena) -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE nulls (a int, b varchar(3), c date) STORED AS PARQUET LOCATION 's3://{athena.bucket}/nulls/'"
    )
    for values in ("VALUES (NULL, 'x', DATE '2025-03-01')", "VALUES (1, NULL, NULL)", "SELECT NULL, NULL, NULL"):
        athena.run(f"INSERT INTO nulls {values}")
    assert athena.run("SELECT * FROM nulls ORDER BY a, b").rows == [
        ["1", None, None], [None, "x", "2025-03-01"], [None, None, None],
    ]  # fmt: skip
    assert athena.fails("CREATE TABLE never_null AS SELECT NULL AS a").startswith("NOT_SUPPORTED")


def test_a_real_in_json_has_its_own_digits(athena: Athena) -> None:
    place = f"s3://{athena.bucket}/reals"
    athena.run(
        f"UNLOAD (SELECT REAL '0.1' AS f, REAL '1e-5' AS g) TO '{place}/' WITH (format = 'JSON', compression = 'NONE')"
    )
    (key,) = written(athena, "reals")
    body = athena.s3.get_object(Bucket=athena.bucket, Key=key)["Body"].read()
    assert json.loads(body) == {"f": 0.1, "g": 1e-5}
    nested = "UNLOAD (SELECT ARRAY[REAL '0.1'] AS f) TO '{}-2/' WITH (format = 'JSON')"
    assert athena.fails(nested.format(place)).startswith("NOT_SUPPORTED")
