"""What Glue keeps and tells of databases and tables: what it was given, and some defaults, and nothing else.

https://docs.aws.amazon.com/glue/latest/webapi/API_Table.html
https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
"""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import ACCOUNT, Athena, Aws
from tests.local_aws.test_cloudformation import Stack, resource

STORAGE = {
    "Columns": [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "int"}],
    "Location": "s3://somewhere/",
    "SerdeInfo": {"SerializationLibrary": "x"},
}
DEFAULTS = {"Compressed": False, "NumberOfBuckets": 0, "StoredAsSubDirectories": False}
NOT_OF_AN_INPUT = {
    "DatabaseName", "CatalogId", "CreateTime", "UpdateTime", "CreatedBy", "VersionId", "IsRegisteredWithLakeFormation",
}  # fmt: skip


@pytest.fixture
def name() -> str:
    return f"d_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def stack(aws: Aws) -> Stack:
    return Stack(aws)


def test_what_a_table_was_not_given_is_absent(athena: Athena, name: str) -> None:
    athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": name})
    found = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    assert found.keys() == {"Name", "Retention"} | NOT_OF_AN_INPUT
    assert (found["Retention"], found["CreatedBy"]) == (0, f"arn:aws:iam::{ACCOUNT}:root")


def test_what_a_table_was_given_is_kept(athena: Athena, name: str) -> None:
    given = {
        "Name": name, "Owner": "o", "Description": "d", "Retention": 7, "PartitionKeys": [], "Parameters": {},
        "StorageDescriptor": {**STORAGE, "NumberOfBuckets": -1}, "ViewOriginalText": "v", "TableType": "EXTERNAL_TABLE",
    }  # fmt: skip
    where = {"DatabaseName": athena.database, "Name": name}
    kept = {**given, "StorageDescriptor": {**STORAGE, **DEFAULTS, "NumberOfBuckets": -1}}
    athena.glue.create_table(DatabaseName=athena.database, TableInput=given)
    found = athena.glue.get_table(**where)["Table"]
    assert {key: value for key, value in found.items() if key not in NOT_OF_AN_INPUT} == kept
    athena.glue.update_table(
        DatabaseName=athena.database,
        TableInput={key: value for key, value in found.items() if key not in NOT_OF_AN_INPUT},
    )
    again = athena.glue.get_table(**where)["Table"]
    assert {key: value for key, value in again.items() if key not in NOT_OF_AN_INPUT} == kept
    listed = athena.glue.get_tables(DatabaseName=athena.database, Expression=name)["TableList"]
    assert listed == [again]


def test_what_a_database_was_not_given_is_absent(athena: Athena, name: str) -> None:
    athena.glue.create_database(DatabaseInput={"Name": name})
    for found in (
        athena.glue.get_database(Name=name)["Database"],
        next(each for each in athena.glue.get_databases()["DatabaseList"] if each["Name"] == name),
    ):
        assert found.keys() == {"Name", "CreateTime", "CatalogId"}


def test_tables_of_a_stack(athena: Athena, stack: Stack) -> None:
    """CloudFormation keeps what it is given, and refuses what Glue refuses."""
    table = {"Name": stack.name.replace("-", "_"), "StorageDescriptor": STORAGE, "Description": "d", "Retention": 3}
    where = {"DatabaseName": athena.database, "Name": table["Name"]}
    made = resource("Glue::Table", CatalogId=ACCOUNT, DatabaseName=athena.database, TableInput=table)
    assert stack.put({"T": made}) == "CREATE_COMPLETE"
    found = athena.glue.get_table(**where)["Table"]
    assert (found["Description"], found["Retention"], found["VersionId"], found.get("Owner")) == ("d", 3, "0", None)
    assert found["StorageDescriptor"] == {**STORAGE, **DEFAULTS}
    del table["Description"]
    assert stack.put({"T": made}, update=True) == "UPDATE_COMPLETE"
    found = athena.glue.get_table(**where)["Table"]
    assert ("Description" in found, "TableType" in found, found["VersionId"]) == (False, False, "1")
    table["TargetTable"] = {"CatalogId": ACCOUNT, "DatabaseName": "d", "Name": "t"}
    assert stack.put({"T": made}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert "NOT_SUPPORTED: the local Glue does not have TargetTable" in stack.reasons()


@pytest.mark.parametrize("change", [False, True])
@pytest.mark.parametrize(
    ("kind", "given", "more"),
    [
        ("table", {"TargetTable": {"CatalogId": ACCOUNT, "DatabaseName": "d", "Name": "t"}}, {}),
        ("table", {"FederatedTable": {"Identifier": "i", "DatabaseIdentifier": "d", "ConnectionName": "c"}}, {}),
        ("database", {"TargetDatabase": {"CatalogId": ACCOUNT, "DatabaseName": "d"}}, {}),
        ("database", {"FederatedDatabase": {"Identifier": "i", "ConnectionName": "c"}}, {}),
        ("table", {}, {"OpenTableFormatInput": {"IcebergInput": {"MetadataOperation": "CREATE"}}}),
    ],
)
def test_links_and_other_formats_are_refused(
    athena: Athena, name: str, kind: str, given: dict[str, Any], more: dict[str, Any], change: bool
) -> None:
    member = next(iter(given or more))
    plain = {"DatabaseInput": {"Name": name}}
    if kind == "table":
        plain = {"DatabaseName": athena.database, "TableInput": {"Name": name}}
    if change:
        getattr(athena.glue, f"create_{kind}")(**plain)
        more = {"UpdateOpenTableFormatInput": {}} if more else more
        plain |= {"Name": name} if kind == "database" else {}
        member = "UpdateOpenTableFormatInput" if more else member
    asked = {**plain, **more, f"{kind.title()}Input": {"Name": name, **given}}
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match=f"NOT_SUPPORTED: .* {member}"):
        getattr(athena.glue, f"{'update' if change else 'create'}_{kind}")(**asked)
    where = {"DatabaseName": athena.database} if kind == "table" else {}
    if not change:
        with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
            getattr(athena.glue, f"get_{kind}")(**where, Name=name)


def test_a_table_has_a_definition(athena: Athena) -> None:
    for operation in (athena.glue.create_table, athena.glue.update_table):
        with pytest.raises(athena.glue.exceptions.InvalidInputException, match="TableInput"):
            operation(DatabaseName=athena.database)


@pytest.mark.parametrize("operation", ["get_tags", "tag_resource", "untag_resource"])
@pytest.mark.parametrize("of", ["database/nope", "table/nope/t", "crawler/nope", "job/nope", "blueprint/nope"])
def test_tags_of_what_is_not_there(athena: Athena, operation: str, of: str) -> None:
    more = {"tag_resource": {"TagsToAdd": {"a": "b"}}, "untag_resource": {"TagsToRemove": ["a"]}}.get(operation, {})
    arn = f"arn:aws:glue:us-east-1:{ACCOUNT}:{of}"
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        getattr(athena.glue, operation)(ResourceArn=arn, **more)


def test_tags_of_what_is_there(athena: Athena, name: str) -> None:
    athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": name})
    for of in (f"database/{athena.database}", f"table/{athena.database}/{name}"):
        arn = f"arn:aws:glue:us-east-1:{ACCOUNT}:{of}"
        athena.glue.tag_resource(ResourceArn=arn, TagsToAdd={"a": "b", "c": "d"})
        athena.glue.untag_resource(ResourceArn=arn, TagsToRemove=["c"])
        assert athena.glue.get_tags(ResourceArn=arn)["Tags"] == {"a": "b"}


def test_tables_of_a_missing_database_are_not_deleted(athena: Athena, name: str) -> None:
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.batch_delete_table(DatabaseName="nope", TablesToDelete=["t"])
    athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": name})
    asked = {"DatabaseName": athena.database, "TablesToDelete": [name.upper(), "nope"]}
    errors = athena.glue.batch_delete_table(**asked)["Errors"]
    assert [(each["TableName"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("nope", "EntityNotFoundException")
    ]
