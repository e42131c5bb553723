"""What DDL says of itself: kinds of statements, columns of answers, patterns, and what is refused."""

import uuid

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena

NO_PATTERN = (
    "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
    "MetaException(message:Unable to get databases: java.util.regex.PatternSyntaxException: "
)


@pytest.fixture(scope="module")
def dated(athena: Athena) -> str:
    """A table with a partition key."""
    place = f"LOCATION 's3://{athena.bucket}/dated/'"
    athena.run(f"CREATE EXTERNAL TABLE dated (a int) PARTITIONED BY (p string) {place}")
    return "dated"


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("MSCK REPAIR TABLE dated", "DDL/MSCK_REPAIR"),
        ("SHOW TBLPROPERTIES dated", "UTILITY/SHOW_TABLE_PROPERTIES"),
        ("ALTER TABLE dated ADD IF NOT EXISTS PARTITION (p = '1')", "DDL/ALTER_TABLE_ADD_PARTITION"),
        ("ALTER TABLE {db}.dated ADD IF NOT EXISTS\nPARTITION (p = '1')", "DDL/ALTER_TABLE_ADD_PARTITION"),
        ("ALTER TABLE `dated` DROP IF EXISTS PARTITION (p = '2')", "DDL/ALTER_TABLE_DROP_PARTITION"),
        ("ALTER TABLE `{db}` . `dated` ADD COLUMNS (kind_{id} int)", "DDL/ALTER_TABLE_ADD_COLUMN"),
        ("ALTER TABLE dated REPLACE COLUMNS (a int)", "DDL/ALTER_TABLE_REPLACE_COLUMN"),
        ("ALTER TABLE dated SET TBLPROPERTIES ('x' = '1')", "DDL/ALTER_TABLE_PROPERTIES"),
        ("ALTER TABLE dated SET LOCATION 's3://{bucket}/dated/'", "DDL/ALTER_TABLE_SET_LOCATION"),
        (
            "ALTER TABLE dated PARTITION (p = '1') RENAME TO PARTITION (p = '2')",
            "DDL/ALTER_TABLE_RENAME_PARTITION",
        ),
        ("ALTER TABLE dated CHANGE COLUMN a b int", "DDL/ALTER_TABLE"),
        ("EXPLAIN SELECT 1", "DML/EXPLAIN"),
    ],
)
def test_an_execution_tells_the_kind_of_its_statement(athena: Athena, dated: str, sql: str, kind: str) -> None:
    written = sql.format(db=athena.database, bucket=athena.bucket, id=uuid.uuid4().hex[:6])
    execution = athena.ask(written).execution
    assert f"{execution['StatementType']}/{execution['SubstatementType']}" == kind


@pytest.mark.parametrize(
    "sql",
    [
        "SHOW FUNCTIONS", "OPTIMIZE dated REWRITE DATA USING BIN_PACK", "VACUUM dated", "DELETE FROM dated WHERE a = 1",
        "UPDATE dated SET a = 1 WHERE a = 2",
        "MERGE INTO dated t USING dated s ON t.a = s.a WHEN MATCHED THEN DELETE",
        "USING EXTERNAL FUNCTION f(x varchar) RETURNS varchar LAMBDA 'f' SELECT f('a')",
        "ALTER VIEW v UPDATE DIALECT AS SELECT 1 AS a",
        "CREATE PROTECTED MULTI DIALECT VIEW v SECURITY DEFINER AS SELECT 1 AS a",
        "ALTER TABLE dated CHANGE COLUMN a b int", "ALTER TABLE dated DROP COLUMN a",
        "ALTER TABLE dated RENAME TO other",
    ],
)  # fmt: skip
def test_a_statement_that_athena_has_is_refused_by_its_name(athena: Athena, dated: str, sql: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html, .../dml-queries-functions-operators.html"""
    assert athena.fails(sql).startswith(f"NOT_SUPPORTED: the local Athena does not translate {sql.split()[0]}")


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SHOW TBLPROPERTIES dated", [("prpt_name", "string"), ("prpt_value", "string")]),
        ("SHOW TBLPROPERTIES dated ('EXTERNAL')", [("prpt_name", "string"), ("prpt_value", "string")]),
        ("SHOW VIEWS", [("views", "varchar")]),
        ("SHOW TABLES", [("tab_name", "string")]),
    ],
)
def test_the_columns_of_what_is_shown(athena: Athena, dated: str, sql: str, columns: list[tuple[str, str]]) -> None:
    execution = athena.run(sql).execution["QueryExecutionId"]
    result = athena.client.get_query_results(QueryExecutionId=execution)["ResultSet"]
    assert [(each["Name"], each["Type"]) for each in result["ResultSetMetadata"]["ColumnInfo"]] == columns
    assert all(len(row["Data"]) == 1 for row in result["Rows"])


def test_databases_are_shown_by_a_java_regular_expression(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/show-databases.html"""
    one, two = (f"shown_{uuid.uuid4().hex[:6]}_{end}" for end in ("x", "y"))
    for name in (one, two):
        athena.run(f"CREATE DATABASE {name}")
    for pattern, found in {
        one: [one], f"{one}|{two}": sorted([one, two]), one[:-1] + ".": [one], one[:-2] + "_[xz]": [one],
        one[:-1]: [], one[:-1] + "*": [], one.upper(): [], ".*_y": [two],
    }.items():  # fmt: skip
        shown = [row[0] for row in athena.run(f"SHOW DATABASES LIKE '{pattern}'").rows]
        assert [name for name in shown if name in (one, two)] == found, pattern
    assert [one] in athena.run("SHOW SCHEMAS LIKE '*'").rows
    for pattern, problem in {
        "*x": "Dangling meta character '*' near index 0",
        "a(": "Unclosed group near index 2",
    }.items():
        assert athena.fails(f"SHOW DATABASES LIKE '{pattern}'").startswith(NO_PATTERN + problem), pattern
    for pattern in ("\\\\p{Alpha}+", "x{2"):
        assert athena.fails(f"SHOW DATABASES LIKE '{pattern}'").startswith("NOT_SUPPORTED"), pattern


def test_tables_are_shown_by_a_pattern_of_stars_and_bars(athena: Athena) -> None:
    for name in ("pattern_a", "pattern_b"):
        athena.run(f"CREATE EXTERNAL TABLE {name} (a int) LOCATION 's3://{athena.bucket}/patterns/'")
    assert athena.run("SHOW TABLES 'pattern*|nope'").rows == [["pattern_a"], ["pattern_b"]]
    assert athena.run("SHOW TABLES '*_b'").rows == [["pattern_b"]]
    assert athena.fails("SHOW TABLES '['").startswith("NOT_SUPPORTED")


def test_a_folder_that_holds_only_its_marker_is_a_partition(athena: Athena) -> None:
    for key in ("marked/p=empty/", "marked/p=full/x", "marked/", "marked/other/", "marked/_p=no/x"):
        athena.s3.put_object(Bucket=athena.bucket, Key=key, Body=b"1" if key.endswith("x") else b"")
    athena.run(
        f"CREATE EXTERNAL TABLE marked (a int) PARTITIONED BY (p string) LOCATION 's3://{athena.bucket}/marked/'"
    )
    athena.run("MSCK REPAIR TABLE marked")
    assert athena.run("SHOW PARTITIONS marked").rows == [["p=empty"], ["p=full"]]
    assert athena.run("SELECT a, p FROM marked").rows == [["1", "full"]]


@pytest.mark.parametrize("columns", ["n int", "location string, n int COMMENT 'LOCATION'"])
def test_a_table_that_is_not_external_needs_a_location_when_it_is_submitted(athena: Athena, columns: str) -> None:
    with pytest.raises(ClientError) as refused:
        athena.ask(f"CREATE TABLE unplaced ({columns})")
    assert refused.value.response["Error"] == {
        "Code": "InvalidRequestException",
        "Message": "No location was specified for table. An S3 location must be specified",
    }


def test_the_catalog_may_be_named(athena: Athena) -> None:
    assert athena.run(f"SHOW TABLES IN awsdatacatalog.{athena.database}").rows == athena.run("SHOW TABLES").rows
