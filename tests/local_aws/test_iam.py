"""What IAM refuses: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Aws

TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document(statement: dict[str, Any]) -> str:
    kept = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    return str(error.value.response["Error"]["Code"])


@pytest.fixture
def name() -> str:
    return f"x-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    "changes",
    [{"Principal": None}, {"Action": None}, {"Resource": "*"}, {"Effect": "Maybe"}, {"Action": "s3:GetObject"}],
)
def test_trust_policies(aws: Aws, name: str, changes: Any) -> None:
    iam, wrong = aws.client("iam"), document({**TRUST, **changes})
    assert refused(iam.create_role, RoleName=name, AssumeRolePolicyDocument=wrong) == "MalformedPolicyDocument"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))
    assert refused(iam.update_assume_role_policy, RoleName=name, PolicyDocument=wrong) == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "nocolon"},
        {"Action": ["s3:GetObject", "*:GetObject"]},
        {"Resource": "bucket/*"},
        {"Resource": None},
        {"Effect": "Maybe"},
        {"Principal": "*"},
        {"Foo": 1},
        {"Condition": {"NoSuch": {"aws:SourceIp": "1.2.3.4"}}},
    ],
)
def test_policies_of_a_caller(aws: Aws, name: str, changes: Any) -> None:
    iam, wrong = aws.client("iam"), document({**ALLOW, **changes})
    iam.create_user(UserName=name)
    assert refused(iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=wrong) == (
        "MalformedPolicyDocument"
    )
    assert refused(iam.create_policy, PolicyName=name, PolicyDocument=wrong) == "MalformedPolicyDocument"


def test_policies_that_are_taken(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    for changes in (
        {"Action": "*"},
        {"Action": ["s3:*", "dynamodb:Get*"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/${aws:username}/*"]},
        {"Action": None, "NotAction": "iam:*"},
        {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalTag/a": ["b", "c"]}}},
    ):
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document({**ALLOW, **changes}))


def test_policies_that_do_not_exist_are_not_attached(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))
    for arn in ("arn:aws:iam::aws:policy/NopeNope", f"arn:aws:iam::{ACCOUNT}:policy/nope"):
        assert refused(iam.attach_user_policy, UserName=name, PolicyArn=arn) == "NoSuchEntity"
        assert refused(iam.attach_group_policy, GroupName=name, PolicyArn=arn) == "NoSuchEntity"
        assert refused(iam.attach_role_policy, RoleName=name, PolicyArn=arn) == "NoSuchEntity"
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_names_and_sessions_of_a_role(aws: Aws, name: str) -> None:
    iam, trust = aws.client("iam"), {"AssumeRolePolicyDocument": document(TRUST)}
    assert refused(iam.create_role, RoleName="a b", **trust) == "ValidationError"
    assert refused(iam.create_role, RoleName=name, MaxSessionDuration=43_201, **trust) == "ValidationError"
    iam.create_role(RoleName=name, MaxSessionDuration=43_200, **trust)
    assert refused(iam.update_role, RoleName=name, MaxSessionDuration=43_201) == "ValidationError"
