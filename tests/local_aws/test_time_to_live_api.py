"""The changes of TTL that DynamoDB refuses, and what a table's stream tells of the items that TTL deleted.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
"""

import os
import time
import uuid
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws, exports, local_aws


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


def test_a_stream_tells_ttl_deletions_from_others(tmp_path: Path) -> None:
    started = local_aws(
        "start", "--port", "0", "--state", str(tmp_path), env={**os.environ, "LOCAL_AWS_TTL_SECONDS": "0.2"}
    )
    try:
        aws = Aws(exports(started.stdout)["AWS_ENDPOINT_URL"])
        dynamodb, streams = aws.client("dynamodb"), aws.client("dynamodbstreams")
        stream = dynamodb.create_table(
            TableName="logs", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
        )["TableDescription"]["LatestStreamArn"]  # fmt: skip
        second_ago, in_an_hour = str(int(time.time()) - 1), str(int(time.time()) + 3600)
        for key, expires in (("expired", {"N": second_ago}), ("by hand", {"N": in_an_hour}), ("text", {"S": "1"})):
            dynamodb.put_item(TableName="logs", Item={"id": {"S": key}, "expires": expires})
        dynamodb.delete_item(TableName="logs", Key={"id": {"S": "by hand"}})
        dynamodb.update_time_to_live(
            TableName="logs", TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True}
        )
        deadline = time.monotonic() + 20
        while dynamodb.scan(TableName="logs")["Count"] > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        told = [
            (each["dynamodb"]["OldImage"]["id"]["S"], each.get("userIdentity"))
            for each in records
            if each["eventName"] == "REMOVE"
        ]
        by_ttl = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
        assert told == [("by hand", None), ("expired", by_ttl)]
        assert [item["id"]["S"] for item in dynamodb.scan(TableName="logs")["Items"]] == ["text"]
    finally:
        local_aws("stop", "--state", str(tmp_path))
