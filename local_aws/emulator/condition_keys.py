"""The condition keys that a request has here; a policy with any other is refused where it is written.

Seen in ministack 1.5.33: a key that it doesn't know counts as absent, so that a Deny on it denies nothing and an Allow
grants nothing. Added are aws:ViaAWSService and aws:CalledVia, for the embedded Athena, which calls Glue and S3 for its
caller, aws:UserAgent and aws:PrincipalIsAWSService, the storage class and the source of a written object, and the tags
of Athena's and Glue's resources; aws:PrincipalArn of a session was the session's ARN, but is the role's. Exit
condition: `_resolve_condition_key` of `ministack.core.iam_evaluator` and `s3_service_context` of
`ministack.core.iam_actions` know them, and `validate_policy_document` refuses others.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from local_aws.emulator import decisions
from local_aws.emulator.policy_documents import Statement, listed

# The keys of each request, and those that no request from outside a VPC or of no service has.
OF_A_REQUEST = (
    "aws:(PrincipalArn|PrincipalAccount|PrincipalType|PrincipalOrgID|PrincipalTag/.+|PrincipalIsAWSService|UserId"
    "|Username|CurrentTime|EpochTime|TokenIssueTime|MultiFactorAuthPresent|RequestedRegion|SecureTransport|SourceIp"
    "|UserAgent|ViaAWSService|CalledVia|CalledViaFirst|CalledViaLast|ResourceAccount|SourceVpc|SourceVpce|VpcSourceIp"
    "|SourceArn|SourceAccount)"
)
OF_S3 = (
    "s3:(ResourceAccount|prefix|delimiter|max-keys|x-amz-acl|x-amz-grant-.+|x-amz-server-side-encryption"
    "|x-amz-storage-class|x-amz-copy-source|ExistingObjectTag/.+|DataAccessPointArn|DataAccessPointAccount"
    "|AccessPointNetworkOrigin)"
)
_OF_A_CALLER = re.compile(
    f"{OF_A_REQUEST}|{OF_S3}|aws:(RequestTag/.+|ResourceTag/.+|TagKeys)|dynamodb:(Attributes|Select|EnclosingOperation)"
    "|cloudwatch:namespace|sts:(ExternalId|RoleSessionName)|iam:PassedToService",
    re.IGNORECASE,
)
# What ministack takes from an identity provider's token.
_OF_A_TOKEN = re.compile(".+:(aud|sub|amr)", re.IGNORECASE)


def install() -> None:
    """Answer for the keys above where ministack looks them up."""
    from ministack.core import iam_actions, iam_evaluator
    from ministack.services import athena, tagging

    resolve: Callable[..., Any] = iam_evaluator._resolve_condition_key
    iam_evaluator._resolve_condition_key = lambda key, context: (
        _OWN[key.lower()](context) if key.lower() in _OWN else resolve(key, context)
    )
    s3_context: Callable[..., dict[str, Any]] = iam_actions.s3_service_context

    def with_headers(action: str, query: Any, path: str = "", headers: dict[str, str] | None = None) -> dict[str, Any]:
        found = s3_context(action, query, path, headers)
        for name in ("x-amz-storage-class", "x-amz-copy-source") if action == "s3:PutObject" else ():
            if (headers or {}).get(name):
                found[f"s3:{name}"] = (headers or {})[name]
        return found

    iam_actions.s3_service_context = with_headers
    tagging._RESOURCE_TAG_COLLECTORS["glue"] = tagging._collect_glue
    tagging._RESOURCE_TAG_COLLECTORS["athena"] = lambda: (
        (arn, [{"Key": key, "Value": value} for key, value in tags.items()]) for arn, tags in athena._tags.items()
    )


def problems(statement: Statement) -> Iterator[str]:
    """Why the conditions of a statement, of a caller's policy or of a role's, would not be evaluated here."""
    from ministack.services.tagging import _RESOURCE_TAG_COLLECTORS

    principal = statement.get("Principal")
    federated = isinstance(principal, dict) and "Federated" in principal
    services = {str(each).partition(":")[0].lower() for each in listed(statement.get("Action"))}
    untagged = services - {*_RESOURCE_TAG_COLLECTORS, "*", "sts", "logs"}
    for key in keys_of(statement):
        if not _OF_A_CALLER.fullmatch(key) and not (federated and _OF_A_TOKEN.fullmatch(key)):
            yield f"the local AWS does not evaluate the condition key {key}"
        if key.lower().startswith("aws:resourcetag/") and untagged:
            yield f"the local AWS does not evaluate {key} for {', '.join(sorted(untagged))}"


def keys_of(statement: Statement) -> list[str]:
    condition = statement.get("Condition")
    blocks = condition.values() if isinstance(condition, dict) else ()
    return sorted({key for keys in blocks if isinstance(keys, dict) for key in keys})


def _principal_arn(context: Any) -> Any:
    """The role's ARN, with its path, for a session of it."""
    from ministack.core.iam_evaluator import _role_name_from_assumed_arn
    from ministack.services import iam

    if ":assumed-role/" not in context.principal_arn:
        return context.principal_arn
    name = _role_name_from_assumed_arn(context.principal_arn)
    role = iam._roles.get_scoped(context.principal_account, None, name)
    return role["Arn"] if role else f"arn:aws:iam::{context.principal_account}:role/{name}"


def _called_via(context: Any) -> str | None:
    return decisions.called_by() or None if context.principal_type != "Service" else None


def _called_via_all(context: Any) -> list[str] | None:
    found = _called_via(context)
    return [found] if found else None


_OWN: dict[str, Callable[[Any], Any]] = {
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda context: str(context.principal_type == "Service").lower(),
    "aws:viaawsservice": lambda context: str(_called_via(context) is not None).lower(),
    "aws:calledvia": _called_via_all,
    "aws:calledviafirst": _called_via,
    "aws:calledvialast": _called_via,
    "aws:useragent": lambda context: _called_via(context) or decisions.user_agent() or None,
}
