"""Requests about tables that DynamoDB refuses, and what it tells of their throughput.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

import time
import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.local_aws.harness import Aws, invalid

INVALID = "One or more parameter values were invalid: "
THROUGHPUT = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
KEYS = [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]
DEFINED = [{"AttributeName": each, "AttributeType": "S"} for each in "ks"]


@pytest.fixture(scope="module")
def dynamodb(aws: Aws) -> Any:
    """A client that sends what it is told to."""
    return boto3.client(
        "dynamodb", endpoint_url=aws.url, region_name="us-east-1", aws_access_key_id="local",
        aws_secret_access_key="local", config=Config(parameter_validation=False),
    )  # fmt: skip


def index(name: str = "index", **given: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": KEYS, "Projection": {"ProjectionType": "ALL"}, **given}


def request(**given: Any) -> dict[str, Any]:
    name = f"tables-{uuid.uuid4().hex[:8]}"
    billing = {} if "ProvisionedThroughput" in given else {"BillingMode": "PAY_PER_REQUEST"}
    return {"TableName": name, "KeySchema": KEYS, "AttributeDefinitions": DEFINED, **billing, **given}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {kind: [index(Projection={"ProjectionType": "ALL", "NonKeyAttributes": ["a"]})]},
            "ProjectionType is ALL, but NonKeyAttributes is specified",
        )
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    ]
    + [
        ({"GlobalSecondaryIndexes": []}, "List of GlobalSecondaryIndexes is empty"),
        ({"LocalSecondaryIndexes": []}, "List of LocalSecondaryIndexes is empty"),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            "Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            {"LocalSecondaryIndexes": [index(f"index{number}") for number in range(6)]},
            "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            {"GlobalSecondaryIndexes": [index(ProvisionedThroughput=THROUGHPUT)]},
            "ProvisionedThroughput should not be specified for index: index when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"ProvisionedThroughput": THROUGHPUT, "GlobalSecondaryIndexes": [index()]},
            "ProvisionedThroughput is not specified for index: index",
        ),
    ],
)
def test_tables_that_are_not_created(dynamodb: Any, given: dict[str, Any], reason: str) -> None:
    assert invalid(dynamodb.create_table, **request(**given)) == INVALID + reason


def test_tables_that_are_created(dynamodb: Any) -> None:
    indexes = [index(f"index{number}") for number in range(5)]
    dynamodb.create_table(**request(LocalSecondaryIndexes=indexes))
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    dynamodb.create_table(**request(StreamSpecification=view, GlobalSecondaryIndexes=[index()]))


def throughputs(table: dict[str, Any]) -> list[tuple[int, int]]:
    every = [table, *table["GlobalSecondaryIndexes"]]
    found = [each["ProvisionedThroughput"] for each in every]
    return [(each["ReadCapacityUnits"], each["WriteCapacityUnits"]) for each in found]


def test_the_throughput_of_indexes_goes_with_that_of_the_table(dynamodb: Any) -> None:
    indexes = [index(ProvisionedThroughput=THROUGHPUT)]
    created = request(ProvisionedThroughput=THROUGHPUT, GlobalSecondaryIndexes=indexes)
    table = {"TableName": created["TableName"]}
    assert throughputs(dynamodb.create_table(**created)["TableDescription"]) == [(2, 3), (2, 3)]
    changed = dynamodb.update_table(**table, BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert throughputs(changed) == throughputs(dynamodb.describe_table(**table)["Table"]) == [(0, 0), (0, 0)]
    back = {**table, "BillingMode": "PROVISIONED", "ProvisionedThroughput": THROUGHPUT}
    assert (
        invalid(dynamodb.update_table, **back) == INVALID + "ProvisionedThroughput must be specified for index: index"
    )
    updates = [{"Update": {"IndexName": "index", "ProvisionedThroughput": THROUGHPUT}}]
    changed = dynamodb.update_table(**back, GlobalSecondaryIndexUpdates=updates)["TableDescription"]
    assert throughputs(changed) == [(2, 3), (2, 3)]


@pytest.mark.parametrize(("limit", "bound"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_the_limit_of_a_list_of_tables(dynamodb: Any, limit: int, bound: str) -> None:
    constraint = f"failed to satisfy constraint: Member must have value {bound}"
    assert invalid(dynamodb.list_tables, Limit=limit) == (
        f"1 validation error detected: Value '{limit}' at 'limit' {constraint}"
    )
    dynamodb.list_tables(Limit=100)


def test_tags_of_aws_are_not_given(dynamodb: Any) -> None:
    created = dynamodb.create_table(**request())["TableDescription"]["TableArn"]
    tags = [{"Key": "aws:x", "Value": "1"}]
    invalid(dynamodb.tag_resource, ResourceArn=created, Tags=tags)
    invalid(dynamodb.create_table, **request(Tags=tags))
    dynamodb.tag_resource(ResourceArn=created, Tags=[{"Key": "x", "Value": "aws:1"}])
    assert dynamodb.list_tags_of_resource(ResourceArn=created)["Tags"] == [{"Key": "x", "Value": "aws:1"}]


def test_a_table_is_restored_with_another_throughput(dynamodb: Any) -> None:
    created = request(GlobalSecondaryIndexes=[index()])
    source = created["TableName"]
    arn = dynamodb.create_table(**created)["TableDescription"]["TableArn"]
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=source, PointInTimeRecoverySpecification=recovery)
    target, restore = f"{source}-restored", dynamodb.restore_table_to_point_in_time
    asked = {"SourceTableName": source, "TargetTableName": target}
    invalid(restore, **asked, UseLatestRestorableTime=True, RestoreDateTime=int(time.time()))
    asked["UseLatestRestorableTime"] = True
    override = {"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": THROUGHPUT}
    indexes = [index(ProvisionedThroughput=THROUGHPUT)]
    restored = restore(**asked, **override, GlobalSecondaryIndexOverride=indexes)["TableDescription"]
    assert throughputs(restored) == [(2, 3), (2, 3)]
    assert restored["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    for found in (restored, dynamodb.describe_table(TableName=target)["Table"]):
        summary = found["RestoreSummary"]
        assert (summary["SourceTableArn"], summary["RestoreInProgress"]) == (arn, False)
        assert abs(summary["RestoreDateTime"].timestamp() - time.time()) < 60
    assert "RestoreSummary" not in dynamodb.describe_table(TableName=source)["Table"]
