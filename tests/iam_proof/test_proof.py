"""What is concluded from a record of calls, and from CloudTrail's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam_proof.calls import Call, from_cloudtrail
from tests.iam_proof.outcome import Outcome, Removal, Use
from tests.iam_proof.policy import Grant, RolePolicies
from tests.iam_proof.proof import Comparison, NotExercised, removal_problems, uses

ROLE = "arn:aws:sts::123456789012:assumed-role/pipeline/airflow"
POLICIES = RolePolicies(
    {
        "pipeline": {
            "Statement": [
                {"Sid": "Read", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::b/logs/*"]},
                {"Sid": "Look", "Action": "glue:GetDatabase", "Resource": "arn:aws:glue:eu-central-1:1:catalog"},
                {"Sid": "Twice", "Action": "glue:GetDatabase", "Resource": "arn:aws:glue:eu-central-1:1:*"},
            ]
        }
    }
)


def call(action: str, resource: str, **more: Any) -> Call:
    return Call(action, resource, ROLE, **more)


READ = call("s3:GetObject", "arn:aws:s3:::b/logs/year=2025/x.gz")
WRITE = call("s3:PutObject", "arn:aws:s3:::b/logs/y", by="athena.amazonaws.com")
LOOK = call("glue:GetDatabase", "arn:aws:glue:eu-central-1:1:catalog")
DATABASE = call("glue:GetDatabase", "arn:aws:glue:eu-central-1:1:database/x")


def entry(statement: str, action: str) -> NotExercised:
    return NotExercised(statement=statement, action=action, reason="r", page="https://docs.aws.amazon.com/x")


def test_a_grant_that_no_call_needs_is_in_vain() -> None:
    problems = list(Comparison(POLICIES, [READ, WRITE, DATABASE]).problems([]))
    assert [each.partition(": no call")[0] for each in problems] == ["granted in vain: glue:GetDatabase of Look"]


def test_a_call_that_two_statements_allow_needs_neither() -> None:
    problems = list(Comparison(POLICIES, [READ, WRITE, LOOK]).problems([]))
    assert len(problems) == 2


def test_a_denied_call_is_a_problem_and_needs_nothing() -> None:
    denied = call("s3:PutObject", "arn:aws:s3:::b/logs/y", allowed=False)
    problems = list(Comparison(POLICIES, [READ, denied, DATABASE]).problems([entry("Look", "glue:GetDatabase")]))
    assert problems[0] == "denied: s3:PutObject on arn:aws:s3:::b/logs/y"
    assert problems[1].startswith("granted in vain: s3:PutObject of Read")


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (entry("Read", "s3:GetObject"), "s3:GetObject of Read is needed"),
        (entry("Read", "s3:DeleteObject"), "s3:DeleteObject of Read isn't granted"),
    ],
)
def test_what_is_declared_must_be_true(declared: NotExercised, problem: str) -> None:
    comparison = Comparison(POLICIES, [READ, WRITE, DATABASE])
    found = list(comparison.problems([entry("Look", "glue:GetDatabase"), declared]))
    assert [problem in each for each in found] == [True]


def test_the_table_has_a_line_for_each_action_and_resource() -> None:
    lines = [line.split() for line in Comparison(POLICIES, [READ, READ, WRITE]).table()]
    assert lines[1:] == [
        ["s3:GetObject", "arn:aws:s3:::b/logs/*", "Read", "the", "DAG"],
        ["s3:PutObject", "arn:aws:s3:::b/logs/*", "Read", "athena"],
    ]


def test_a_statement_that_allows_nothing_else_goes_with_its_grant() -> None:
    left = POLICIES.without(Grant("Look", "glue:GetDatabase"))
    assert [each["Sid"] for each in left.statements] == ["Read", "Twice"]
    assert [each["Sid"] for each in POLICIES.statements] == ["Read", "Look", "Twice"]
    assert POLICIES.without(Grant("Read", "s3:GetObject")).grants[0] == Grant("Read", "s3:PutObject")


def test_a_removal_is_tried_wherever_the_grant_alone_allowed_a_call() -> None:
    made = [("first", "a", READ), ("first", "a", READ), ("first", "b", LOOK), ("again", "a", READ)]
    outcome = Outcome(calls=[(mode, task, vars(each)) for mode, task, each in made])
    grant = Grant("Read", "s3:GetObject")
    assert uses(POLICIES, outcome) == [Use(mode=mode, task="a", grant=grant) for mode in ("first", "again")]


@pytest.mark.parametrize("outcome", ["tolerated", "unexplained", "retried"])
def test_only_an_explained_failure_proves_a_grant(outcome: str) -> None:
    grant = Grant("Read", "s3:GetObject")
    removal = Removal(mode="first", task="a", grant=grant, outcome=outcome, message="Access Denied")
    (problem,) = removal_problems(Outcome(removals=[removal]), [grant])
    assert outcome in problem
    assert "Access Denied" in problem
    explained = removal.model_copy(update={"outcome": "explained"})
    assert not list(removal_problems(Outcome(removals=[removal, explained]), [grant]))


def test_cloudtrail_tells_the_same() -> None:
    event = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "HeadObject",
        "userIdentity": {"arn": ROLE, "invokedBy": "athena.amazonaws.com"},
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/logs/x"}, {"accountId": "1"}],
    }
    denied = {
        "eventSource": "athena.amazonaws.com",
        "eventName": "ListWorkGroups",
        "userIdentity": {"arn": ROLE},
        "errorCode": "AccessDenied",
    }
    first, second = from_cloudtrail({"Records": [event, denied]})
    assert first == Call("s3:GetObject", "arn:aws:s3:::b/logs/x", ROLE, by="athena.amazonaws.com")
    assert second == Call("athena:ListWorkGroups", "", ROLE, allowed=False)
    assert first.of_role("pipeline")
    assert not first.of_role("pipe")
