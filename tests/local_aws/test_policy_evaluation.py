"""What a policy's variables and condition keys stand for in a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]
ATHENA = "athena.amazonaws.com"


def allow(action: str | list[str], resource: str | list[str] = "*", **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def allowed(call: Any, **request: Any) -> bool:
    """Whether the caller may; a key that isn't there is told to those who may only."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "403"):
            return False
        raise
    return True


@pytest.fixture(scope="module")
def tagged(aws: Aws) -> str:
    """The name of a user with the tag team=blue."""
    name = f"u-{uuid.uuid4().hex[:8]}"
    aws.client("iam").create_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
    return name


@pytest.fixture(scope="module")
def user(aws: Aws, tagged: str) -> Aws:
    key = aws.client("iam").create_access_key(UserName=tagged)["AccessKey"]
    return Aws(aws.url, (key["AccessKeyId"], key["SecretAccessKey"], None))


def grant(aws: Aws, user: str, *statements: dict[str, Any]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.client("iam").put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)


@pytest.mark.parametrize(
    ("pattern", "key", "may"),
    [
        ("home/${aws:username}/*", "home/USER/k", True),
        ("home/${aws:username}/*", "home/other/k", False),
        ("home/${AWS:UserName}/*", "home/USER/k", True),
        ("home/${aws:PrincipalTag/team}/*", "home/blue/k", True),
        ("home/${aws:PrincipalTag/Team, 'none'}/*", "home/blue/k", True),
        ("home/${aws:PrincipalTag/none, 'all'}/*", "home/all/k", True),
        ("home/${aws:PrincipalTag/none}/*", "home//k", False),
        ("home/${aws:PrincipalTag/none}/*", "home/${aws:PrincipalTag/none}/k", False),
        (f"${{aws:PrincipalAccount}}/{ACCOUNT}/*", f"{ACCOUNT}/{ACCOUNT}/k", True),
        ("${aws:SourceIp}", "127.0.0.1", True),
        ("a${*}b${?}c${$}", "a*b?c$", True),
        ("a${*}b${?}c${$}", "axbxc$", False),
    ],
)
def test_variables_in_resources(
    aws: Aws, bucket: str, user: Aws, tagged: str, pattern: str, key: str, may: bool
) -> None:
    grant(aws, tagged, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/{pattern}"))
    assert allowed(user.client("s3").put_object, Bucket=bucket, Key=key.replace("USER", tagged)) is may
    everywhere = allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*")
    grant(aws, tagged, everywhere, {**allow("s3:PutObject", f"arn:aws:s3:::{bucket}/{pattern}"), "Effect": "Deny"})
    assert allowed(user.client("s3").put_object, Bucket=bucket, Key=key.replace("USER", tagged)) is not may


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"StringEquals": {"s3:prefix": "home/${aws:username}/"}}, True),
        ({"StringNotEquals": {"s3:prefix": "home/${aws:username}/"}}, False),
        ({"StringLike": {"s3:prefix": "*/${aws:username}/"}}, True),
        ({"StringEquals": {"s3:prefix": ["home/${aws:PrincipalTag/none}/", "no"]}}, False),
        ({"StringNotEquals": {"s3:prefix": "home/${aws:PrincipalTag/none}/"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"}}, True),
        ({"StringLike": {"s3:prefix": "${*}"}}, False),
        ({"StringEquals": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}}, True),
        ({"Null": {"aws:CalledVia": "true", "aws:CalledViaFirst": "true", "aws:CalledViaLast": "true"}}, True),
        ({"StringLike": {"aws:UserAgent": "my-agent/*"}}, True),
        ({"StringLike": {"aws:UserAgent": "another/*"}}, False),
    ],
)
def test_conditions(aws: Aws, bucket: str, user: Aws, tagged: str, condition: dict[str, Any], may: bool) -> None:
    grant(aws, tagged, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))
    key, secret, _ = user.credentials
    s3 = boto3.client(
        "s3", endpoint_url=aws.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
        config=Config(user_agent="my-agent/1.0", s3={"addressing_style": "path"}),
    )  # fmt: skip
    assert allowed(s3.list_objects_v2, Bucket=bucket, Prefix=f"home/{tagged}/") is may


def test_variables_in_a_bucket_policy(aws: Aws, bucket: str, user: Aws, tagged: str) -> None:
    grant(aws, tagged, allow("s3:PutObject"))
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/${{aws:username}}/*",
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    try:
        assert not allowed(user.client("s3").put_object, Bucket=bucket, Key=f"{tagged}/k")
        assert allowed(user.client("s3").put_object, Bucket=bucket, Key="another/k")
    finally:
        aws.client("s3").delete_bucket_policy(Bucket=bucket)


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"Bool": {"aws:ViaAWSService": "true"}}, True),
        ({"Bool": {"aws:ViaAWSService": "false"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": [ATHENA]}}, True),
        ({"StringEquals": {"aws:CalledViaFirst": ATHENA, "aws:CalledViaLast": ATHENA}}, True),
        ({"StringEquals": {"aws:CalledViaFirst": "dynamodb.amazonaws.com"}}, False),
        ({"StringEquals": {"aws:UserAgent": ATHENA}}, True),
    ],
)
def test_conditions_on_calls_that_athena_makes(
    athena: Athena, assume: Assume, condition: dict[str, Any], may: bool
) -> None:
    athena.s3.put_object(Bucket=athena.bucket, Key="data/x.json", Body=b'{"a": "1"}')
    athena.run(f"CREATE EXTERNAL TABLE IF NOT EXISTS data (a string) LOCATION 's3://{athena.bucket}/data/'")
    read = allow("s3:GetObject", f"arn:aws:s3:::{athena.bucket}/data/*", Condition=condition)
    others = allow(["athena:*", "glue:*", "s3:ListBucket", "s3:GetBucketLocation", "s3:PutObject"])
    results = allow("s3:GetObject", f"arn:aws:s3:::{athena.bucket}/results/*")
    role = assume([read, others, results])
    answer = Athena(role, athena.bucket, athena.database).ask("SELECT count(*) FROM data")
    assert answer.state == ("SUCCEEDED" if may else "FAILED"), answer.reason


def test_the_principal_of_a_session_is_its_role(aws: Aws, bucket: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: aws:PrincipalArn"""
    name, iam = f"r-{uuid.uuid4().hex[:8]}", aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, Path="/some/path/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    own = {"Condition": {"ArnEquals": {"aws:PrincipalArn": role}}}
    policy = {"Version": "2012-10-17", "Statement": [allow("s3:ListBucket", **own)]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    given = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = Aws(aws.url, (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
    assert allowed(session.client("s3").list_objects_v2, Bucket=bucket)


@pytest.mark.parametrize(
    ("key", "value", "request_of_one"),
    [
        ("s3:x-amz-storage-class", "STANDARD_IA", {"StorageClass": "STANDARD_IA"}),
        ("s3:x-amz-copy-source", "BUCKET/source", {"CopySource": "BUCKET/source"}),
    ],
)
def test_conditions_on_a_written_object(
    aws: Aws, bucket: str, user: Aws, tagged: str, key: str, value: str, request_of_one: dict[str, Any]
) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key="source", Body=b"x")
    given = {name: each.replace("BUCKET", bucket) for name, each in request_of_one.items()}
    s3 = user.client("s3")
    call = s3.copy_object if "CopySource" in given else s3.put_object
    for wanted in (value.replace("BUCKET", bucket), "another"):
        written = allow("s3:PutObject", Condition={"StringEquals": {key: wanted}})
        grant(aws, tagged, written, allow("s3:GetObject"))
        assert allowed(call, Bucket=bucket, Key="target", **given) is (wanted != "another")
        assert not allowed(s3.put_object, Bucket=bucket, Key="target", Body=b"x")


@pytest.mark.parametrize("team", ["blue", "red"])
def test_tags_of_a_workgroup(aws: Aws, user: Aws, tagged: str, team: str) -> None:
    name = f"g-{uuid.uuid4().hex[:8]}"
    aws.client("athena").create_work_group(Name=name, Tags=[{"Key": "team", "Value": "blue"}])
    condition = {"StringEquals": {"aws:ResourceTag/team": team}}
    grant(aws, tagged, allow("athena:GetWorkGroup", Condition=condition))
    assert allowed(user.client("athena").get_work_group, WorkGroup=name) is (team == "blue")


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": {"StringEquals": {key: "x"}}}
        for key in (
            "dynamodb:LeadingKeys", "s3:signatureversion", "s3:authType", "s3:RequestObjectTag/k", "s3:if-none-match",
            "kms:ViaService", "ec2:SourceInstanceARN", "aws:SourceIdentity", "nonsense",
        )
    ]
    + [
        {"Resource": "arn:aws:s3:::b/${s3:prefix}"},
        {"Resource": "arn:aws:s3:::b/${aws:CalledVia}"},
        {"Condition": {"StringEquals": {"aws:username": "${aws:RequestTag/a}"}}},
        {"Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}, "Action": "ecs:RunTask"},
    ],
)  # fmt: skip
def test_what_is_not_evaluated_is_refused(aws: Aws, bucket: str, tagged: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"\(MalformedPolicyDocument\).*the local AWS does not evaluate"):
        grant(aws, tagged, {**allow("s3:GetObject"), **changes})
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    for name in ("Resource", "Condition"):
        if name in changes:
            statement[name] = json.loads(json.dumps(changes[name]).replace(":::b/", f":::{bucket}/"))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError, match=r"\(MalformedPolicy\).*the local AWS does not evaluate"):
        aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def test_variables_need_the_new_version(aws: Aws, tagged: str) -> None:
    """An older policy has the characters themselves."""
    old = json.dumps({"Version": "2008-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")]})
    with pytest.raises(ClientError, match=r"\(MalformedPolicyDocument\).*the local AWS does not evaluate"):
        aws.client("iam").put_user_policy(UserName=tagged, PolicyName="p", PolicyDocument=old)
