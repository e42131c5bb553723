"""Pages of parallel scans.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan
"""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Aws, invalid


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    name, dynamodb = f"scans-{uuid.uuid4().hex[:8]}", aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in "kg"],
        GlobalSecondaryIndexes=[{
            "IndexName": "byg", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
    )  # fmt: skip
    for number in range(40):
        dynamodb.put_item(TableName=name, Item={"k": {"S": f"k{number}"}, "g": {"S": f"g{number}"}})
    return name


@pytest.mark.parametrize("index", [{}, {"IndexName": "byg"}])
def test_a_segment_goes_on_from_its_own_key(aws: Aws, table: str, index: dict[str, Any]) -> None:
    dynamodb = aws.client("dynamodb")
    scan = {"TableName": table, "TotalSegments": 4, **index}
    key = dynamodb.scan(**scan, Segment=0, Limit=1)["LastEvaluatedKey"]
    assert invalid(dynamodb.scan, **scan, Segment=1, ExclusiveStartKey=key) == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
        "Segment. TotalSegments: 4 Segment: 1"
    )
    found = []
    for segment in range(4):
        first = dynamodb.scan(**scan, Segment=segment, Limit=1)
        rest = dynamodb.scan(**scan, Segment=segment, ExclusiveStartKey=first["LastEvaluatedKey"])
        found += first["Items"] + rest["Items"]
    assert len({each["k"]["S"] for each in found}) == len(found) == 40
