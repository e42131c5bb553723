"""How much BatchGetItem reads, and what that costs.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Aws

ITEMS = 60
BYTES = 399 * 1024


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    """Sixty items of a little more than 399 KB, and one of a few bytes."""
    name = f"batches-{uuid.uuid4().hex[:8]}"
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "N"}],
    )  # fmt: skip
    for number in range(ITEMS):
        dynamodb.put_item(TableName=name, Item={"k": {"N": str(number)}, "text": {"S": "x" * BYTES}})
    dynamodb.put_item(TableName=name, Item={"k": {"N": "-1"}, "text": {"S": "é"}})
    return name


def keys(*numbers: int) -> list[dict[str, Any]]:
    return [{"k": {"N": str(number)}} for number in numbers]


def test_sixteen_megabytes(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    asked = {"Keys": keys(*range(ITEMS)), "ProjectionExpression": "k"}
    answer = dynamodb.batch_get_item(RequestItems={table: asked}, ReturnConsumedCapacity="TOTAL")
    # 41 of them are 16,751,616 bytes of text, and 42 of them more than 16,777,216
    assert answer["Responses"][table] == keys(*range(41))
    assert answer["UnprocessedKeys"] == {table: {**asked, "Keys": keys(*range(41, ITEMS))}}
    # each is 399 KB and a few bytes, hence 100 units of 4 KB, and half of them if the read may be stale
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 41 * 100 / 2}]
    rest = dynamodb.batch_get_item(RequestItems=answer["UnprocessedKeys"])
    assert (rest["Responses"][table], rest["UnprocessedKeys"]) == (keys(*range(41, ITEMS)), {})


def test_capacity(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    asked = {table: {"Keys": keys(-1, -2, 3), "ConsistentRead": True}}
    answer = dynamodb.batch_get_item(RequestItems=asked, ReturnConsumedCapacity="INDEXES")
    told = {"TableName": table, "CapacityUnits": 102.0, "Table": {"CapacityUnits": 102.0}}
    assert answer["ConsumedCapacity"] == [told]
    assert answer["Responses"][table][0] == {"k": {"N": "-1"}, "text": {"S": "é"}}
    assert "ConsumedCapacity" not in dynamodb.batch_get_item(RequestItems=asked)
