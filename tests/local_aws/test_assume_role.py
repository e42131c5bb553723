"""Who may assume a role, and for how long: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

import json
import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Aws


def new_role(aws: Aws, principal: Any, **statement: Any) -> str:
    """The ARN of a role whose trust policy names this principal."""
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **statement}
    role = aws.client("iam").create_role(
        RoleName=f"r-{uuid.uuid4().hex[:8]}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return str(role["Role"]["Arn"])


def new_user(aws: Aws) -> tuple[str, Aws]:
    """The ARN of a user without policies, and the embedded AWS as seen by it."""
    iam, name = aws.client("iam"), f"u-{uuid.uuid4().hex[:8]}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, Aws(aws.url, (key["AccessKeyId"], key["SecretAccessKey"], None))


def code_of(aws: Aws, role: str, **request: Any) -> str:
    """The error that AssumeRole answers, or nothing."""
    try:
        aws.client("sts").assume_role(**{"RoleArn": role, "RoleSessionName": "test", **request})
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_a_trust_policy_that_names_the_user_suffices(aws: Aws) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-intro.html"""
    arn, user = new_user(aws)
    assert code_of(user, new_role(aws, {"AWS": arn})) == ""
    assert code_of(user, new_role(aws, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})) == "AccessDenied"
    assert code_of(user, new_role(aws, {"AWS": new_user(aws)[0]})) == "AccessDenied"


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_conditions_of_a_trust_policy(aws: Aws, effect: str) -> None:
    arn, user = new_user(aws)
    operator = "StringEquals" if effect == "Allow" else "StringNotEquals"
    secret = {"Effect": effect, "Condition": {operator: {"sts:ExternalId": "secret"}}}
    role = new_role(aws, {"AWS": arn}, **secret)
    if effect == "Deny":
        trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
        deny = {**trust, **secret}
        aws.client("iam").update_assume_role_policy(
            RoleName=role.rpartition("/")[2],
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust, deny]}),
        )
    assert code_of(user, role) == "AccessDenied"
    assert code_of(user, role, ExternalId="secret") == ""


def test_a_role_for_a_service_is_not_assumed_by_the_administrator(aws: Aws) -> None:
    assert code_of(aws, new_role(aws, {"Service": "ec2.amazonaws.com"})) == "AccessDenied"
    assert code_of(aws, new_role(aws, {"Service": "ec2.amazonaws.com", "AWS": ACCOUNT})) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"RoleSessionName": "a b"},
        {"RoleSessionName": "é" * 3},
        {"RoleSessionName": "a" * 65},
        {"DurationSeconds": 3601},
        {"DurationSeconds": 43_201},
    ],
)
def test_sessions_that_are_refused(aws: Aws, changes: dict[str, Any]) -> None:
    assert code_of(aws, new_role(aws, {"AWS": ACCOUNT}), **changes) == "ValidationError"


def test_policies_of_a_session(aws: Aws) -> None:
    role = new_role(aws, {"AWS": ACCOUNT})
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    for condition, code in (
        ({"StringEquals": {"aws:PrincipalTag/a": "b"}}, ""),
        ({"StringEquals": {"dynamodb:LeadingKeys": "b"}}, "MalformedPolicyDocument"),
    ):
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
        assert code_of(aws, role, Policy=json.dumps(policy)) == code


def test_the_longest_session_of_a_role(aws: Aws) -> None:
    role = new_role(aws, {"AWS": ACCOUNT})
    aws.client("iam").update_role(RoleName=role.rpartition("/")[2], MaxSessionDuration=7200)
    assert code_of(aws, role, DurationSeconds=7200) == ""
    assert code_of(aws, role, DurationSeconds=7201) == "ValidationError"


def test_a_session_from_a_session_lasts_an_hour(aws: Aws) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""
    first = new_role(aws, {"AWS": ACCOUNT})
    second = new_role(aws, {"AWS": first})
    aws.client("iam").update_role(RoleName=second.rpartition("/")[2], MaxSessionDuration=7200)
    given = aws.client("sts").assume_role(RoleArn=first, RoleSessionName="test")["Credentials"]
    session = Aws(aws.url, (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
    assert code_of(session, second, DurationSeconds=3600) == ""
    assert code_of(session, second, DurationSeconds=3601) == "ValidationError"


@pytest.mark.parametrize(("seconds", "bound"), [(899, "greater than or equal to 900"), (129_601, "less than or equal")])
def test_how_long_a_session_token_lasts(aws: Aws, seconds: int, bound: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    _, user = new_user(aws)
    config = Config(parameter_validation=False)
    sts = boto3.client(
        "sts", endpoint_url=aws.url, region_name="us-east-1", aws_access_key_id=user.credentials[0],
        aws_secret_access_key=user.credentials[1], config=config,
    )  # fmt: skip
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*durationSeconds.*{bound}"):
        sts.get_session_token(DurationSeconds=seconds)
    sts.get_session_token(DurationSeconds=900)
