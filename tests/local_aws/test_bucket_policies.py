"""Bucket policies that S3 doesn't take: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]


def statement_for(bucket: str, **changes: Any) -> dict[str, Any]:
    """A statement that S3 takes, with members changed, or taken out with None; BUCKET stands for the name."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::BUCKET/*",
        **changes,
    }
    kept = {name: value for name, value in statement.items() if value is not None}
    given: dict[str, Any] = json.loads(json.dumps(kept).replace("BUCKET", bucket))
    return given


def put(aws: Aws, bucket: str, policy: Any) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=text)


def refused(aws: Aws, bucket: str, policy: Any) -> str:
    with pytest.raises(ClientError) as error:
        put(aws, bucket, policy)
    assert error.value.response["Error"]["Code"] == "MalformedPolicy"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        aws.client("s3").get_bucket_policy(Bucket=bucket)
    return str(error.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "Policies must be valid JSON and the first byte must be '{'"),
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ({"Version": "2012-10-17", "Statement": []}, "Could not parse the policy: Statement is empty!"),
        ({"Version": "2012-10-17"}, "Could not parse the policy: Statement is empty!"),
    ],
)
def test_documents(aws: Aws, bucket: str, policy: Any, message: str) -> None:
    assert refused(aws, bucket, policy) == message


def test_fields_and_version_of_a_document(aws: Aws, bucket: str) -> None:
    assert refused(aws, bucket, {"Foo": 1, "Statement": [statement_for(bucket)]}) == "Unknown field Foo"
    old = {"Version": "2020-01-01", "Statement": [statement_for(bucket)]}
    assert refused(aws, bucket, old) == "The policy must contain a valid version string"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Effect": "Maybe"}, "Invalid effect: Maybe"),
        ({"Principal": None}, "Missing required field Principal"),
        ({"Action": None}, "Missing required field Action"),
        ({"Resource": None}, "Missing required field Resource"),
        ({"Foo": 1}, "Unknown field Foo"),
        (
            {"Principal": None, "NotPrincipal": {"AWS": ACCOUNT}},
            "the local AWS does not evaluate NotPrincipal",
        ),
        ({"Action": "s3:Foo"}, "Policy has invalid action"),
        ({"Action": ["s3:GetObject", "sqs:SendMessage"]}, "Policy has invalid action"),
        ({"Resource": "arn:aws:s3:::another/*"}, "Policy has invalid resource"),
        ({"Resource": "foo"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3:::BUCKET"}, "Action does not apply to any resource(s) in statement"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
        ({"Principal": "me"}, "Invalid principal in policy"),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}, "Invalid principal in policy"),
        ({"Condition": {"FooEquals": {"aws:SourceIp": "1"}}}, "Invalid Condition type : FooEquals"),
        (
            {"Condition": {"StringEquals": {"s3:foo": "1"}}},
            "Policy has an invalid condition key, or one that the local AWS does not evaluate: s3:foo",
        ),
        (
            {"Condition": {"Null": {"s3:if-none-match": "true"}}, "Action": "s3:PutObject"},
            "Policy has an invalid condition key, or one that the local AWS does not evaluate: s3:if-none-match",
        ),
    ],
)
def test_statements(aws: Aws, bucket: str, changes: dict[str, Any], message: str) -> None:
    assert refused(aws, bucket, {"Version": "2012-10-17", "Statement": [statement_for(bucket, **changes)]}) == message


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "s3:*", "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]},
        {"Action": ["s3:getobject*", "s3:ListBucket"], "Resource": ["arn:aws:s3:::BUCKET*"]},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:UserId": ["x"]}, "Null": {"aws:SourceVpce": "true"}}},
        {"Principal": {"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"], "Service": "logging.s3.amazonaws.com"}},
        {"Action": None, "NotAction": "s3:GetObject"},
    ],
)  # fmt: skip
def test_statements_that_are_right(aws: Aws, bucket: str, changes: dict[str, Any]) -> None:
    s3, policy = aws.client("s3"), {"Version": "2012-10-17", "Statement": statement_for(bucket, **changes)}
    try:
        put(aws, bucket, policy)
        assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    finally:
        s3.delete_bucket_policy(Bucket=bucket)


def test_the_size_of_a_policy(aws: Aws, bucket: str) -> None:
    """20 KB without white space: https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html"""
    policy = {"Version": "2012-10-17", "Statement": [statement_for(bucket)]}
    missing = 20_480 - len(json.dumps(policy, separators=(",", ":")))
    policy["Statement"][0]["Resource"] += "a" * missing
    s3 = aws.client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy, indent=4))
    s3.delete_bucket_policy(Bucket=bucket)
    policy["Statement"][0]["Resource"] += "a"
    with pytest.raises(ClientError, match="Policy exceeds the maximum allowed document size"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_a_statement_for_a_role(aws: Aws, bucket: str, assume: Assume) -> None:
    s3, reader = aws.client("s3"), assume([{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}])
    session = reader.client("sts").get_caller_identity()["Arn"]
    role = f"arn:aws:iam::{ACCOUNT}:role/{session.split('/')[1]}"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    put(aws, bucket, {"Statement": [statement_for(bucket, Effect="Allow", Principal={"AWS": role})]})
    try:
        assert reader.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    finally:
        s3.delete_bucket_policy(Bucket=bucket)


def test_whether_a_policy_is_public(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy_status(Bucket=bucket)
    for changes, public in (({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}}, False), ({"Effect": "Allow"}, True)):
        if public:
            s3.delete_public_access_block(Bucket=bucket)
        put(aws, bucket, {"Version": "2012-10-17", "Statement": statement_for(bucket, **changes)})
        try:
            assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": public}
        finally:
            s3.delete_bucket_policy(Bucket=bucket)
