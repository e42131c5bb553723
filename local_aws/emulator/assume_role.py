"""Who may assume a role, and for how long.

Seen in ministack 1.5.33: a user whom a role's trust policy names needs a policy of its own besides, as if it were in
another account; the administrator assumes the roles of services; a session may have any name, and last longer than its
role allows or, from another session, than an hour;
GetSessionToken takes any duration. Exit condition: `_resource_policy` of `ministack.core.iam_evaluator`
knows trust policies, `_trust_principal_matches` keeps services and principals apart, and `ministack.services.sts`
refuses the rest.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-intro.html
"""

import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local_aws.emulator import Handler, Response, replace_handler

_NAME = r"[\w+=,.@-]*"
_LEAST, _MOST, _USUAL = 900, 43_200, 3600
_MOST_OF_A_TOKEN = 129_600


def install() -> None:
    """Let a trust policy count as the policy of the resource that a role is, and refuse before ministack's handler."""
    from ministack.core import iam_evaluator
    from ministack.services import sts

    sts.trust_policy_for_arn = _trust_policy
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["sts"] = ("sts", "trust_policy_for_arn")
    matches = iam_evaluator._trust_principal_matches
    iam_evaluator._trust_principal_matches = lambda principal, caller, federated: matches(
        {kind: names for kind, names in principal.items() if kind != "Service"}
        if isinstance(principal, dict) else principal,
        caller, federated,
    )  # fmt: skip

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            given = form(headers, body, query)
            refused = None
            if given.get("Action") == "AssumeRole":
                refused = _refusal(given, headers, query)
            if given.get("Action") == "GetSessionToken":
                refused = _token_refusal(given.get("DurationSeconds") or str(_LEAST))
            return refused or await handler(method, path, headers, body, query)

        return handle

    replace_handler("sts", wrap)


def form(headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> dict[str, str]:
    """The parameters of a query protocol's request, or the members of a JSON protocol's."""
    if "json" in headers.get("content-type", ""):
        try:
            members = dict(json.loads(body or b"{}"))
        except (TypeError, ValueError):
            members = {}
        return {"Action": headers.get("x-amz-target", "").rpartition(".")[2], **{k: str(v) for k, v in members.items()}}
    sent = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in {**query, **sent}.items()}


def _trust_policy(arn: str) -> tuple[Any, str] | None:
    """The trust policy and the account of a role."""
    role, account = _role(arn)
    return (role["AssumeRolePolicyDocument"], account) if role else None


def _role(arn: str) -> tuple[dict[str, Any] | None, str]:
    from ministack.services import iam

    found = re.fullmatch(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)", arn)
    return (iam._roles.get_scoped(found[1], None, found[2]), found[1]) if found else (None, "")


def _refusal(given: dict[str, str], headers: dict[str, str], query: dict[str, list[str]]) -> Response | None:
    from ministack.core.router import extract_access_key_id
    from ministack.services import sts

    name, duration = given.get("RoleSessionName", ""), given.get("DurationSeconds") or str(_USUAL)
    if not 2 <= len(name) <= 64 or not re.fullmatch(_NAME, name, re.ASCII):
        return _invalid(name, "roleSessionName", f"Member must satisfy regular expression pattern: {_NAME}")
    if not re.fullmatch(r"\d{1,9}", duration) or not _LEAST <= int(duration) <= _MOST:
        return _invalid(duration, "durationSeconds", f"Member must have value between {_LEAST} and {_MOST}")
    role, _ = _role(given.get("RoleArn", ""))
    if role and int(duration) > int(role.get("MaxSessionDuration") or _USUAL):
        return _error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    session = sts._sessions.get(extract_access_key_id(headers, query)) or {}
    if session.get("PrincipalType") == "AssumedRole" and int(duration) > _USUAL:
        return _error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    return None


def _token_refusal(duration: str) -> Response | None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    if not re.fullmatch(r"-?\d{1,9}", duration) or int(duration) < _LEAST:
        return _invalid(duration, "durationSeconds", f"Member must have value greater than or equal to {_LEAST}")
    if int(duration) > _MOST_OF_A_TOKEN:
        return _invalid(duration, "durationSeconds", f"Member must have value less than or equal to {_MOST_OF_A_TOKEN}")
    return None


def _invalid(value: str, member: str, constraint: str) -> Response:
    return _error(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    )


def _error(message: str) -> Response:
    from ministack.services import iam

    answer: Response = iam._error(400, "ValidationError", escape(message), ns="sts")
    return answer
