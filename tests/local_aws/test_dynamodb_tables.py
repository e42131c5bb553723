"""Changes of tables that DynamoDB refuses.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-secondary-indexes
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws


def index(name: str) -> dict[str, Any]:
    keys = [{"AttributeName": "k", "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}


def create(aws: Aws, **given: Any) -> str:
    name = f"tables-{uuid.uuid4().hex[:8]}"
    aws.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}], **given,
    )  # fmt: skip
    return name


def refusal(call: Any, *positional: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(*positional, **request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_twenty_indexes(aws: Aws) -> None:
    indexes = [index(f"index-{number}") for number in range(21)]
    exceeded = "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of 20"
    assert refusal(create, aws, GlobalSecondaryIndexes=indexes) == ("ValidationException", exceeded)
    table = create(aws, GlobalSecondaryIndexes=indexes[:20])
    change = [{"Create": indexes[20]}]
    defined = [{"AttributeName": "k", "AttributeType": "S"}]
    update = {"TableName": table, "AttributeDefinitions": defined, "GlobalSecondaryIndexUpdates": change}
    exceeded = "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20"
    assert refusal(aws.client("dynamodb").update_table, **update) == ("LimitExceededException", exceeded)


def test_one_index_at_a_time(aws: Aws) -> None:
    dynamodb, table = aws.client("dynamodb"), create(aws)
    update: dict[str, Any] = {
        "TableName": table, "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": index("one")}, {"Create": index("two")}],
    }  # fmt: skip
    exceeded = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    assert refusal(dynamodb.update_table, **update) == ("LimitExceededException", exceeded)
    update["GlobalSecondaryIndexUpdates"].pop()
    dynamodb.update_table(**update)
    found = dynamodb.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    assert [each["IndexName"] for each in found] == ["one"]


def test_provisioned_needs_a_throughput(aws: Aws) -> None:
    dynamodb, table = aws.client("dynamodb"), create(aws)
    message = (
        "One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is "
        "PROVISIONED"
    )
    refused = refusal(dynamodb.update_table, TableName=table, BillingMode="PROVISIONED")
    assert refused == ("ValidationException", message)
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    dynamodb.update_table(TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput=throughput)


def test_a_stream_is_enabled_and_disabled_once(aws: Aws) -> None:
    dynamodb, table = aws.client("dynamodb"), create(aws)
    on, off = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, {"StreamEnabled": False}
    for stream, message in ((on, "already has an enabled stream"), (off, "has no stream to disable")):
        dynamodb.update_table(TableName=table, StreamSpecification=stream)
        again = refusal(dynamodb.update_table, TableName=table, StreamSpecification=stream)
        assert again == ("ValidationException", f"Table {message}: TableName: {table}")
