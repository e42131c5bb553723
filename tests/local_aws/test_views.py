"""Views: what describes them, and views over themselves."""

import base64
import json

import pytest

from tests.local_aws.harness import Athena


def columns_of(athena: Athena, execution_id: str) -> list[tuple[str, str]]:
    result = athena.client.get_query_results(QueryExecutionId=execution_id)["ResultSet"]
    return [(each["Name"], each["Type"]) for each in result["ResultSetMetadata"]["ColumnInfo"]]


@pytest.mark.parametrize("sql", ["DESCRIBE described", "DESC described", "SHOW COLUMNS IN described"])
def test_a_view_is_described_in_trinos_types(athena: Athena, sql: str) -> None:
    athena.run("CREATE OR REPLACE VIEW described AS SELECT 1 AS n, ARRAY[1.5] AS l, DATE '2025-01-01' AS d")
    answer = athena.run(sql)
    assert answer.rows == [["n\tinteger"], ["l\tarray(decimal(2,1))"], ["d\tdate"]]
    assert columns_of(athena, answer.execution["QueryExecutionId"]) == [("column", "varchar"), ("type", "varchar")]
    assert answer.execution["SubstatementType"] == "DESC_VIEW"


def test_a_view_of_another_client_is_described_as_it_says(athena: Athena) -> None:
    definition = {
        "originalSql": "SELECT 'x' AS s", "catalog": "awsdatacatalog", "schema": athena.database,
        "columns": [{"name": "s", "type": "varchar(1)"}],
    }  # fmt: skip
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    table = {
        "Name": "foreign_view", "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true"},
        "ViewOriginalText": f"/* Presto View: {encoded} */", "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {"Columns": [{"Name": "s", "Type": "varchar(1)"}], "SerdeInfo": {}},
    }  # fmt: skip
    athena.glue.create_table(DatabaseName=athena.database, TableInput=table)
    assert athena.run("DESCRIBE foreign_view").rows == [["s\tvarchar(1)"]]


def test_show_create_view_has_one_column(athena: Athena) -> None:
    athena.run("CREATE OR REPLACE VIEW printed AS SELECT 1 AS n")
    answer = athena.run("SHOW CREATE VIEW printed")
    assert columns_of(athena, answer.execution["QueryExecutionId"]) == [("create view", "varchar")]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * FROM looped", "VIEW_IS_RECURSIVE: line 1:48: Statement would create a recursive view"),
        ("SELECT 1 AS a WHERE 1 IN (SELECT a FROM {db}.LOOPED)", "VIEW_IS_RECURSIVE: line 1:74: Statement would"),
        (
            "SELECT * FROM over_looped",
            "INVALID_VIEW: line 1:48: Failed analyzing stored view 'awsdatacatalog.{db}.over_looped': line 1:15: "
            "Statement would create a recursive view",
        ),
    ],
)
def test_a_view_is_not_replaced_by_a_query_over_itself(athena: Athena, query: str, reason: str) -> None:
    athena.run("CREATE OR REPLACE VIEW looped AS SELECT 1 AS a")
    athena.run("CREATE OR REPLACE VIEW over_looped AS SELECT * FROM looped")
    made = f"CREATE OR REPLACE VIEW looped AS {query.format(db=athena.database)}"
    assert athena.fails(made).startswith(reason.format(db=athena.database))
    assert athena.run("SELECT a FROM over_looped").rows == [["1"]]


def test_a_common_table_expression_may_have_the_views_name(athena: Athena) -> None:
    athena.run("CREATE OR REPLACE VIEW named AS SELECT 1 AS a")
    athena.run("CREATE OR REPLACE VIEW named AS WITH named AS (SELECT 2 AS a) SELECT a FROM named")
    assert athena.run("SELECT a FROM named").rows == [["2"]]
    assert athena.fails("CREATE VIEW unmade AS SELECT * FROM unmade").startswith("TABLE_NOT_FOUND")
