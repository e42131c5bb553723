"""The Glue operations that our layer adds to ministack."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena

KEYS = [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "int"}]


@pytest.fixture
def target(athena: Athena) -> dict[str, str]:
    """A table with the partitions 2025/1, 2025/2 and 2025/10."""
    name = f"g_{uuid.uuid4().hex[:8]}"
    target = {"DatabaseName": athena.database, "TableName": name}
    given = {"Name": name, "StorageDescriptor": storage("table"), "PartitionKeys": KEYS, "TableType": "EXTERNAL_TABLE"}
    athena.glue.create_table(DatabaseName=athena.database, TableInput=given)
    for month in ("1", "2", "10"):
        athena.glue.create_partition(
            **target, PartitionInput={"Values": ["2025", month], "StorageDescriptor": storage(month)}
        )
    return target


# https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
DEFAULTS = {"Compressed": False, "NumberOfBuckets": 0, "StoredAsSubDirectories": False}


def storage(folder: str) -> dict[str, Any]:
    return {
        "Columns": [{"Name": "a", "Type": "string"}],
        "Location": f"s3://somewhere/{folder}/",
        "SerdeInfo": {"SerializationLibrary": "x"},
    }


@pytest.mark.parametrize(
    ("expression", "months"),
    [
        ("year = '2025' AND month = 10", ["10"]),
        ("month >= 2", ["10", "2"]),
        ("month BETWEEN 1 AND 2", ["1", "2"]),
        ("month IN (1, 10) AND NOT year = '2024'", ["1", "10"]),
        ("year LIKE '202%' OR month = 99", ["1", "10", "2"]),
        ("year > '2025'", []),
        ("YEAR = '2025' AND month <> 1", ["10", "2"]),
    ],
)
def test_partition_expressions(athena: Athena, target: dict[str, str], expression: str, months: list[str]) -> None:
    found = athena.glue.get_partitions(**target, Expression=expression)["Partitions"]
    assert [each["Values"][1] for each in found] == months


def test_partitions_come_in_pages(athena: Athena, target: dict[str, str]) -> None:
    pages = list(athena.glue.get_paginator("get_partitions").paginate(**target, PaginationConfig={"PageSize": 2}))
    assert [len(page["Partitions"]) for page in pages] == [2, 1]
    for wrong in ({"NextToken": "garbage"}, {"MaxResults": 1001}):
        with pytest.raises(ClientError, match=r"ValidationException|InvalidInputException"):
            athena.glue.get_partitions(**target, **wrong)


def test_tables_are_listed_by_pattern_and_page(athena: Athena) -> None:
    database = f"Listed_{uuid.uuid4().hex[:8]}"
    athena.glue.create_database(DatabaseInput={"Name": database})
    for name in ("Logs_b", "logs_a", "other"):
        athena.glue.create_table(DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": storage(name)})
    pages = athena.glue.get_paginator("get_tables").paginate(
        DatabaseName=database, Expression="logs_.*", PaginationConfig={"PageSize": 1}
    )
    assert [[table["Name"] for table in page["TableList"]] for page in pages] == [["logs_a"], ["logs_b"]]
    found = athena.glue.get_table(DatabaseName=database, Name="LOGS_A")["Table"]
    assert (found["Name"], found["DatabaseName"]) == ("logs_a", database.lower())
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.get_tables(DatabaseName="nope")


def test_update_partition(athena: Athena, target: dict[str, str]) -> None:
    changed = {"Values": ["2025", "1"], "StorageDescriptor": storage("new"), "Parameters": {"generation": "g2"}}
    athena.glue.update_partition(**target, PartitionValueList=["2025", "1"], PartitionInput=changed)
    found = athena.glue.get_partition(**target, PartitionValues=["2025", "1"])["Partition"]
    assert (found["StorageDescriptor"]["Location"], found["Parameters"]) == (
        "s3://somewhere/new/",
        {"generation": "g2"},
    )
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.update_partition(
            **target, PartitionValueList=["2025", "9"], PartitionInput={**changed, "Values": ["2025", "9"]}
        )
    with pytest.raises(ClientError, match="AlreadyExists"):
        athena.glue.update_partition(
            **target, PartitionValueList=["2025", "1"], PartitionInput={**changed, "Values": ["2025", "2"]}
        )


def test_what_exists_and_what_does_not(athena: Athena, target: dict[str, str]) -> None:
    glue = athena.glue
    given = {"Values": ["2025", "1"], "StorageDescriptor": storage("x")}
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_partition(**target, PartitionInput=given)
    errors = glue.batch_create_partition(**target, PartitionInputList=[given, {**given, "Values": ["2025", "3"]}])[
        "Errors"
    ]
    assert [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in errors] == [
        (["2025", "1"], "AlreadyExistsException")
    ]
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_partition(**target, PartitionValues=["1999", "1"])
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.create_partition(**{**target, "TableName": "nope"}, PartitionInput=given)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.delete_partition(**target, PartitionValues=["1999", "1"])
    with pytest.raises(glue.exceptions.InvalidInputException):
        glue.create_partition(**target, PartitionInput={**given, "Values": ["2025"]})


def test_batch_delete_partition(athena: Athena, target: dict[str, str]) -> None:
    doomed = [{"Values": ["2025", "1"]}, {"Values": ["1999", "1"]}]
    errors = athena.glue.batch_delete_partition(**target, PartitionsToDelete=doomed)["Errors"]
    assert [error["PartitionValues"] for error in errors] == [["1999", "1"]]
    assert len(athena.glue.get_partitions(**target)["Partitions"]) == 2


def test_table_versions(athena: Athena, target: dict[str, str]) -> None:
    assert (
        athena.glue.get_table(DatabaseName=target["DatabaseName"], Name=target["TableName"])["Table"]["VersionId"]
        == "0"
    )
    given = {"Name": target["TableName"], "StorageDescriptor": storage("second"), "PartitionKeys": KEYS}
    athena.glue.update_table(DatabaseName=target["DatabaseName"], TableInput=given)
    versions = athena.glue.get_table_versions(**target)["TableVersions"]
    places = [each["Table"]["StorageDescriptor"]["Location"] for each in versions]
    assert places == ["s3://somewhere/second/", "s3://somewhere/table/"]
    assert [each["VersionId"] for each in versions] == ["1", "0"]


def test_an_update_replaces_the_whole_definition(athena: Athena, target: dict[str, str]) -> None:
    database, name = target["DatabaseName"], target["TableName"]
    full = {
        "Name": name, "StorageDescriptor": storage("table"), "PartitionKeys": KEYS, "TableType": "EXTERNAL_TABLE",
        "Description": "d", "Owner": "o", "Parameters": {"classification": "json"},
    }  # fmt: skip
    athena.glue.update_table(DatabaseName=database, TableInput=full)
    found = athena.glue.get_table(DatabaseName=database, Name=name)["Table"]
    assert found["StorageDescriptor"] == {**storage("table"), **DEFAULTS}
    assert {key: found.get(key) for key in full} == {**full, "StorageDescriptor": found["StorageDescriptor"]}
    athena.glue.update_table(DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": storage("bare")})
    found = athena.glue.get_table(DatabaseName=database, Name=name)["Table"]
    assert found["StorageDescriptor"] == {**storage("bare"), **DEFAULTS}
    left = [key for key in ("Description", "Owner", "Parameters", "PartitionKeys", "TableType") if found.get(key)]
    assert (left, found["CreateTime"] is not None) == ([], True)


def test_batches_and_pages_have_limits(athena: Athena, target: dict[str, str]) -> None:
    glue = athena.glue
    inputs = [{"Values": ["2024", str(n)], "StorageDescriptor": storage("x")} for n in range(101)]
    with pytest.raises(ClientError, match=r"partitionInputList.*less than or equal to 100"):
        glue.batch_create_partition(**target, PartitionInputList=inputs)
    glue.batch_create_partition(**target, PartitionInputList=inputs[:100])
    doomed = [{"Values": each["Values"]} for each in inputs[:26]]
    with pytest.raises(ClientError, match=r"partitionsToDelete.*less than or equal to 25"):
        glue.batch_delete_partition(**target, PartitionsToDelete=doomed)
    pages = list(glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["DatabaseList"]) for page in pages] == [1] * len(glue.get_databases()["DatabaseList"])


def test_what_is_not_there_is_refused(athena: Athena, target: dict[str, str]) -> None:
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="nope"):
        athena.glue.create_partition_index(**target, PartitionIndex={"IndexName": "i", "Keys": ["year", "nope"]})
    athena.glue.create_partition_index(**target, PartitionIndex={"IndexName": "i", "Keys": ["year"]})
    with pytest.raises(ClientError, match="AccessDeniedException"):
        athena.glue.get_databases(CatalogId="999999999999")


def test_partitions_without_their_columns(athena: Athena, target: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html#API_GetPartitions_RequestSyntax"""
    for each in athena.glue.get_partitions(**target, ExcludeColumnSchema=True)["Partitions"]:
        kept = {key: value for key, value in storage(each["Values"][1]).items() if key != "Columns"}
        assert each["StorageDescriptor"] == {**kept, **DEFAULTS}
    assert athena.glue.get_partitions(**target)["Partitions"][0]["StorageDescriptor"]["Columns"]


def test_a_table_with_partition_indexes(athena: Athena, target: dict[str, str]) -> None:
    name = f"{target['TableName']}_indexed"
    wanted = {"DatabaseName": athena.database, "TableInput": {"Name": name, "PartitionKeys": KEYS}}
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="nope"):
        athena.glue.create_table(**wanted, PartitionIndexes=[{"IndexName": "i", "Keys": ["nope"]}])
    athena.glue.create_table(**wanted, PartitionIndexes=[{"IndexName": "i", "Keys": ["year"]}])
    indexes = athena.glue.get_partition_indexes(DatabaseName=athena.database, TableName=name)
    assert [each["IndexName"] for each in indexes["PartitionIndexDescriptorList"]] == ["i"]


def test_a_partition_has_a_value_for_each_key(athena: Athena, target: dict[str, str]) -> None:
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="number of partition"):
        athena.glue.get_partition(**target, PartitionValues=["2025"])
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.get_partition(**target, PartitionValues=["2025", "11"])


def test_names_of_256_characters_are_refused(athena: Athena) -> None:
    too_long = "Member must have length less than or equal to 255"
    with pytest.raises(ClientError, match=too_long):
        athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": "a" * 256})
    with pytest.raises(ClientError, match=too_long):
        athena.glue.create_database(DatabaseInput={"Name": "a" * 256})
    athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": "a" * 255})


def test_an_update_replaces_the_whole_database(athena: Athena) -> None:
    name = f"{athena.database}_updated"
    told = {"Description": "d", "LocationUri": "s3://b/", "Parameters": {"a": "1"}}
    athena.glue.create_database(DatabaseInput={"Name": name, **told})
    athena.glue.update_database(Name=name, DatabaseInput={"Name": name, "Description": "new"})
    found = athena.glue.get_database(Name=name)["Database"]
    assert [found.get(each) for each in told] == ["new", None, None]
    with pytest.raises(athena.glue.exceptions.InvalidInputException):
        athena.glue.update_database(Name=name, DatabaseInput={"Name": f"{name}_2"})


@pytest.mark.parametrize("values", [["2025"], ["2025", "1", "x"], []])
def test_values_that_no_partition_has(athena: Athena, target: dict[str, str], values: list[str]) -> None:
    glue, given = athena.glue, {"Values": values, "StorageDescriptor": storage("x")}
    old = {"PartitionValueList": ["2025", "1"]}
    for operation, asked in (
        (glue.create_partition, {"PartitionInput": given}),
        (glue.batch_create_partition, {"PartitionInputList": [given]}),
        (glue.update_partition, {**old, "PartitionInput": given}),
    ):
        with pytest.raises(glue.exceptions.InvalidInputException, match="partition"):
            operation(**target, **asked)
    errors = glue.batch_update_partition(**target, Entries=[{**old, "PartitionInput": given}])["Errors"]
    assert [(each["PartitionValueList"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        (["2025", "1"], "InvalidInputException")
    ]
    found = glue.get_partitions(**target)["Partitions"]
    assert [each["Values"] for each in found] == [["2025", "1"], ["2025", "10"], ["2025", "2"]]


def test_a_batch_of_updates(athena: Athena, target: dict[str, str]) -> None:
    entries = [
        {"PartitionValueList": ["2025", old], "PartitionInput": {"Values": ["2025", new], "Parameters": {"n": new}}}
        for old, new in (("1", "3"), ("2", "10"), ("9", "9"), ("10", "10"))
    ]
    errors = athena.glue.batch_update_partition(**target, Entries=entries)["Errors"]
    assert [(each["PartitionValueList"][1], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("2", "AlreadyExistsException"),
        ("9", "EntityNotFoundException"),
    ]
    found = athena.glue.get_partitions(**target)["Partitions"]
    assert [(each["Values"][1], each.get("Parameters")) for each in found] == [
        ("10", {"n": "10"}), ("2", None), ("3", {"n": "3"})]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("batch_delete_partition", {"PartitionsToDelete": [{"Values": ["2025", "1"]}]}),
        ("batch_get_partition", {"PartitionsToGet": [{"Values": ["2025", "1"]}]}),
        ("batch_update_partition", {"Entries": [{"PartitionValueList": ["1"], "PartitionInput": {"Values": ["1"]}}]}),
        ("delete_partition", {"PartitionValues": ["2025", "1"]}),
        ("get_partition_indexes", {}),
        ("delete_partition_index", {"IndexName": "i"}),
        ("get_table_version", {}),
        ("delete_table_version", {"VersionId": "0"}),
        ("batch_delete_table_version", {"VersionIds": ["0"]}),
    ],
)
def test_a_missing_table(athena: Athena, operation: str, asked: dict[str, Any]) -> None:
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException, match="Table nope"):
        getattr(athena.glue, operation)(DatabaseName=athena.database, TableName="nope", **asked)


def test_a_table_without_keys_has_no_partitions(athena: Athena, target: dict[str, str]) -> None:
    bare = {**target, "TableName": f"{target['TableName']}_bare"}
    athena.glue.create_table(DatabaseName=athena.database, TableInput={"Name": bare["TableName"]})
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="partition"):
        athena.glue.create_partition(**bare, PartitionInput={"StorageDescriptor": storage("x")})
    assert athena.glue.get_partitions(**bare)["Partitions"] == []


def test_partition_indexes(athena: Athena, target: dict[str, str]) -> None:
    """At most three: https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html"""
    glue = athena.glue

    def make(name: str, *keys: str) -> None:
        glue.create_partition_index(**target, PartitionIndex={"IndexName": name, "Keys": list(keys)})

    def names() -> list[str]:
        return [each["IndexName"] for each in glue.get_partition_indexes(**target)["PartitionIndexDescriptorList"]]

    make("a", "month", "year")
    index = glue.get_partition_indexes(**target)["PartitionIndexDescriptorList"]
    keys = [{"Name": "month", "Type": "int"}, {"Name": "year", "Type": "string"}]
    assert index == [{"IndexName": "a", "Keys": keys, "IndexStatus": "ACTIVE"}]
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        make("a", "year")
    make("b", "year")
    make("c", "month")
    with pytest.raises(glue.exceptions.ResourceNumberLimitExceededException):
        make("d", "year", "month")
    glue.delete_partition_index(**target, IndexName="b")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.delete_partition_index(**target, IndexName="b")
    assert names() == ["a", "c"]
    given = {"Name": f"{target['TableName']}_twice", "PartitionKeys": KEYS}
    twice = [{"IndexName": "i", "Keys": ["year"]}] * 2
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_table(DatabaseName=athena.database, TableInput=given, PartitionIndexes=twice)


def test_a_search_is_refused(athena: Athena) -> None:
    with pytest.raises(ClientError, match="the local AWS does not have SearchTables"):
        athena.glue.search_tables(SearchText="x")
