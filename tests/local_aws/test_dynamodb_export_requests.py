"""Requests of exports, backups and TTL that DynamoDB cannot read, or whose members its model doesn't allow.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListExports.html
"""

import json
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from tests.local_aws.harness import Aws
from tests.local_aws.test_dynamodb_export import Table
from tests.local_aws.test_dynamodb_export import table as table


@pytest.mark.parametrize(
    "wrong",
    [
        {"S3Bucket": "Bad_Bucket!"},
        {"S3Bucket": "b" * 300},
        {"ExportType": "FOO"},
        {"ExportFormat": "FOO"},
        {"S3SseAlgorithm": "FOO"},
        {"S3BucketOwner": "1"},
        {
            "ExportType": "INCREMENTAL_EXPORT",
            "IncrementalExportSpecification": {"ExportFromTime": int(time.time()), "ExportViewType": "FOO"},
        },
    ],
)
def test_members_that_the_model_does_not_allow(table: Table, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        table.export(**wrong)


def test_a_page_of_exports_that_is_unknown(table: Table) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        table.dynamodb.list_exports(NextToken="zzz")


@pytest.mark.parametrize("body", ["", "[]", '"x"', "{"])
@pytest.mark.parametrize(
    "name",
    [
        "ExportTableToPointInTime", "ListExports", "DescribeExport", "UpdateContinuousBackups",
        "DescribeContinuousBackups", "UpdateTimeToLive",
    ],
)  # fmt: skip
def test_bodies_that_are_no_requests(aws: Aws, name: str, body: str) -> None:
    request = AWSRequest("POST", aws.url + "/", data=body, headers={"X-Amz-Target": f"DynamoDB_20120810.{name}"})
    SigV4Auth(Credentials("local", "local"), "dynamodb", "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert (answer.status_code, json.loads(answer.content)["__type"]) == (400, "SerializationException")


def test_ttl_that_was_disabled_names_no_attribute(table: Table) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html"""
    for enabled in (True, False):
        wanted = {"AttributeName": "expires", "Enabled": enabled}
        table.dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=wanted)
    found = table.dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert found == {"TimeToLiveStatus": "DISABLED"}
