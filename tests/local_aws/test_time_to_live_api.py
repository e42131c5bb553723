"""The changes of TTL that DynamoDB refuses.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

import uuid

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws


def test_ttl_changes_one_step_at_a_time(aws: Aws) -> None:
    dynamodb, name = aws.client("dynamodb"), f"ttl-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip

    def update(attribute: str, enabled: bool) -> str:
        wanted = {"AttributeName": attribute, "Enabled": enabled}
        try:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
        except ClientError as error:
            return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        return ""

    other = "ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is a"
    assert update("a", False) == "ValidationException: TimeToLive is already disabled"
    assert update("a", True) == ""
    assert update("a", True) == "ValidationException: TimeToLive is already enabled"
    assert (update("b", True), update("b", False)) == (other, other)
    assert (update("a", False), update("b", True)) == ("", "")
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.update_time_to_live(TableName="nope", TimeToLiveSpecification={"AttributeName": "a", "Enabled": True})
