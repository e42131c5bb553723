"""Bucket policies that S3 refuses, and those whose meaning would be lost here.

Seen in ministack 1.5.33: PutBucketPolicy keeps every text, and what is not understood in it never matches. S3 refuses a
document that isn't one, an action or a resource that isn't this bucket's, an unknown principal, operator or condition
key. What S3 knows and ministack doesn't evaluate is refused too: NotPrincipal, principals that are neither of AWS nor a
service, and all condition keys but those of `condition_keys`. GetBucketPolicyStatus is answered with a listing. Exit
condition: `ministack.services.s3._put_bucket_policy` refuses each, `ministack.core.iam_evaluator` evaluates the rest,
and `_dispatch` knows policyStatus.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from local_aws.emulator import Response, condition_keys, policy_documents, policy_variables
from local_aws.emulator.policy_documents import OF_A_RESOURCE, Statement, listed, statements
from local_aws.emulator.s3_requests import error

# What may be done to an object, and what to a bucket.
_OBJECT = """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject
"""
_BUCKET = """
    DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration
    GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
    GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
    GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
    PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging
    PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
    PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
    PutMetricsConfiguration PutReplicationConfiguration
"""
_KEY = re.compile(f"{condition_keys.OF_A_REQUEST}|{condition_keys.OF_S3}", re.IGNORECASE)
# Without white space: https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html
_MOST_BYTES = 20 * 1024
_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws:iam::\d{12}:(root|(?P<kind>user|role)/(?:[^*?]*/)?(?P<name>[^*?/]+))"
    r"|arn:aws:sts::\d{12}:assumed-role/[^*?/]+/[^*?/]+"
)


def install() -> None:
    """Refuse what ministack would keep, CloudFormation's policies too, and answer GetBucketPolicyStatus."""
    from ministack.services import s3

    s3._dispatch = _with_status(s3._dispatch)
    put = s3._put_bucket_policy

    def put_bucket_policy(bucket: str, body: bytes) -> Response:
        reason = next(problems(bucket, body), None) if bucket in s3._buckets else None
        answer: Response = error("MalformedPolicy", reason) if reason else put(bucket, body)
        return answer

    s3._put_bucket_policy = put_bucket_policy


def _with_status(original: Callable[..., Response]) -> Callable[..., Response]:
    def dispatch(method: str, bucket: str, key: str, headers: Any, body: bytes, query: dict[str, Any]) -> Response:
        from ministack.services import s3

        if method != "GET" or key or "policyStatus" not in query:
            return original(method, bucket, key, headers, body, query)
        status, kind, policy = s3._get_bucket_policy(bucket)
        if status >= 300:
            return status, kind, policy
        public = str(s3._policy_is_public(policy.decode())).lower()
        answer = f'<PolicyStatus xmlns="{s3.S3_NS}"><IsPublic>{public}</IsPublic></PolicyStatus>'
        return 200, {"Content-Type": "application/xml"}, answer.encode()

    return dispatch


def problems(bucket: str, body: bytes) -> Iterator[str]:
    """Why S3 doesn't take this for the bucket's policy; nothing if it does."""
    found = next(policy_documents.problems(body, OF_A_RESOURCE), None)
    if found == "Unknown field NotPrincipal":
        found = "the local AWS does not evaluate NotPrincipal"
    if found:
        yield found
        return
    if len(json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()) > _MOST_BYTES:
        yield "Policy exceeds the maximum allowed document size."
    yield from policy_variables.problems(body)
    for statement in statements(body):
        if not all(_principals(statement["Principal"])):
            yield "Invalid principal in policy"
        yield from _target_problems(bucket, statement)
        for key in condition_keys.keys_of(statement):
            if not _KEY.fullmatch(key):
                yield f"Policy has an invalid condition key, or one that the local AWS does not evaluate: {key}"


def _principals(given: Any) -> Iterator[bool]:
    """Of each principal, whether it is one; ministack knows whom this account has."""
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    for kind, names in given.items() if isinstance(given, dict) else [("AWS", given)]:
        for name in listed(names):
            found = _PRINCIPAL.fullmatch(str(name)) if kind == "AWS" else None
            if kind == "Service":
                yield str(name).endswith(".amazonaws.com")
            elif found and found["kind"] and f"::{get_account_id()}:" in name:
                yield found["name"] in (iam._users if found["kind"] == "user" else iam._roles)
            else:
                yield bool(found) and (isinstance(given, dict) or name == "*")


def _target_problems(bucket: str, statement: Statement) -> Iterator[str]:
    """Actions are of S3, resources of this bucket, and each action is for one of the resources."""
    from ministack.core.iam_evaluator import fnmatch_iam, fnmatch_iam_cs

    on_object, on_bucket = False, False
    for resource in listed(statement.get("Resource") or statement.get("NotResource")):
        named, has_key, _ = str(resource).removeprefix("arn:aws:s3:::").partition("/")
        if not str(resource).startswith("arn:aws:s3:::") or not fnmatch_iam_cs(bucket, named):
            yield "Policy has invalid resource"
        on_object = on_object or bool(has_key) or named.endswith("*")
        on_bucket = on_bucket or not has_key
    for action in listed(statement.get("Action") or statement.get("NotAction")):
        objects, buckets = (
            any(fnmatch_iam(f"s3:{each}", str(action)) for each in known.split()) for known in (_OBJECT, _BUCKET)
        )  # fmt: skip
        if not objects and not buckets:
            yield "Policy has invalid action"
        elif {"Action", "Resource"} <= statement.keys() and not ((objects and on_object) or (buckets and on_bucket)):
            yield "Action does not apply to any resource(s) in statement"
