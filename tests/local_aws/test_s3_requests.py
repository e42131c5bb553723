"""Requests that S3 refuses: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

Assume = Callable[[list[dict[str, Any]]], Aws]
LEAST = 5 * 1024 * 1024


def refused(call: Any, **request: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


class Upload:
    """An upload in parts; `complete` names parts by their numbers."""

    def __init__(self, s3: Any, bucket: str, *parts: bytes) -> None:
        self.s3, self.where = s3, {"Bucket": bucket, "Key": "parts"}
        self.where["UploadId"] = s3.create_multipart_upload(**self.where)["UploadId"]
        self.sent = [
            {"PartNumber": number, "ETag": s3.upload_part(**self.where, PartNumber=number, Body=part)["ETag"]}
            for number, part in enumerate(parts, 1)
        ]

    def complete(self, *numbers: int, **request: Any) -> Any:
        parts = [self.sent[number - 1] for number in numbers]
        return self.s3.complete_multipart_upload(**self.where, MultipartUpload={"Parts": parts}, **request)


def test_parts_but_the_last_have_five_mebibytes(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    upload = Upload(s3, bucket, b"a" * (LEAST - 1), b"b")
    assert refused(lambda: upload.complete(1, 2)) == (400, "EntityTooSmall")
    upload.complete(1)  # the last one
    Upload(s3, bucket, b"a" * LEAST, b"b").complete(1, 2)
    assert s3.head_object(Bucket=bucket, Key="parts")["ContentLength"] == LEAST + 1


def test_parts_are_listed_once_and_in_order(aws: Aws, bucket: str) -> None:
    upload = Upload(aws.client("s3"), bucket, b"a", b"b")
    assert refused(lambda: upload.complete(2, 1)) == (400, "InvalidPartOrder")
    assert refused(lambda: upload.complete(1, 1)) == (400, "InvalidPartOrder")
    assert refused(upload.complete) == (400, "MalformedXML")
    assert refused(upload.s3.complete_multipart_upload, **upload.where) == (400, "MalformedXML")
    assert refused(lambda: upload.complete(1, IfNoneMatch='"x"')) == (501, "NotImplemented")
    upload.complete(1)


def test_a_write_is_conditional_on_no_object_only(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    assert refused(s3.put_object, Bucket=bucket, Key="if", Body=b"", IfNoneMatch='"x"') == (501, "NotImplemented")
    assert refused(s3.head_object, Bucket=bucket, Key="if")[0] == 404
    s3.put_object(Bucket=bucket, Key="if", Body=b"", IfNoneMatch="*")


def test_a_copy_onto_itself_changes_something(aws: Aws, bucket: str) -> None:
    s3, source = aws.client("s3"), {"Bucket": bucket, "Key": "own copy+"}
    s3.put_object(**source, Body=b"x")
    assert refused(s3.copy_object, **source, CopySource=source) == (400, "InvalidRequest")
    for change in (
        {"MetadataDirective": "REPLACE"},
        {"StorageClass": "STANDARD_IA"},
        {"ServerSideEncryption": "AES256"},
    ):
        s3.copy_object(**source, CopySource=source, **change)
    s3.copy_object(Bucket=bucket, Key="other", CopySource=source)


def test_a_listing_of_pages_that_exist(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    for key in ("list/é", "list/a+b", "list/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    where = {"Bucket": bucket, "Prefix": "list/"}
    for wrong in ("zzz", "/w=="):
        assert refused(s3.list_objects_v2, **where, ContinuationToken=wrong) == (400, "InvalidArgument")
    pages = s3.get_paginator("list_objects_v2").paginate(**where, PaginationConfig={"PageSize": 1})
    assert [each["Key"] for page in pages for each in page["Contents"]] == ["list/a+b", "list/c", "list/é"]
    for call in (s3.list_objects_v2, s3.list_objects, s3.list_object_versions):
        assert call(**where, MaxKeys=2000)["MaxKeys"] == 1000
        none = call(**where, MaxKeys=0)
        assert (none["MaxKeys"], none["IsTruncated"], none.get("Contents", [])) == (0, False, [])
        assert refused(call, **where, MaxKeys=-1) == (400, "InvalidArgument")


def test_uploads_are_listed_without_folders(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    assert refused(s3.list_multipart_uploads, Bucket=bucket, Delimiter="/") == (501, "NotImplemented")
    assert s3.list_multipart_uploads(Bucket=bucket)["MaxUploads"] == 1000


def test_who_pays_for_requests(aws: Aws, bucket: str) -> None:
    assert aws.client("s3").get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


@pytest.mark.parametrize("keys", [0, 1001])
def test_a_batch_of_deletions_has_one_to_a_thousand_keys(aws: Aws, bucket: str, keys: int) -> None:
    objects = [{"Key": str(number)} for number in range(keys)]
    assert refused(aws.client("s3").delete_objects, Bucket=bucket, Delete={"Objects": objects}) == (400, "MalformedXML")


def test_a_missing_key_is_told_to_those_who_may_list(aws: Aws, bucket: str, assume: Assume) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: "Permissions"."""
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    missing = {"Bucket": bucket, "Key": "missing"}
    aws.client("s3").put_object(Bucket=bucket, Key="there", Body=b"x")
    reader = assume([read]).client("s3")
    assert refused(reader.get_object, **missing) == (403, "AccessDenied")
    assert refused(reader.head_object, **missing) == (403, "403")
    assert reader.get_object(Bucket=bucket, Key="there")["Body"].read() == b"x"
    lister = assume([read, listing]).client("s3")
    assert refused(lister.get_object, **missing) == (404, "NoSuchKey")
    assert refused(lister.head_object, **missing) == (404, "404")
    assert refused(aws.client("s3").get_object, **missing) == (404, "NoSuchKey")


ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}


def rule(**members: Any) -> dict[str, Any]:
    return {"Status": "Enabled", "Filter": {"Prefix": ""}, **members}


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([rule(ID="a", **ABORT), rule(ID="a", **ABORT)], "InvalidArgument"),
        ([rule()], "InvalidRequest"),
        ([{"Status": "Enabled", **ABORT}], "MalformedXML"),
        ([rule(Expiration={"Days": 1, "Date": "2030-01-01T00:00:00Z"})], "MalformedXML"),
        ([rule(Expiration={"Date": "2030-01-01T01:00:00Z"})], "InvalidArgument"),
        ([rule(Transitions=[{"Days": 10, "StorageClass": "STANDARD_IA"}])], "InvalidArgument"),
        (
            [rule(NoncurrentVersionTransitions=[{"NoncurrentDays": 10, "StorageClass": "ONEZONE_IA"}])],
            "InvalidArgument",
        ),
        ([rule(Transitions=[{"Days": 60, "StorageClass": "GLACIER"}], Expiration={"Days": 60})], "InvalidArgument"),
        ([{"Status": "Enabled", "Prefix": "logs/", **ABORT}], "NotImplemented"),
        ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0})], "InvalidArgument"),
        (
            [{**rule(**ABORT), "Filter": {"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 9}}}],
            "InvalidRequest",
        ),
        ([], "MalformedXML"),
    ],
)
def test_lifecycle_rules(aws: Aws, bucket: str, rules: list[dict[str, Any]], code: str) -> None:
    s3 = aws.client("s3")
    put, given = s3.put_bucket_lifecycle_configuration, {"Rules": rules}
    assert refused(put, Bucket=bucket, LifecycleConfiguration=given)[1] == code
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[1] == "NoSuchLifecycleConfiguration"


def test_lifecycle_rules_that_are_right(aws: Aws) -> None:
    s3, bucket = aws.client("s3"), "right-lifecycle-rules"
    s3.create_bucket(Bucket=bucket)
    moves = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 0, "StorageClass": "GLACIER_IR"}]
    rules = [
        rule(ID="a", Transitions=moves[:1], Expiration={"Days": 31}),
        rule(ID="b", Transitions=moves[1:], Expiration={"Days": 1}),
        rule(ID="c", Expiration={"ExpiredObjectDeleteMarker": True}),
        rule(ID="d", NoncurrentVersionExpiration={"NoncurrentDays": 1}, **ABORT),
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    kept = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [each["ID"] for each in kept] == ["a", "b", "c", "d"]


def test_a_completion_without_a_body(aws: Aws, bucket: str) -> None:
    """As no SDK sends it."""
    upload = Upload(aws.client("s3"), bucket, b"a")
    url = f"{aws.url}/{bucket}/parts?uploadId={upload.where['UploadId']}"
    signed = AWSRequest("POST", url, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    SigV4Auth(Credentials("local", "local"), "s3", "us-east-1").add_auth(signed)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(url, b"", dict(signed.headers), method="POST"))  # noqa: S310
    assert b"<Code>MalformedXML<" in error.value.read()
