"""Reading a range or a part of an object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""

from typing import Any

import pytest

from tests.local_aws.harness import Aws
from tests.local_aws.test_s3_requests import LEAST, Upload, refused

BODY = b"0123456789"


@pytest.fixture(scope="module")
def plain(aws: Aws, bucket: str) -> dict[str, str]:
    where = {"Bucket": bucket, "Key": "plain"}
    aws.client("s3").put_object(**where, Body=BODY)
    return where


@pytest.fixture(scope="module")
def versioned(aws: Aws) -> dict[str, str]:
    """The older of two versions."""
    s3, where = aws.client("s3"), {"Bucket": "partial-versions", "Key": "versioned"}
    s3.create_bucket(Bucket=where["Bucket"])
    s3.put_bucket_versioning(Bucket=where["Bucket"], VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(**where, Body=BODY)["VersionId"]
    s3.put_object(**where, Body=b"new")
    return {**where, "VersionId": version}


def status(answer: dict[str, Any]) -> int:
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize("kind", ["plain", "versioned"])
@pytest.mark.parametrize(
    ("span", "code", "expected", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, BODY, "bytes 0-9/10"),
        # Of several ranges, and of what is none, S3 answers the whole object.
        ("bytes=0-1,3-4", 200, BODY, None),
        ("foo=1-2", 200, BODY, None),
        ("bytes=a-b", 200, BODY, None),
        ("bytes=-", 200, BODY, None),
    ],
)
def test_ranges(
    aws: Aws, kind: str, span: str, code: int, expected: bytes, told: str | None, request: pytest.FixtureRequest
) -> None:
    s3, where = aws.client("s3"), request.getfixturevalue(kind)
    found = s3.get_object(**where, Range=span)
    assert (status(found), found["Body"].read(), found.get("ContentRange")) == (code, expected, told)
    head = s3.head_object(**where, Range=span)
    assert (status(head), head["ContentLength"], head.get("ContentRange")) == (code, len(expected), told)


@pytest.mark.parametrize("span", ["bytes=10-", "bytes=20-30", "bytes=-0"])
def test_ranges_outside_of_the_object(aws: Aws, plain: dict[str, str], span: str) -> None:
    s3 = aws.client("s3")
    assert refused(s3.get_object, **plain, Range=span) == (416, "InvalidRange")
    assert refused(s3.head_object, **plain, Range=span)[0] == 416


def test_parts(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "parts"}
    Upload(s3, bucket, b"a" * LEAST, b"b").complete(1, 2)
    for number, body, span in ((1, b"a" * LEAST, f"0-{LEAST - 1}"), (2, b"b", f"{LEAST}-{LEAST}")):
        found = s3.get_object(**where, PartNumber=number)
        assert (status(found), found["PartsCount"], found["Body"].read()) == (206, 2, body)
        head = s3.head_object(**where, PartNumber=number)
        assert (status(head), head["PartsCount"], head["ContentLength"]) == (206, 2, len(body))
        assert found["ContentRange"] == head["ContentRange"] == f"bytes {span}/{LEAST + 1}"
    assert refused(s3.get_object, **where, PartNumber=3) == (416, "InvalidPartNumber")
    assert refused(s3.head_object, **where, PartNumber=3)[0] == 416
    assert refused(s3.get_object, **where, PartNumber=10_001) == (400, "InvalidArgument")
    assert refused(s3.get_object, **where, PartNumber=1, Range="bytes=0-1") == (400, "InvalidRequest")


def test_an_object_without_parts_is_its_first_one(aws: Aws, plain: dict[str, str]) -> None:
    s3 = aws.client("s3")
    found = s3.get_object(**plain, PartNumber=1)
    assert (status(found), found["Body"].read(), found["ContentRange"]) == (206, BODY, "bytes 0-9/10")
    assert "PartsCount" not in found
    assert status(s3.head_object(**plain, PartNumber=1)) == 206
    assert refused(s3.get_object, **plain, PartNumber=2) == (416, "InvalidPartNumber")
    assert refused(s3.head_object, **plain, PartNumber=2)[0] == 416
