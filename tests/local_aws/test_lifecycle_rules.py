"""Lifecycle rules: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"""

from typing import Any

import pytest

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
