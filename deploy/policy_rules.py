"""Holds the role's policies of `include/aws/stack.yaml` against AWS's Service Authorization Reference.

Every action must exist, every resource must be of a type that an action of its statement works on, every action must
find such a resource in its statement (`*` only where AWS knows none), and every condition key must be one of the
action's. The reference is policy_sentry's copy of https://docs.aws.amazon.com/service-authorization/latest/reference/;
nothing is fetched.

    python -m deploy.policy_rules
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import decode
from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.arns import does_arn_match

from ttl_archive.channels import Mail, Notify
from ttl_archive.config import load_archives
from ttl_archive.stack_parameters import Place, archive_environment, derived_parameters

INCLUDE = Path(__file__).resolve().parents[1] / "include"
_PLACE = Place("dev", "aws", "eu-central-1", "123456789012")


def sample_parameters() -> dict[str, list[str]]:
    """The template's parameters that a policy may name, for the shipped archives and one that sends through SES."""
    archives = load_archives(INCLUDE, archive_environment(_PLACE.names(), {}))
    notify = Notify(ses=Mail.model_validate({"to": ["a@example.com"], "from": "b@example.com"}))
    report = archives[0].report.model_copy(update={"notify": notify})
    derived = derived_parameters(_PLACE, [*archives, archives[0].model_copy(update={"report": report})])
    return {**derived, "KmsKeyArn": [f"arn:aws:kms:{_PLACE.region}:{_PLACE.account}:key/1234abcd"]}


def policy_statements(template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement of the roles' policies."""
    for each in template["Resources"].values():
        policies = each["Properties"].get("Policies", []) if each["Type"] == "AWS::IAM::Role" else []
        if each["Type"] == "AWS::IAM::Policy":
            policies = [each["Properties"]]
        for policy in policies:
            yield from policy["PolicyDocument"]["Statement"]


def problems(statement: Mapping[str, Any], parameters: Mapping[str, list[str]]) -> Iterator[str]:
    """What is wrong with a statement; each text begins with its Sid."""
    sid, keys = statement["Sid"], {key for operator in statement.get("Condition", {}).values() for key in operator}
    resources = [arn for each in _listed(statement["Resource"]) for arn in _arns(each, parameters)]
    unfit = set(resources)
    for action in _listed(statement["Action"]):
        service, _, name = action.partition(":")
        known = [] if "*" in name else (get_action_data(service, name) or {}).get(service, [])
        if not known:
            yield f"{sid}: {action} isn't an action that AWS knows"
            continue
        formats = {each["resource_arn_format"] for each in known}
        specific = formats - {"*"}
        fit = {arn for arn in resources if any(_fits(arn, one) for one in specific or formats)}
        if not fit:
            yield f"{sid}: {action} works on {', '.join(sorted(specific or formats))}, and none of its resources is one"
        unfit -= fit
        for key in keys - {key for each in known for key in each["condition_keys"]}:
            yield f"{sid}: {action} has no condition key {key}"
    for arn in sorted(unfit):
        yield f"{sid}: none of its actions works on {arn}"


def _fits(arn: str, raw: str) -> bool:
    return arn == raw if "*" in (arn, raw) else does_arn_match(arn, raw)


def _arns(resource: Any, parameters: Mapping[str, list[str]]) -> list[str]:
    """What a statement's resource stands for: an ARN, `!Ref` of a parameter, or `!Sub` with pseudo parameters."""
    if isinstance(resource, str):
        return [resource]
    if "Ref" in resource:
        return parameters[resource["Ref"]]
    text: str = resource["Fn::Sub"]
    for name, value in (("Partition", "aws"), ("Region", _PLACE.region), ("AccountId", _PLACE.account)):
        text = text.replace(f"${{AWS::{name}}}", value)
    return [text]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def main() -> int:
    """0 if the policies are right; else a line for each problem."""
    template, errors = decode(str(INCLUDE / "aws/stack.yaml"))
    if template is None:
        sys.stderr.write(f"{errors}\n")
        return 1
    parameters, found = sample_parameters(), 0
    for statement in policy_statements(template):
        for problem in problems(statement, parameters):
            sys.stderr.write(f"include/aws/stack.yaml: {problem}\n")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
