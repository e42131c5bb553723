"""Lifecycle rules.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws
from tests.local_aws.test_s3_requests import refused

EXPIRES = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
TAG = {"Tag": {"Key": "a", "Value": "1"}}
TAGS = {"And": {"Prefix": "x", "Tags": [{"Key": "a", "Value": "1"}]}}
ABORTS = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
MARKERS = {"Status": "Enabled", "Expiration": {"ExpiredObjectDeleteMarker": True}}


def put(aws: Aws, bucket: str, *rules: Any) -> None:
    s3 = aws.client("s3")
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)})


def test_a_rule_without_a_name_gets_one(aws: Aws, bucket: str) -> None:
    put(aws, bucket, EXPIRES, {**EXPIRES, "Filter": {"Prefix": "b"}}, {**EXPIRES, "ID": "mine"})
    found = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert found[2]["ID"] == "mine"
    assert len({each["ID"] for each in found}) == 3


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([{**EXPIRES, "ID": "a" * 256}], "InvalidArgument"),
        ([{**ABORTS, "Filter": TAG}], "InvalidRequest"),
        ([{**ABORTS, "Filter": TAGS}], "InvalidRequest"),
        ([{**MARKERS, "Filter": TAG}], "InvalidRequest"),
        ([{**EXPIRES, "Filter": {"Prefix": "x", **TAG}}], "MalformedXML"),
        ([EXPIRES] * 1001, "InvalidRequest"),
    ],
)
def test_rules_that_are_refused(aws: Aws, bucket: str, rules: Any, code: str) -> None:
    assert refused(lambda: put(aws, bucket, *rules)) == (400, code)


def test_rules_at_the_limits(aws: Aws, bucket: str) -> None:
    put(aws, bucket, {**EXPIRES, "ID": "a" * 255}, *[EXPIRES] * 999)
    put(aws, bucket, {**EXPIRES, "Filter": TAGS}, {**ABORTS, "Filter": {"Prefix": "x"}})


DATE = "2030-01-01T00:00:00Z"
LATER = "2030-01-31T00:00:00Z"
MIXED = "Found mixed 'Date' and 'Days' based {} actions in lifecycle rule for filter '(prefix=x/)'"


def moves(*transitions: tuple[int | str, str], **others: Any) -> dict[str, Any]:
    """A rule with transitions after some days or on a date."""
    told = [
        {"Days" if isinstance(when, int) else "Date": when, "StorageClass": storage} for when, storage in transitions
    ]
    return {"Status": "Enabled", "Filter": {"Prefix": "x/"}, "Transitions": told, **others}


def noncurrent(*transitions: tuple[int, str], **others: Any) -> dict[str, Any]:
    told = [{"NoncurrentDays": days, "StorageClass": storage} for days, storage in transitions]
    return {"Status": "Enabled", "Filter": {"Prefix": "x/"}, "NoncurrentVersionTransitions": told, **others}


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        (moves((DATE, "GLACIER"), Expiration={"Days": 365}), "InvalidRequest", MIXED.format("Expiration and Transition")),  # noqa: E501
        (moves((30, "GLACIER"), Expiration={"Date": DATE}), "InvalidRequest", MIXED.format("Expiration and Transition")),  # noqa: E501
        (moves((30, "GLACIER"), (DATE, "DEEP_ARCHIVE")), "InvalidRequest", MIXED.format("Transition")),
        (moves((30, "GLACIER"), (60, "GLACIER")), "InvalidRequest", "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=x/)'"),  # noqa: E501
        (noncurrent((30, "GLACIER"), (60, "GLACIER")), "InvalidRequest", "'StorageClass' must be different for 'NoncurrentVersionTransition' actions in same 'Rule' with filter '(prefix=x/)'"),  # noqa: E501
        (noncurrent((60, "GLACIER"), NoncurrentVersionExpiration={"NoncurrentDays": 30}), "InvalidArgument", "'NoncurrentDays' in the NoncurrentVersionExpiration action"),  # noqa: E501
        (noncurrent((60, "GLACIER"), NoncurrentVersionExpiration={"NoncurrentDays": 60}), "InvalidArgument", "'NoncurrentDays' in the NoncurrentVersionExpiration action"),  # noqa: E501
        (moves((LATER, "GLACIER"), Expiration={"Date": DATE}), "InvalidArgument", "'Date' in the Expiration action"),
        (moves((30, "GLACIER"), (60, "STANDARD_IA")), "InvalidArgument", "'STANDARD_IA'"),
        (moves((30, "DEEP_ARCHIVE"), (60, "GLACIER")), "InvalidArgument", "'DEEP_ARCHIVE'"),
        (moves((30, "ONEZONE_IA"), (90, "GLACIER_IR")), "InvalidArgument", "'ONEZONE_IA'"),
        (moves((30, "INTELLIGENT_TIERING"), (90, "STANDARD_IA")), "InvalidArgument", "'STANDARD_IA'"),
        (moves((60, "STANDARD_IA"), (60, "GLACIER")), "InvalidArgument", "'GLACIER'"),
        (noncurrent((30, "GLACIER"), (60, "STANDARD_IA")), "InvalidArgument", "'NoncurrentDays'"),
        (moves((30, "STANDARD_IA"), (40, "GLACIER")), "InvalidArgument", "must be 30 days more than"),
        (moves((30, "STANDARD_IA"), (59, "GLACIER")), "InvalidArgument", "must be 30 days more than"),
        (moves((30, "STANDARD_IA"), (40, "ONEZONE_IA")), "InvalidArgument", "must be 30 days more than"),
        (moves((30, "GLACIER"), (119, "DEEP_ARCHIVE")), "InvalidArgument", "'Days' in the 'Transition' action for StorageClass 'DEEP_ARCHIVE' for filter '(prefix=x/)' must be 90 days more than 'filter '(prefix=x/)'' in the 'Transition' action for StorageClass 'GLACIER'"),  # noqa: E501
        (moves((DATE, "STANDARD_IA"), ("2030-01-30T00:00:00Z", "GLACIER")), "InvalidArgument", "must be 30 days more than"),  # noqa: E501
        (noncurrent((30, "STANDARD_IA"), (40, "GLACIER")), "InvalidArgument", "must be 30 days more than"),
    ],
)  # fmt: skip
def test_transitions_that_are_refused(aws: Aws, bucket: str, rule: Any, code: str, message: str) -> None:
    with pytest.raises(ClientError) as error:
        put(aws, bucket, rule)
    answer = error.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (400, code)
    assert message in answer["Error"]["Message"]


@pytest.mark.parametrize(
    "rule",
    [
        moves((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE"), Expiration={"Days": 151}),
        moves((150, "DEEP_ARCHIVE"), (60, "GLACIER"), (30, "STANDARD_IA")),
        moves((30, "STANDARD_IA"), (60, "INTELLIGENT_TIERING"), (61, "ONEZONE_IA"), (91, "GLACIER")),
        moves((0, "GLACIER_IR"), (90, "GLACIER"), Expiration={"ExpiredObjectDeleteMarker": True}),
        moves((DATE, "STANDARD_IA"), (LATER, "GLACIER"), Expiration={"Date": "2030-02-01T00:00:00Z"}),
        noncurrent((30, "STANDARD_IA"), (60, "GLACIER"), NoncurrentVersionExpiration={"NoncurrentDays": 61}),
        noncurrent((60, "GLACIER"), Expiration={"Days": 30}),
    ],
)
def test_transitions_down_the_waterfall(aws: Aws, bucket: str, rule: Any) -> None:
    put(aws, bucket, rule)
