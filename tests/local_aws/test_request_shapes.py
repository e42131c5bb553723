"""Requests that the models of Athena and Glue don't allow, as raw clients send them; boto3 would check some itself.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html and the pages of the other calls
"""

# ruff: noqa: E501

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.local_aws.harness import Aws

LOCATION = {"OutputLocation": "s3://b/r/"}


def call(aws: Aws, service: str, target: str, body: Any) -> tuple[int, dict[str, Any]]:
    """(status, answer) of a request that boto3 wouldn't send."""
    prefix = {"athena": "AmazonAthena", "glue": "AWSGlue"}[service]
    headers = {"X-Amz-Target": f"{prefix}.{target}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest(
        "POST", aws.url + "/", data=body if isinstance(body, str) else json.dumps(body), headers=headers
    )
    SigV4Auth(Credentials("local", "local"), service, "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize(
    ("target", "body", "said"),
    [
        ("StartQueryExecution", {}, "Value null at 'queryString' failed to satisfy constraint: Member must not be null"),
        ("StartQueryExecution", {"QueryString": ""}, "Value '' at 'queryString' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "ClientRequestToken": "x" * 31}, "'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 32"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "ClientRequestToken": "x" * 129}, "'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 128"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "QueryExecutionContext": {"Database": ""}}, "'queryExecutionContext.database' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "ResultConfiguration": {**LOCATION, "AclConfiguration": {"S3AclOption": "PUBLIC"}}}, "Member must satisfy enum value set: [BUCKET_OWNER_FULL_CONTROL]"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "ResultConfiguration": {**LOCATION, "ExpectedBucketOwner": "abc"}}, "Value 'abc' at 'resultConfiguration.expectedBucketOwner'"),
        ("StartQueryExecution", {"QueryString": "SELECT 1", "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {}}}, "'resultReuseConfiguration.resultReuseByAgeConfiguration.enabled' failed to satisfy constraint: Member must not be null"),
        ("GetQueryResults", {"QueryExecutionId": "x", "MaxResults": 0, "NextToken": ""}, "2 validation errors detected"),
        ("CreateWorkGroup", {}, "Value null at 'name'"),
        ("CreateWorkGroup", {"Name": "w", "Configuration": {"BytesScannedCutoffPerQuery": 9_999_999}}, "value greater than or equal to 10000000"),
        ("UpdateWorkGroup", {"WorkGroup": "primary", "ConfigurationUpdates": {"BytesScannedCutoffPerQuery": 5}}, "value greater than or equal to 10000000"),
        ("CreateWorkGroup", {"Name": "w", "Configuration": {"ExecutionRole": "foo"}}, "Value 'foo' at 'configuration.executionRole'"),
        ("CreateNamedQuery", {}, "3 validation errors detected"),
        ("BatchGetQueryExecution", {}, "Value null at 'queryExecutionIds'"),
        ("BatchGetQueryExecution", {"QueryExecutionIds": []}, "'queryExecutionIds' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        ("ListTableMetadata", {}, "2 validation errors detected"),
        ("ListDataCatalogs", {"MaxResults": 1}, "value greater than or equal to 2"),
        ("DeleteWorkGroup", {}, "Value null at 'workGroup'"),
        ("ListPreparedStatements", {}, "Value null at 'workGroup'"),
    ],
)  # fmt: skip
def test_what_athenas_model_forbids(aws: Aws, target: str, body: dict[str, Any], said: str) -> None:
    status, answer = call(aws, "athena", target, body)
    assert (status, answer["__type"], answer["AthenaErrorCode"]) == (400, "InvalidRequestException", "INVALID_INPUT")
    assert said in answer["message"]


@pytest.mark.parametrize(
    ("service", "target", "body"),
    [
        ("athena", "StartQueryExecution", {"QueryString": 5}),
        ("athena", "StartQueryExecution", {"QueryString": ["SELECT 1"]}),
        ("athena", "StartQueryExecution", {"QueryString": "SELECT 1", "ExecutionParameters": "1"}),
        ("athena", "GetQueryResults", {"QueryExecutionId": "x", "MaxResults": "1"}),
        ("athena", "GetQueryResults", {"QueryExecutionId": "x", "MaxResults": True}),
        ("athena", "GetQueryExecution", []),
        ("athena", "GetQueryResults", {"QueryExecutionId": ["x"]}),
        ("athena", "GetQueryExecution", "{"),
        ("glue", "GetTables", []),
        ("glue", "CreateTable", {"DatabaseName": "d", "TableInput": "x"}),
        ("glue", "CreateDatabase", {"DatabaseInput": []}),
        ("glue", "GetTables", {"DatabaseName": "d", "MaxResults": "x"}),
    ],
)
def test_what_cannot_be_read(aws: Aws, service: str, target: str, body: Any) -> None:
    status, answer = call(aws, service, target, body)
    assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "clientRequestToken is null or empty"),
        ({"ClientRequestToken": "\u3042" * 50}, "clientRequestToken exceeds maximum allowed length 128"),
        (
            {"ClientRequestToken": "x" * 40, "ResultConfiguration": {"OutputLocation": "s3://Bad_Bucket!/x"}},
            "outputLocation is not a valid S3 path.",
        ),
    ],
)
def test_what_a_start_needs(aws: Aws, more: dict[str, Any], said: str) -> None:
    body = {"QueryString": "SELECT 1", "ResultConfiguration": LOCATION, **more}
    status, answer = call(aws, "athena", "StartQueryExecution", body)
    assert (status, answer["AthenaErrorCode"], answer["message"]) == (400, "INVALID_INPUT", said)


def test_what_is_null_is_absent(aws: Aws) -> None:
    assert call(aws, "athena", "CreateWorkGroup", {"Name": "with-null", "Configuration": None})[0] == 200
    changed = {"WorkGroup": "with-null", "ConfigurationUpdates": {"EnforceWorkGroupConfiguration": False}}
    assert call(aws, "athena", "UpdateWorkGroup", changed)[0] == 200
    assert call(aws, "athena", "UpdateWorkGroup", {"WorkGroup": "with-null", "ConfigurationUpdates": None})[0] == 200


@pytest.mark.parametrize("target", ["NoSuchOperation", "StartSession"])
def test_an_operation_that_is_not_there(aws: Aws, target: str) -> None:
    body = {"StartSession": {"WorkGroup": "primary", "EngineConfiguration": {"MaxConcurrentDpus": 2}}}.get(target, {})
    status, answer = call(aws, "athena", target, body)
    assert (status, answer["__type"]) == (400, "UnknownOperationException")
