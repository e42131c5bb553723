"""Restoring a table as it was at a moment.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

OLD, NEW, LATE = ({"k": {"S": key}, "n": {"N": number}} for key, number in (("a", "1"), ("a", "2"), ("b", "3")))


@pytest.fixture
def table(aws: Aws) -> str:
    name = f"restore-{uuid.uuid4().hex[:8]}"
    aws.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    return name


def restored(aws: Aws, table: str, **request: Any) -> list[dict[str, Any]]:
    dynamodb, target = aws.client("dynamodb"), f"target-{uuid.uuid4().hex[:8]}"
    dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=target, **request)
    return sorted(dynamodb.scan(TableName=target)["Items"], key=str)


def test_a_table_without_recovery_is_not_restored(aws: Aws, table: str) -> None:
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        restored(aws, table, UseLatestRestorableTime=True)


def test_a_table_is_restored_as_it_was(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    dynamodb.put_item(TableName=table, Item=OLD)
    time.sleep(1.1)  # the API's times are whole seconds
    moment = int(time.time())
    time.sleep(1.1)
    dynamodb.put_item(TableName=table, Item=NEW)
    dynamodb.put_item(TableName=table, Item=LATE)
    assert restored(aws, table, RestoreDateTime=moment) == [OLD]
    assert restored(aws, table, UseLatestRestorableTime=True) == [NEW, LATE]
    with pytest.raises(ClientError, match="InvalidRestoreTimeException"):
        restored(aws, table, RestoreDateTime=1_600_000_000)
