"""The role's policies against AWS's Service Authorization Reference: they pass, and what is wrong is found."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.policy_rules import main, problems, sample_parameters

PARAMETERS = {"Objects": ["arn:aws:s3:::b/logs/*"], "Catalog": ["arn:aws:glue:eu-central-1:1:catalog"]}


def test_the_templates_policies_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(), capsys.readouterr().err) == (0, "")


def test_every_parameter_stands_for_something() -> None:
    assert all(sample_parameters().values())


@pytest.mark.parametrize(
    ("action", "resource", "more", "problem"),
    [
        ("s3:GetObjekt", {"Ref": "Objects"}, {}, "s3:GetObjekt isn't an action that AWS knows"),
        ("s3:*", {"Ref": "Objects"}, {}, "s3:* isn't an action"),
        ("s3:ListBucket", {"Ref": "Objects"}, {}, "s3:ListBucket works on "),
        ("s3:GetObject", [{"Ref": "Objects"}, {"Ref": "Catalog"}], {}, "none of its actions works on arn:aws:glue"),
        ("s3:GetObject", "*", {}, "s3:GetObject works on "),
        ("cloudwatch:PutMetricData", {"Ref": "Objects"}, {}, "works on *, and none"),
        (
            "cloudwatch:PutMetricData",
            "*",
            {"Condition": {"StringEquals": {"s3:prefix": "x"}}},
            "cloudwatch:PutMetricData has no condition key s3:prefix",
        ),
    ],
)
def test_a_wrong_statement_is_told(action: str, resource: Any, more: Any, problem: str) -> None:
    found = list(problems({"Sid": "Wrong", "Action": [action], "Resource": resource, **more}, PARAMETERS))
    assert any(each.startswith("Wrong: ") and problem in each for each in found), found


def test_a_right_one_is_not() -> None:
    statement = {"Sid": "Right", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": {"Ref": "Objects"}}
    assert list(problems(statement, PARAMETERS)) == []
