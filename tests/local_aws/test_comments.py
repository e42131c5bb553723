"""Comments between the words of a statement: Trino's grammar takes them for blanks."""

import uuid

import pytest

from tests.local_aws.harness import Athena


@pytest.fixture(scope="module")
def table(athena: Athena) -> str:
    name = f"t{uuid.uuid4().hex[:8]}"
    athena.run(f"CREATE EXTERNAL TABLE {name} (a int) STORED AS PARQUET LOCATION 's3://{athena.bucket}/{name}/'")
    return name


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SHOW /* c */ TABLES", "SHOW_TABLES"),
        ("SHOW -- c\n DATABASES", "SHOW_DATABASES"),
        ("SHOW /* c */ COLUMNS FROM {table}", "SHOW_COLUMNS"),
        ("SHOW /* c */ TBLPROPERTIES {table}", "SHOW_TABLE_PROPERTIES"),
        ("DROP /* c */ TABLE IF EXISTS nosuch", "DROP_TABLE"),
        ("CREATE /* c */ TABLE {new} AS SELECT 1 AS a", "CREATE_TABLE_AS_SELECT"),
        ("CREATE TABLE /* c */ {new} AS SELECT 1 AS a", "CREATE_TABLE_AS_SELECT"),
        ("CREATE TABLE IF /* c */ NOT EXISTS {new} AS SELECT 1 AS a", "CREATE_TABLE_AS_SELECT"),
        ('CREATE TABLE"{new}" AS SELECT 1 AS a', "CREATE_TABLE_AS_SELECT"),
        ("CREATE OR /* c */ REPLACE VIEW {new} AS SELECT 1 AS a", "CREATE_VIEW"),
        ("INSERT /* c */ INTO {table} SELECT 1 WHERE false", "INSERT"),
        ("( /* c */ SELECT 1)", "SELECT"),
    ],
)
def test_a_comment_is_a_blank(athena: Athena, table: str, sql: str, kind: str) -> None:
    answer = athena.run(sql.format(table=table, new=f"n{uuid.uuid4().hex[:8]}"))
    assert answer.execution["SubstatementType"] == kind
