"""The Deny of a bucket's policy, which binds the account's administrator too.

Seen in ministack 1.5.33: the root user may do everything, before a bucket's policy is looked at. In AWS an explicit
Deny binds it as anybody else, but for the three calls with which it can always take the policy away. Exit condition:
`ministack.core.iam_evaluator.enforce` evaluates resource policies for the root user.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
"""

from typing import Any

_ALWAYS = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")


def install() -> None:
    """Wrap ministack's decision; after `decisions`, which doesn't record those about the administrator."""
    from ministack.core import iam_evaluator as iam
    from ministack.core.responses import get_account_id
    from ministack.services import s3

    enforce = iam.enforce

    def enforce_denials(
        key: str, action: str, service: str, region: str, resource_arn: str = "*", service_context: Any = None
    ) -> Any:
        denied = enforce(key, action, service, region, resource_arn, service_context)
        found = s3.bucket_policy_for_arn(resource_arn) if service == "s3" and action not in _ALWAYS else None
        caller = iam.resolve_principal(key, get_account_id()) if found and denied is None and key else None
        if not isinstance(caller, iam.PrincipalInfo) or caller.policies is not None:
            return denied
        context = iam.EvalContext(
            principal_arn=caller.arn, principal_type=caller.type, principal_account=caller.account, action=action,
            resource_arn=resource_arn, region=region, principal_keys=caller.keys,
            service_context={name.lower(): value for name, value in (service_context or {}).items()},
        )  # fmt: skip
        result = iam.evaluate_resource_policy(found[0], context)
        if result.decision != "Deny":
            return None
        result.principal_arn, result.resource_policy_arn = caller.arn, resource_arn
        return result

    iam.enforce = enforce_denials
