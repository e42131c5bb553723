"""Properties that ministack's CloudFormation skips without a word, applied from the template that was submitted.

Seen in ministack 1.5.33: a table's TimeToLiveSpecification and PointInTimeRecoverySpecification, a bucket's
LifecycleConfiguration, BucketEncryption, OwnershipControls and Tags, a topic's KmsMasterKeyId; the type
AWS::Athena::NamedQuery is refused. Exit condition: the property's name appears in
`ministack.services.cloudformation.provisioners` under its resource's create function.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.serialize import create_serializer
from botocore.session import Session

Properties = dict[str, Any]


def install() -> None:
    """Wrap create and update handlers, which get properties with every reference resolved."""
    from ministack.services.cloudformation import provisioners

    for resource, apply in {
        "AWS::DynamoDB::Table": _apply_to_table,
        "AWS::S3::Bucket": _apply_to_bucket,
        "AWS::SNS::Topic": _apply_to_topic,
    }.items():
        handlers = provisioners._RESOURCE_HANDLERS[resource]
        handlers["create"] = _created(handlers["create"], apply)
        handlers["update"] = _updated(handlers["update"], apply)
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": _create_named_query,
        "delete": _delete_named_query,
    }


def _create_named_query(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> tuple[str, Properties]:
    """Ref and NamedQueryId are the query's id; every change is a replacement in AWS too."""
    from ministack.services import athena

    response = athena._create_named_query({**properties, "Name": properties.get("Name", logical_id)})
    _must(response)
    query_id = json.loads(response[2])["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _delete_named_query(physical_id: str, properties: Properties) -> None:
    from ministack.services import athena

    _must(athena._delete_named_query({"NamedQueryId": physical_id}))


def _created(create: Callable[..., Any], apply: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def wrapped(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> Any:
        result = create(logical_id, properties, *rest, **named)
        apply(result[0], properties)
        return result

    return wrapped


def _updated(update: Callable[..., Any], apply: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def wrapped(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        result = update(physical_id, old, new, *rest, **named)
        apply(result[0], new)
        return result

    return wrapped


def _apply_to_table(name: str, properties: Properties) -> None:
    from ministack.services import dynamodb

    ttl = properties.get("TimeToLiveSpecification")
    if ttl:
        enabled = str(ttl.get("Enabled", True)).lower() == "true"
        _must(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": {**ttl, "Enabled": enabled}}))
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        enabled = str(recovery.get("PointInTimeRecoveryEnabled", False)).lower() == "true"
        _must(
            dynamodb._update_continuous_backups(
                {
                    "TableName": name,
                    "PointInTimeRecoverySpecification": {**recovery, "PointInTimeRecoveryEnabled": enabled},
                }
            )
        )


def _apply_to_bucket(name: str, properties: Properties) -> None:
    from ministack.services import s3

    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle.get("Rules") or []]
        _must(
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
        _must(s3._put_bucket_encryption(name, body))
    if ownership := properties.get("OwnershipControls"):
        _must(s3._put_bucket_ownership_controls(name, _body("PutBucketOwnershipControls", OwnershipControls=ownership)))
    if tags := properties.get("Tags"):
        _must(s3._put_bucket_tagging(name, _body("PutBucketTagging", Tagging={"TagSet": tags})))


def _apply_to_topic(arn: str, properties: Properties) -> None:
    from ministack.services import sns

    sns._topics[arn]["attributes"]["KmsMasterKeyId"] = properties.get("KmsMasterKeyId", "")


def _lifecycle_rule(rule: Properties) -> Properties:
    """A rule as CloudFormation writes it in the shape of the S3 API.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-rule.html
    """
    answer: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    tags = rule.get("TagFilters")
    if tags:
        answer["Filter"] = {"And": {"Prefix": rule.get("Prefix", ""), "Tags": tags}}
    if "Id" in rule:
        answer["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        answer["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    elif str(rule.get("ExpiredObjectDeleteMarker", False)).lower() == "true":
        answer["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    transitions = [*(rule.get("Transitions") or []), *([rule["Transition"]] if "Transition" in rule else [])]
    if transitions:
        answer["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": int(each["TransitionInDays"])} for each in transitions
        ]
    old = rule.get("NoncurrentVersionExpiration") or {}
    days = old.get("NoncurrentDays") or rule.get("NoncurrentVersionExpirationInDays")
    if days is not None:
        answer["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
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


def _must(response: tuple[int, dict[str, str], bytes]) -> None:
    if response[0] >= 300:
        raise ValueError(response[2].decode())
