"""Resources of a stack that their services would refuse.

Seen in ministack 1.5.33: CloudFormation writes buckets, work groups, roles, policies, topics and subscriptions by
itself, whatever their names and properties are, and topics over one of the same name; Glue is asked, but with truth
values and numbers where its maps have texts, and its answer is told as bytes; properties that a resource must have may
be absent. Here the services' refusals are asked first. Exit condition: the create functions of
`ministack.services.cloudformation.provisioners` call their services.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from local_aws.emulator import Response, glue, iam, iam_limits, s3_requests, sns, workgroups
from local_aws.emulator.cloudformation import Properties, must

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-athena-workgroup-workgroupconfiguration.html
LEAST_CUTOFF = 10_000_000
_VIEWS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
_REQUIRED = {
    "AWS::Glue::Database": ("CatalogId", "DatabaseInput"),
    "AWS::Glue::Partition": ("CatalogId", "DatabaseName", "PartitionInput", "TableName"),
    "AWS::Glue::Table": ("CatalogId", "DatabaseName", "TableInput"),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument",),
    "AWS::SNS::Subscription": ("Protocol", "TopicArn"),
}


def install() -> None:
    """Check the properties of new and updated resources, before all else."""
    from ministack.services.cloudformation import provisioners

    checks: dict[str, Callable[[Properties], None]] = {
        "AWS::Athena::WorkGroup": _check_work_group,
        "AWS::IAM::ManagedPolicy": _check_managed_policy,
        "AWS::DynamoDB::Table": _check_table,
        "AWS::IAM::Policy": _check_inline_policy,
        "AWS::IAM::Role": _check_role,
        "AWS::S3::Bucket": _check_bucket,
        "AWS::SNS::Subscription": _check_subscription,
        "AWS::SNS::Topic": _check_topic,
        **{f"AWS::Glue::{kind}": partial(_check_glue, kind) for kind in ("Database", "Partition", "Table")},
    }
    for resource, check in checks.items():
        own = provisioners._RESOURCE_HANDLERS[resource]
        own["create"] = _checked(resource, 0, check, own["create"])
        own["update"] = _checked(resource, 1, check, own["update"])
    topic = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    topic["create"] = _new_topic(topic["create"])
    provisioners._sns_create = _new_topic(provisioners._sns_create)  # for an update that replaces
    provisioners._glue_call = _glue_call


def _checked(
    resource: str, given: int, check: Callable[[Properties], None], original: Callable[..., Any]
) -> Callable[..., Any]:
    """`given` is how many arguments stand between the identifier and the properties."""

    def wrapped(identifier: str, *rest: Any, **named: Any) -> Any:
        properties = rest[given]
        for name in _REQUIRED.get(resource, ()):
            if name not in properties:
                message = f"#: required key [{name}] not found"
                raise ValueError(f"Properties validation failed for resource {identifier} with message: {message}")
        check(properties)
        return original(identifier, *rest, **named)

    return wrapped


def _check_glue(kind: str, properties: Properties) -> None:
    must(glue.refusal(f"Create{kind}", properties))


def _check_work_group(properties: Properties) -> None:
    configuration = properties.get("WorkGroupConfiguration") or {}
    asked = {**properties, "Configuration": configuration}
    must(workgroups.refusal("CreateWorkGroup", asked))
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and int(cutoff) < LEAST_CUTOFF:
        raise ValueError(
            f"#/WorkGroupConfiguration/BytesScannedCutoffPerQuery: {cutoff} is not greater or equal to {LEAST_CUTOFF}"
        )


def _check_bucket(properties: Properties) -> None:
    must(s3_requests.name_refusal(properties.get("BucketName", "unnamed")))
    status = (properties.get("VersioningConfiguration") or {}).get("Status", "Enabled")
    if status not in ("Enabled", "Suspended"):
        raise ValueError(f"#/VersioningConfiguration/Status: {status} is not a valid enum value")


def _check_table(properties: Properties) -> None:
    kind = (properties.get("StreamSpecification") or {}).get("StreamViewType", _VIEWS[0])
    if kind not in _VIEWS:
        raise ValueError(
            f"1 validation error detected: Value '{kind}' at 'streamSpecification.streamViewType' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(_VIEWS)}]"
        )


def _check_inline_policy(properties: Properties) -> None:
    if not any(properties.get(name) for name in ("Groups", "Roles", "Users")):
        raise ValueError("At least one of [Groups,Roles,Users] must be non-empty.")


def _check_role(properties: Properties) -> None:
    must(iam.role_refusal({"RoleName": "unnamed", **properties}))
    must(iam_limits.trust_refusal(properties["AssumeRolePolicyDocument"]))
    for arn in properties.get("ManagedPolicyArns") or []:
        must(iam.attachment_refusal(arn))
    for policy in properties.get("Policies") or []:
        _check_policy(policy.get("PolicyDocument"))


def _check_managed_policy(properties: Properties) -> None:
    _check_policy(properties["PolicyDocument"])
    must(iam_limits.managed_refusal(properties["PolicyDocument"]))


def _check_policy(document: Any) -> None:
    if problem := iam.caller_policy_problem(document):
        raise ValueError(problem)


def _check_subscription(properties: Properties) -> None:
    from ministack.services import sns as topics

    must(sns.subscription_refusal(properties["Protocol"], properties.get("Endpoint")))
    must(topics._get_topic(properties["TopicArn"])[1])


def _check_topic(properties: Properties) -> None:
    must(sns.topic_refusal(properties.get("TopicName", "unnamed")))
    for subscription in properties.get("Subscription") or []:
        must(sns.subscription_refusal(subscription.get("Protocol"), subscription.get("Endpoint")))


def _new_topic(create: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(logical_id: str, properties: Properties, stack_name: str) -> Any:
        from ministack.core.responses import get_account_id, get_region
        from ministack.services import sns as topics
        from ministack.services.cloudformation import provisioners

        name = properties.get("TopicName") or provisioners._physical_name(stack_name, logical_id, max_len=256)
        arn = f"arn:aws:sns:{get_region()}:{get_account_id()}:{name}"
        if arn in topics._topics:
            raise ValueError(f"Resource of type 'AWS::SNS::Topic' with identifier '{arn}' already exists.")
        return create(logical_id, properties, stack_name)

    return wrapped


def _glue_call(ask: Callable[[Any], Response], request: Properties, resource: str, action: str) -> Any:
    """In the place of ministack's own, which is Athena's too."""
    answer = ask(_with_texts(request))
    must(answer)
    return json.loads(answer[2] or b"{}")


def _with_texts(value: Any, is_map: bool = False) -> Any:
    """A request of Glue whose maps of parameters have texts only."""
    if isinstance(value, list):
        return [_with_texts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _text(each) if is_map else _with_texts(each, name == "Parameters") for name, each in value.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
