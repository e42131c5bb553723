"""Lifecycle rules that S3 refuses.

Seen in ministack 1.5.33: it checks the status, the storage class and that days are positive, but not that a rule has an
action, a filter and an ID of its own, nor what the actions say; and it loses a Prefix that is not in a Filter, which is
refused here. Exit condition: `ministack.services.s3._put_bucket_lifecycle` does each.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

import re
from datetime import UTC, datetime, time
from xml.etree.ElementTree import Element

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import children, error, malformed

ACTIONS = {
    "Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
}  # fmt: skip
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
LEAST_DAYS = 30  # before an object may move to one of those


def install() -> None:
    """Refuse what ministack would keep; CloudFormation's rules come by here too."""
    from ministack.services import s3

    put = s3._put_bucket_lifecycle
    s3._put_bucket_lifecycle = lambda bucket, body: refusal(body) or put(bucket, body)


def refusal(body: bytes) -> Response | None:
    rules = children(re.sub(rb'\sxmlns="[^"]*"', b"", body), "Rule")
    ids = [rule.findtext("ID") for rule in rules if rule.findtext("ID")]
    if not rules:
        return malformed()
    if len(set(ids)) < len(ids):
        return error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    return next(filter(None, map(_rule_refusal, rules)), None)


def _rule_refusal(rule: Element) -> Response | None:
    if rule.find("Prefix") is not None:
        return error("NotImplemented", "The embedded AWS takes the Prefix of a rule in its Filter only", 501)
    if rule.find("Filter") is None:
        return malformed()
    actions = [each for each in rule if each.tag in ACTIONS]
    if not actions:
        return error("InvalidRequest", "At least one action needs to be specified in a rule")
    if refused := next(filter(None, map(_action_refusal, actions)), None):
        return refused
    moves = [int(days) for each in rule.findall("Transition") if (days := each.findtext("Days"))]
    end = rule.findtext("Expiration/Days")
    if end and moves and int(end) <= max(moves):
        prefix = rule.findtext("Filter/Prefix") or rule.findtext("Filter/And/Prefix") or ""
        message = f"'Days' in the Expiration action for filter '(prefix={prefix})' must be greater than 'Days' in the"
        return error("InvalidArgument", f"{message} Transition action")
    return None


def _action_refusal(action: Element) -> Response | None:
    if action.tag in ("Expiration", "Transition"):
        moments = [each for each in action if each.tag in ("Days", "Date", "ExpiredObjectDeleteMarker")]
        if len(moments) != 1:
            return malformed()
    if (date := action.findtext("Date")) and not _is_midnight(date):
        return error("InvalidArgument", "'Date' must be at midnight GMT")
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
