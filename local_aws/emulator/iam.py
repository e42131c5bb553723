"""Policies and roles that IAM refuses.

Seen in ministack 1.5.33: a trust policy may be anything, a policy's actions, resources and Sids any text, its condition
keys and variables what is never evaluated; policies that don't exist are attached; a role's name and longest session
are not looked at. Exit condition: `ministack.core.iam_evaluator.validate_policy_document` and the handlers named here
in `ministack.services.iam` refuse each.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
"""

import re
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape

from local_aws.emulator import Response, condition_keys, policy_documents, policy_variables
from local_aws.emulator.policy_documents import OF_A_CALLER, OF_A_ROLE, listed, statements

_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_NAME = r"[\w+=,.@-]{1,64}"


def install() -> None:
    """Check documents where ministack does, CloudFormation's included, and refuse before its handlers."""
    from ministack.core import iam_evaluator

    iam_evaluator.validate_policy_document = caller_policy_problem
    for name, refusal in {
        "CreateRole": role_refusal,
        "UpdateRole": role_refusal,
        "UpdateAssumeRolePolicy": lambda given: _trust_refusal(given.get("PolicyDocument")),
        "AttachRolePolicy": lambda given: attachment_refusal(given["PolicyArn"]),
        "AttachUserPolicy": lambda given: attachment_refusal(given["PolicyArn"]),
        "AttachGroupPolicy": lambda given: attachment_refusal(given["PolicyArn"]),
    }.items():
        refuse_before(name, refusal)


def refuse_before(name: str, refusal: Callable[[dict[str, Any]], Response | None]) -> None:
    """Ask `refusal`, with the request's parameters, before ministack's handler of an operation."""
    from ministack.services import iam

    original: Callable[..., Response] = iam._IAM_HANDLERS[name]

    @wraps(original)
    def handle(parameters: dict[str, Any]) -> Response:
        return refusal({each: iam._p(parameters, each) for each in parameters}) or original(parameters)

    iam._IAM_HANDLERS[name] = handle
    setattr(iam, original.__name__, handle)  # which CloudFormation calls


def caller_policy_problem(document: Any) -> str | None:
    """Why IAM doesn't take this for the policy of a user, group or role."""
    problem = next(policy_documents.problems(document, OF_A_CALLER), None) or next(
        chain(_unspecific(document), _ids(document), _not_evaluated(document)), None
    )
    return escape(problem) if problem else None  # ministack puts it into XML as it is


def _ids(document: Any) -> Iterator[str]:
    """What is wrong with the statements' Sids; S3, which doesn't ask, takes blanks in them."""
    given = [str(each["Sid"]) for each in statements(document) if each.get("Sid")]
    if not all(re.fullmatch("[0-9A-Za-z]*", each) for each in given):
        yield (
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*"
        )
    if len(set(given)) < len(given):
        yield "Statement IDs (SID) in a single policy must be unique."


def _not_evaluated(document: Any) -> Iterator[str]:
    yield from policy_variables.problems(document)
    for statement in statements(document):
        yield from condition_keys.problems(statement)


def _unspecific(document: Any) -> Iterator[str]:
    for statement in statements(document):
        for action in listed(statement.get("Action") or statement.get("NotAction")):
            if not _ACTION.fullmatch(str(action)):
                yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        for resource in listed(statement.get("Resource") or statement.get("NotResource")):
            if resource != "*" and not re.match("arn(:[^:]*){5}", str(resource)):
                yield f'Resource {resource} must be in ARN format or "*".'


def role_refusal(given: dict[str, Any]) -> Response | None:
    """Of a new role, or of the changes of one."""
    if not re.fullmatch(_NAME, given.get("RoleName") or "", re.ASCII):
        return invalid("roleName", given.get("RoleName"), f"Member must satisfy regular expression pattern: {_NAME}")
    longest = given.get("MaxSessionDuration") or 3600
    if not 3600 <= int(longest) <= 43_200:
        return invalid("maxSessionDuration", longest, "Member must have value between 3600 and 43200")
    return _trust_refusal(given["AssumeRolePolicyDocument"]) if "AssumeRolePolicyDocument" in given else None


def _trust_refusal(document: Any) -> Response | None:
    problem = next(policy_documents.problems(document, OF_A_ROLE), None)
    actions = [] if problem else [each for one in statements(document) for each in listed(one.get("Action"))]
    if not all(str(each).lower().startswith("sts:") for each in actions):
        problem = "AssumeRole policy may only specify STS AssumeRole actions."
    problem = problem or next(chain(_ids(document), _not_evaluated(document)), None)
    return error(400, "MalformedPolicyDocument", problem) if problem else None


def attachment_refusal(arn: str) -> Response | None:
    """Ministack knows some of AWS's own policies; the others are refused too."""
    from ministack.services import iam

    known = iam.policy_known(arn)
    return None if known else error(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")


def invalid(member: str, value: Any, constraint: str) -> Response:
    message = f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    return error(400, "ValidationError", f"1 validation error detected: {message}")


def error(status: int, code: str, message: str) -> Response:
    from ministack.services import iam

    answer: Response = iam._error(status, code, escape(message))
    return answer
