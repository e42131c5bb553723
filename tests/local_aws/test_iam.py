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
        {"Sid": "a b"},
        {"Sid": "a-b"},
        {"NotPrincipal": "*"},
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
        {"Action": ["S3:GETOBJECT", "s3:getobject"], "Sid": "A1"},
        {"Action": ["s3:*", "dynamodb:Get*"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/${aws:username}/*"]},
        {"Action": None, "NotAction": "iam:*"},
        {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalTag/a": ["b", "c"]}}},
    ):
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document({**ALLOW, **changes}))


def test_statements_have_ids_of_their_own(aws: Aws, name: str) -> None:
    iam, twice = aws.client("iam"), json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Sid": "A"}] * 2})
    assert refused(iam.create_policy, PolicyName=name, PolicyDocument=twice) == "MalformedPolicyDocument"
    none = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW, {**ALLOW, "Sid": ""}, {**ALLOW, "Sid": ""}]})
    iam.create_policy(PolicyName=name, PolicyDocument=none)


def of_size(characters: int) -> str:
    """A policy of so many characters that count: white space doesn't."""
    empty = document({**ALLOW, "Resource": "arn:aws:s3:::b/"})
    missing = characters - len("".join(empty.split()))
    return document({**ALLOW, "Resource": f"arn:aws:s3:::b/{'a' * missing}"})


@pytest.mark.parametrize(
    ("kind", "most"), [("user", 2048), ("group", 5120), ("role", 10_240), ("policy", 6144), ("trust", 2048)]
)
def test_sizes_of_policies(aws: Aws, name: str, kind: str, most: int) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    iam = aws.client("iam")
    if kind in ("policy", "trust"):
        call, given = iam.create_policy, {"PolicyName": name, "PolicyDocument": of_size(most + 1)}
        if kind == "trust":
            condition = {"StringEquals": {"sts:ExternalId": "a" * most}}
            call, given = iam.create_role, {"RoleName": name}
            given["AssumeRolePolicyDocument"] = document({**TRUST, "Condition": condition})
        assert refused(call, **given) == "LimitExceeded"
        if kind == "policy":
            arn = call(PolicyName=name, PolicyDocument=of_size(most))["Policy"]["Arn"]
            version = {"PolicyArn": arn, "PolicyDocument": of_size(most + 1)}
            assert refused(iam.create_policy_version, **version) == "LimitExceeded"
        return
    more = {"AssumeRolePolicyDocument": document(TRUST)} if kind == "role" else {}
    owner = {f"{kind.title()}Name": name}
    getattr(iam, f"create_{kind}")(**owner, **more)
    put = getattr(iam, f"put_{kind}_policy")
    put(**owner, PolicyName="a", PolicyDocument=of_size(most - 100))
    put(**owner, PolicyName="a", PolicyDocument=of_size(most - 200))
    assert refused(put, **owner, PolicyName="b", PolicyDocument=of_size(201)) == "LimitExceeded"
    put(**owner, PolicyName="b", PolicyDocument=of_size(200))


def test_access_keys_of_a_user(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    first = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    iam.create_access_key(UserName=name)
    assert refused(iam.create_access_key, UserName=name) == "LimitExceeded"
    iam.delete_access_key(UserName=name, AccessKeyId=first)
    iam.create_access_key(UserName=name)


@pytest.mark.parametrize("kind", ["user", "group", "role", "policy"])
def test_names_are_unique_in_any_case(aws: Aws, name: str, kind: str) -> None:
    iam = aws.client("iam")
    create = getattr(iam, f"create_{kind}")
    more = {
        "role": {"AssumeRolePolicyDocument": document(TRUST)}, "policy": {"PolicyDocument": document(ALLOW)},
    }.get(kind, {})  # fmt: skip
    assert refused(create, **{f"{kind.title()}Name": "a b"}, **more) == "ValidationError"
    create(**{f"{kind.title()}Name": name}, **more)
    for again in (name, name.upper()):
        assert refused(create, **{f"{kind.title()}Name": again}, **more) == "EntityAlreadyExists"


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
