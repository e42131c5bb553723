"""Lifecycle rules that S3 refuses.

Seen in ministack 1.5.33: it checks the status, the storage class and that days are positive, but not that a rule has an
action, a filter and an ID of its own, nor what the actions and the filter say, nor how many rules there are; a rule
without an ID gets none; and it loses a Prefix that is not in a Filter, which is refused here. Exit condition:
`ministack.services.s3._put_bucket_lifecycle` does each. How a rule's actions go together is `lifecycle_transitions`.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

import base64
import re
import uuid
from datetime import UTC, datetime, time
from xml.etree.ElementTree import Element

from local_aws.emulator import Response, lifecycle_transitions
from local_aws.emulator.s3_requests import children, error, malformed

ACTIONS = {
    "Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
}  # fmt: skip
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
LEAST_DAYS = 30  # before an object may move to one of those
MOST_RULES = 1000
MOST_ID = 255


def install() -> None:
    """Refuse what ministack would keep; CloudFormation's rules come by here too."""
    from ministack.services import s3

    put = s3._put_bucket_lifecycle

    def put_bucket_lifecycle(bucket: str, body: bytes) -> Response:
        if refused := refusal(body):
            return refused
        answer: Response = put(bucket, body)
        for rule in s3._bucket_lifecycle.get(bucket, []) if answer[0] < 300 else []:
            rule.setdefault("ID", base64.b64encode(str(uuid.uuid4()).encode()).decode())
        return answer

    s3._put_bucket_lifecycle = put_bucket_lifecycle


def refusal(body: bytes) -> Response | None:
    rules = children(re.sub(rb'\sxmlns="[^"]*"', b"", body), "Rule")
    ids = [given for rule in rules if (given := rule.findtext("ID"))]
    if not rules:
        return malformed()
    if len(rules) > MOST_RULES:
        limit = f"The number of lifecycle rules must not exceed the allowed limit of {MOST_RULES} rules"
        return error("InvalidRequest", limit)
    if any(len(each) > MOST_ID for each in ids):
        return error("InvalidArgument", f"ID length should not exceed allowed limit of {MOST_ID}")
    if len(set(ids)) < len(ids):
        return error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    return next(filter(None, map(_rule_refusal, rules)), None)


def _rule_refusal(rule: Element) -> Response | None:
    if rule.find("Prefix") is not None:
        return error("NotImplemented", "The embedded AWS takes the Prefix of a rule in its Filter only", 501)
    chosen = rule.find("Filter")
    if chosen is None or len(chosen) > 1:  # several conditions stand in an And
        return malformed()
    actions = [each for each in rule if each.tag in ACTIONS]
    if not actions:
        return error("InvalidRequest", "At least one action needs to be specified in a rule")
    if refused := next(filter(None, map(_action_refusal, actions)), None):
        return refused
    for name in ("AbortIncompleteMultipartUpload", "Expiration/ExpiredObjectDeleteMarker"):
        if rule.find(name) is not None and chosen.find(".//Tag") is not None:
            return error("InvalidRequest", f"{name.rpartition('/')[2]} cannot be specified with Tags.")
    smallest, largest = (chosen.findtext(f"And/ObjectSize{name}") for name in ("GreaterThan", "LessThan"))
    if smallest and largest and int(smallest) >= int(largest):
        return error("InvalidRequest", "'ObjectSizeLessThan' should be greater than 'ObjectSizeGreaterThan'")
    return lifecycle_transitions.refusal(rule)


def _action_refusal(action: Element) -> Response | None:
    if action.tag in ("Expiration", "Transition"):
        moments = [each for each in action if each.tag in ("Days", "Date", "ExpiredObjectDeleteMarker")]
        if len(moments) != 1:
            return malformed()
    if (date := action.findtext("Date")) and not _is_midnight(date):
        return error("InvalidArgument", "'Date' must be at midnight GMT")
    if (days := action.findtext("DaysAfterInitiation")) and int(days) < 1:
        message = f"'DaysAfterInitiation' for {action.tag} action must be a positive integer"
        return error("InvalidArgument", message)
    storage_class = action.findtext("StorageClass")
    for name in ("Days", "NoncurrentDays"):
        days = action.findtext(name)
        if days and storage_class in _INFREQUENT and int(days) < LEAST_DAYS:
            message = f"'{name}' in {action.tag} action must be greater than or equal to {LEAST_DAYS}"
            return error("InvalidArgument", f"{message} for storageClass '{storage_class}'")
    return None


def _is_midnight(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return (moment.astimezone(UTC) if moment.tzinfo else moment).time() == time()
