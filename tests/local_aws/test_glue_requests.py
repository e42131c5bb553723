"""Requests to Glue that no client would send that knows the service's model."""

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.local_aws.harness import Athena, Aws


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("CreateTable", {"TableInput": {}}),
        ("CreatePartition", {"TableName": "t", "PartitionInput": {"Values": ["2025", ""]}}),
        ("GetTable", {}),
        ("GetTables", {"DatabaseName": None}),
        ("GetTables", {"MaxResults": 0}),
        ("GetTables", {"MaxResults": "x"}),
        ("GetDatabases", {"MaxResults": 0}),
        ("GetDatabase", {"Name": None}),
        ("GetPartition", {"TableName": "t"}),
        ("DeletePartition", {"TableName": "t"}),
        ("UpdatePartition", {"TableName": "t", "PartitionInput": {}}),
        ("BatchGetPartition", {"TableName": "t"}),
        ("GetPartitions", {"TableName": "t", "MaxResults": 0}),
        ("GetPartitions", {"TableName": "t", "Segment": {"SegmentNumber": 0, "TotalSegments": 11}}),
        ("GetPartitions", {"TableName": "t", "Expression": "a" * 2049}),
        ("CreateTable", {"TableInput": {"Name": "t", "Retention": -1}}),
        ("CreateTable", {"TableInput": {"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "a" * 256}]}}}),
        (
            "CreateTable",
            {"TableInput": {"Name": "t", "PartitionKeys": [{"Name": "a", "Type": "int", "Comment": "c" * 256}]}},
        ),
    ],
)
def test_requests_against_the_model(aws: Aws, athena: Athena, operation: str, members: dict[str, Any]) -> None:
    code, listed = ask_raw(aws, operation, {"DatabaseName": athena.database, **members})
    assert code == 400
    assert listed["__type"] in ("InvalidInputException", "ValidationException", "SerializationException"), listed
    assert all(each["Name"] for each in athena.glue.get_tables(DatabaseName=athena.database)["TableList"])


def ask_raw(aws: Aws, operation: str, members: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A request as no client that knows the model would send it."""
    headers = {"X-Amz-Target": f"AWSGlue.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    asked = AWSRequest("POST", aws.url, headers, json.dumps(members).encode())
    SigV4Auth(Credentials(*aws.credentials), "glue", "us-east-1").add_auth(asked)
    answer = URLLib3Session().send(asked.prepare())
    return answer.status_code, json.loads(answer.content)
