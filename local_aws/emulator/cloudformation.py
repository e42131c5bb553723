"""Properties that ministack's CloudFormation skips without a word, applied from the template that was submitted.

Seen in ministack 1.5.33: a table's TimeToLiveSpecification and PointInTimeRecoverySpecification, a bucket's
LifecycleConfiguration, BucketEncryption, OwnershipControls and Tags, a topic's KmsMasterKeyId; the type
AWS::Athena::NamedQuery is refused. Exit condition: the property's name appears in
`ministack.services.cloudformation.provisioners` under its resource's create function.

Properties that neither ministack nor this module knows fail the resource, and a new stack over a rolled back one is
refused, both of which ministack accepts; what it accepts in a template is in `templates`.

Ministack writes tables and bucket policies without asking their services: over one of the same name, and whatever the
properties are; it deletes a bucket with its objects, a table that is protected, and a work group that isn't empty; and
an empty description is told for none. Here the services are asked. Exit condition: `_ddb_create`,
`_s3_bucket_policy_create`, `_s3_delete`, `_ddb_delete` and `_athena_workgroup_delete` of
`ministack.services.cloudformation.provisioners` do, and DescribeStacks tells none.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails
"""

import json
import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import unescape

from botocore.serialize import create_serializer
from botocore.session import Session

from local_aws.emulator import Response, athena, bucket_tags, stack_changes, workgroups

Properties = dict[str, Any]
Apply = Callable[[str, Properties, Properties], None]

# What is really applied, here or by ministack.
_KNOWN = {
    "AWS::DynamoDB::Table": {
        "TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "ProvisionedThroughput", "StreamSpecification",
        "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "DeletionProtectionEnabled", "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification", "Tags",
    },
    "AWS::S3::Bucket": {
        "BucketName", "VersioningConfiguration", "NotificationConfiguration", "CorsConfiguration", "BucketEncryption",
        "PublicAccessBlockConfiguration", "WebsiteConfiguration", "LifecycleConfiguration", "OwnershipControls", "Tags",
    },
    "AWS::SNS::Topic": {"TopicName", "DisplayName", "Subscription", "KmsMasterKeyId", "Tags"},
    "AWS::Athena::WorkGroup": {
        "Name", "Description", "State", "WorkGroupConfiguration", "RecursiveDeleteOption", "Tags",
    },
    "AWS::S3::Bucket Rule": {
        "Id", "Status", "Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "ExpirationInDays",
        "ExpirationDate", "ExpiredObjectDeleteMarker", "Transition", "Transitions", "NoncurrentVersionExpiration",
        "NoncurrentVersionExpirationInDays", "AbortIncompleteMultipartUpload",
    },
}  # fmt: skip


def install() -> None:
    """Wrap the resources' handlers, which get properties with every reference resolved."""
    from ministack.services.cloudformation import handlers, provisioners

    provisioners._ddb_create = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]["create"] = _create_table
    provisioners._s3_bucket_policy_create = _create_bucket_policy
    provisioners._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"]["create"] = _create_bucket_policy
    wrapped: dict[str, Apply] = {
        "AWS::DynamoDB::Table": _apply_to_table,
        "AWS::S3::Bucket": _apply_to_bucket,
        "AWS::SNS::Topic": _apply_to_topic,
        "AWS::Athena::WorkGroup": lambda name, properties, old: None,
    }
    for resource, apply in wrapped.items():
        own = provisioners._RESOURCE_HANDLERS[resource]
        own["create"] = _created(resource, own["create"], apply, own["delete"])
        own["update"] = _updated(resource, own["update"], apply)
    table = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    table["delete"] = _delete_table
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = _delete_bucket
    provisioners._RESOURCE_HANDLERS["AWS::Athena::WorkGroup"]["delete"] = _delete_work_group
    stack_changes.install()
    attributes = provisioners._s3_attrs
    provisioners._s3_attrs = lambda name: {**attributes(name), "DualStackDomainName": _on_both_stacks(name)}
    describe = handlers._ACTION_HANDLERS["DescribeStacks"]
    handlers._ACTION_HANDLERS["DescribeStacks"] = lambda parameters: _without_empty(*describe(parameters))
    handlers._ACTION_HANDLERS["CreateStack"] = _new_stack(handlers._ACTION_HANDLERS["CreateStack"])
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": _create_named_query,
        "delete": _delete_named_query,
    }


def _on_both_stacks(bucket: str) -> str:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html"""
    from ministack.core.responses import get_region

    return f"{bucket}.s3.dualstack.{get_region()}.amazonaws.com"


def _create_named_query(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> tuple[str, Properties]:
    """Ref and NamedQueryId are the query's id; every change is a replacement in AWS too."""
    from ministack.services import athena

    response = athena._create_named_query({**properties, "Name": properties.get("Name", logical_id)})
    must(response)
    query_id = json.loads(response[2])["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _delete_named_query(physical_id: str, properties: Properties) -> None:
    from ministack.services import athena

    must(athena._delete_named_query({"NamedQueryId": physical_id}))


def _created(
    resource: str, create: Callable[..., Any], apply: Apply, delete: Callable[..., Any]
) -> Callable[..., Any]:  # fmt: skip
    def wrapped(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> Any:
        _require_known(resource, properties)
        result = create(logical_id, properties, *rest, **named)
        try:
            apply(result[0], properties, {})
        except Exception:
            delete(result[0], properties)  # a rollback deletes only what has been created to its end
            raise
        return result

    return wrapped


def _updated(resource: str, update: Callable[..., Any], apply: Apply) -> Callable[..., Any]:
    def wrapped(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        _require_known(resource, new)
        result = update(physical_id, old, new, *rest, **named)
        apply(result[0], new, old if result[0] == physical_id else {})
        return result

    return wrapped


def _require_known(what: str, properties: Properties) -> None:
    for name in sorted(properties.keys() - _KNOWN[what]):
        raise ValueError(f"Encountered unsupported property {name}")


def _create_table(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Properties]:
    from ministack.services import dynamodb
    from ministack.services.cloudformation import provisioners

    name = properties.get("TableName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
    if name in dynamodb._tables:
        raise ValueError(f"Resource of type 'AWS::DynamoDB::Table' with identifier '{name}' already exists.")
    later = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
    request = _typed({key: value for key, value in properties.items() if key not in later})
    if "StreamSpecification" in request:  # CloudFormation's has no StreamEnabled
        request["StreamSpecification"].setdefault("StreamEnabled", True)
    must(dynamodb._create_table({**request, "TableName": name}))
    return name, provisioners._ddb_attrs(dynamodb._tables[name])


def _typed(value: Any) -> Any:
    """A table's properties with the numbers and truth values that a template's parameters give as texts."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if not isinstance(value, dict):
        return value
    typed: Properties = {}
    for name, each in value.items():
        if name in ("ReadCapacityUnits", "WriteCapacityUnits"):
            typed[name] = int(each)
        elif name in ("DeletionProtectionEnabled", "StreamEnabled"):
            typed[name] = str(each).lower() == "true"
        else:
            typed[name] = _typed(each)
    return typed


def _delete_table(name: str, properties: Properties) -> None:
    from ministack.services import dynamodb

    if name in dynamodb._tables:  # one that is gone counts as deleted
        must(dynamodb._delete_table({"TableName": name}))


def _delete_bucket(name: str, properties: Properties) -> None:
    from ministack.services import s3

    if name in s3._buckets:
        must(s3._delete_bucket(name))


def _delete_work_group(name: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html"""
    from ministack.services import athena as ministack

    if name not in ministack._workgroups:
        return
    kept = workgroups.saved_in(name)
    recursive = str(properties.get("RecursiveDeleteOption", False)).lower() == "true"
    if not recursive and (kept or _has_executions(name)):
        raise ValueError(f"WorkGroup {name} is not empty")
    for store, key in kept:
        store.pop(key)
    must(ministack._delete_workgroup({"WorkGroup": name, "RecursiveDeleteOption": recursive}))


def _has_executions(group: str) -> bool:
    return any(
        each.public["WorkGroup"] == group for service in athena._service for each in service._executions.values()
    )


def _create_bucket_policy(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Properties]:
    from ministack.services import s3

    document = properties.get("PolicyDocument")
    text = document if isinstance(document, str) else json.dumps(document)
    must(s3._put_bucket_policy(properties.get("Bucket", ""), text.encode()))
    return f"{properties['Bucket']}-policy", {}


def _without_empty(status: int, headers: dict[str, str], body: bytes) -> Response:
    """What is not said of a stack and its outputs is absent in AWS's answer."""
    return status, headers, re.sub(rb"<(Description|StackStatusReason)></\1>", b"", body)


def _new_stack(create: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(parameters: Properties) -> Any:
        from ministack.services.cloudformation import _stacks, helpers

        name = helpers._p(parameters, "StackName")
        if _stacks.get(name, {}).get("StackStatus") == "ROLLBACK_COMPLETE":
            return helpers._error("AlreadyExistsException", f"Stack [{name}] already exists")
        return create(parameters)

    return wrapped


def _apply_to_table(name: str, properties: Properties, old: Properties) -> None:
    from ministack.services import dynamodb

    if properties.get("BillingMode") == "PAY_PER_REQUEST":
        dynamodb._tables[name]["ProvisionedThroughput"] = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    ttl, current = properties.get("TimeToLiveSpecification"), dynamodb._ttl_settings.get(name) or {}
    on = current.get("TimeToLiveStatus") == "ENABLED"
    if ttl:
        enabled = str(ttl.get("Enabled", True)).lower() == "true"
        # It asks for a change only where there is one, as DynamoDB refuses any other.
        if enabled != on or (enabled and ttl.get("AttributeName") != current.get("AttributeName")):
            must(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": {**ttl, "Enabled": enabled}}))
    elif on and old.get("TimeToLiveSpecification"):  # https://github.com/aws/aws-cdk/issues/25655
        raise ValueError("AttributeName property of TimeToLiveSpecification is required when TTL status is enabled")
    if old.get("PointInTimeRecoverySpecification") and "PointInTimeRecoverySpecification" not in properties:
        raise ValueError("The embedded AWS does not take PointInTimeRecoverySpecification out: set it to false")
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        enabled = str(recovery.get("PointInTimeRecoveryEnabled", False)).lower() == "true"
        must(
            dynamodb._update_continuous_backups(
                {
                    "TableName": name,
                    "PointInTimeRecoverySpecification": {**recovery, "PointInTimeRecoveryEnabled": enabled},
                }
            )
        )


def _apply_to_bucket(name: str, properties: Properties, old: Properties) -> None:
    from ministack.services import s3

    if "VersioningConfiguration" in {**old, **properties}:  # versions that are no longer asked for are suspended
        s3._bucket_versioning[name] = (properties.get("VersioningConfiguration") or {}).get("Status", "Suspended")
    for member, remove in {
        "LifecycleConfiguration": s3._delete_bucket_lifecycle,
        "BucketEncryption": s3._delete_bucket_encryption,
        "OwnershipControls": s3._delete_bucket_ownership_controls,
    }.items():
        if member in old and member not in properties:
            must(remove(name))

    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle.get("Rules") or []]
        must(
            s3._put_bucket_lifecycle(
                name, _body("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules})
            )
        )
    if encryption := properties.get("BucketEncryption"):
        rules = [
            {
                "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault") or {},
                "BucketKeyEnabled": str(rule.get("BucketKeyEnabled", False)).lower() == "true",
            }
            for rule in encryption.get("ServerSideEncryptionConfiguration") or []
        ]
        body = _body("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": rules})
        must(s3._put_bucket_encryption(name, body))
    if ownership := properties.get("OwnershipControls"):
        must(s3._put_bucket_ownership_controls(name, _body("PutBucketOwnershipControls", OwnershipControls=ownership)))
    if tags := properties.get("Tags"):
        must(bucket_tags.put_tags_of_a_stack(name, tags))


def _apply_to_topic(arn: str, properties: Properties, old: Properties) -> None:
    from ministack.services import sns

    sns._topics[arn]["attributes"]["KmsMasterKeyId"] = properties.get("KmsMasterKeyId", "")


def _lifecycle_rule(rule: Properties) -> Properties:
    """A rule as CloudFormation writes it in the shape of the S3 API.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-rule.html
    """
    _require_known("AWS::S3::Bucket Rule", rule)
    sizes = {name: int(rule[name]) for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    tags, prefix = rule.get("TagFilters") or [], {"Prefix": rule["Prefix"]} if "Prefix" in rule else {}
    # S3 has several conditions in And, a single one outside.
    if len(sizes) + len(tags) + len(prefix) > 1:
        chosen: Properties = {"And": {**prefix, **sizes, **({"Tags": tags} if tags else {})}}
    else:
        chosen = {**prefix, **sizes, **({"Tag": tags[0]} if tags else {})} or {"Prefix": ""}
    answer: Properties = {"Status": rule["Status"], "Filter": chosen}
    if "Id" in rule:
        answer["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        answer["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    elif "ExpirationDate" in rule:
        answer["Expiration"] = {"Date": rule["ExpirationDate"]}
    elif str(rule.get("ExpiredObjectDeleteMarker", False)).lower() == "true":
        answer["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    transitions = [*(rule.get("Transitions") or []), *([rule["Transition"]] if "Transition" in rule else [])]
    if transitions:
        answer["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": int(each["TransitionInDays"])} for each in transitions
        ]
    old = rule.get("NoncurrentVersionExpiration") or {}
    if "NoncurrentVersionExpirationInDays" in rule:
        old = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if old:
        answer["NoncurrentVersionExpiration"] = {name: int(value) for name, value in old.items()}
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort:
        answer["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(abort["DaysAfterInitiation"])}
    return answer


def _body(operation: str, **parameters: Any) -> bytes:
    """The XML that botocore would send for an S3 operation."""
    model = Session().get_service_model("s3")
    request = create_serializer("rest-xml").serialize_to_request(
        {"Bucket": "unused", **parameters}, model.operation_model(operation)
    )
    body = request["body"]
    return body if isinstance(body, bytes) else body.encode()


def must(response: Response | None) -> None:
    """Fail the resource with the words of a service that refused."""
    if response and response[0] >= 300:
        text = response[2].decode()
        found = re.search("<Message>(.*)</Message>", text, re.S)
        raise ValueError(unescape(found[1]) if found else json.loads(text)["message"])
