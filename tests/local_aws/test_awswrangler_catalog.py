"""awswrangler's changes to the catalog, and its searches, which send Glue what only AWS takes."""

import uuid

import awswrangler
import pandas as pd
import pytest

from tests.local_aws.harness import Athena, Aws

COLUMNS = [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "int"}]


@pytest.fixture(autouse=True)
def environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python -m local_aws env` exports."""
    given = {"ENDPOINT_URL": aws.url, "ACCESS_KEY_ID": "local", "SECRET_ACCESS_KEY": "local", "DEFAULT_REGION": "us-east-1"}  # fmt: skip  # noqa: E501
    for variable, value in given.items():
        monkeypatch.setenv(f"AWS_{variable}", value)


@pytest.fixture
def name() -> str:
    return f"w_{uuid.uuid4().hex[:8]}"


def test_awswrangler_changes_what_it_reads(athena: Athena, name: str) -> None:
    given = {"Name": name, "StorageDescriptor": {"Columns": COLUMNS}, "Parameters": {}, "TableType": "EXTERNAL_TABLE"}
    athena.glue.create_table(DatabaseName=athena.database, TableInput=given)
    awswrangler.catalog.upsert_table_parameters({"x": "1"}, athena.database, name)
    assert awswrangler.catalog.get_table_parameters(athena.database, name) == {"x": "1"}
    awswrangler.catalog.overwrite_table_parameters({"y": "2"}, athena.database, name)
    assert awswrangler.catalog.get_table_parameters(athena.database, name) == {"y": "2"}
    awswrangler.catalog.delete_column(athena.database, name, "b")
    assert awswrangler.catalog.get_table_types(athena.database, name) == {"a": "string"}


def test_awswrangler_adds_columns(athena: Athena, name: str) -> None:
    for frame in ({"a": [1]}, {"a": [2], "b": ["x"]}):
        awswrangler.s3.to_parquet(
            pd.DataFrame(frame), f"s3://{athena.bucket}/{name}/", dataset=True, database=athena.database, table=name,
            mode="append", schema_evolution=True,
        )  # fmt: skip
    assert athena.run(f"SELECT a, b FROM {name} ORDER BY a").rows == [["1", None], ["2", "x"]]


def test_awswrangler_searches(athena: Athena) -> None:
    database = f"named_{uuid.uuid4().hex[:8]}"
    athena.glue.create_database(DatabaseInput={"Name": database})
    for each in ("wr1_a", "wr2_b", "other"):
        given = {"Name": each, "StorageDescriptor": {"Columns": COLUMNS}, "TableType": "EXTERNAL_TABLE"}
        athena.glue.create_table(DatabaseName=database, TableInput=given)
    for asked, names in (
        ({"name_contains": "r1"}, ["wr1_a"]),
        ({"name_prefix": "wr"}, ["wr1_a", "wr2_b"]),
        ({"name_suffix": "_b"}, ["wr2_b"]),
        ({"name_prefix": "wr", "name_suffix": "b"}, ["wr2_b"]),
    ):
        assert [each["Name"] for each in awswrangler.catalog.get_tables(database=database, **asked)] == names
    assert list(awswrangler.catalog.tables(database=database, search_text=None)["Table"]) == [
        "other",
        "wr1_a",
        "wr2_b",
    ]
