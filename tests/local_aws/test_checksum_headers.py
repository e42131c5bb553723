"""Checksums that S3 asks for, and those it refuses.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
"""

import base64
import hashlib
import zlib
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

BODY = b"the end"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()


@pytest.fixture(scope="module")
def s3(aws: Aws) -> Any:
    """A client that sends only the checksums it is told to."""
    config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
    return boto3.client(
        "s3", endpoint_url=aws.url, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local",
        config=config,
    )  # fmt: skip


@pytest.fixture
def upload(s3: Any, bucket: str) -> dict[str, str]:
    where: dict[str, str] = {"Bucket": bucket, "Key": "parts"}
    where["UploadId"] = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"]
    return where


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize(("given", "actual"), [({"ChecksumCRC32": CRC32}, "crc32"), ({}, "null")])
def test_a_part_has_the_checksum_of_its_upload(s3: Any, upload: dict[str, str], given: Any, actual: str) -> None:
    mismatch = f"Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: {actual}"
    assert refused(s3.upload_part, **upload, PartNumber=1, Body=BODY, **given) == ("InvalidRequest", mismatch)
    s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumSHA256=SHA256)


def test_a_completion_tells_the_checksums_of_its_parts(s3: Any, upload: dict[str, str]) -> None:
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumSHA256=SHA256)["ETag"]}
    missing = (
        "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. "
        "It was missing for part 1 in the request."
    )
    assert refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": [part]}) == (
        "InvalidRequest",
        missing,
    )
    parts = {"Parts": [{**part, "ChecksumSHA256": SHA256}]}
    assert s3.complete_multipart_upload(**upload, MultipartUpload=parts)["ChecksumType"] == "COMPOSITE"
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})  # a repeated request


@pytest.mark.parametrize("asked", [{}, {"ChecksumAlgorithm": "CRC64NVME"}])
def test_uploads_whose_parts_need_no_checksum(s3: Any, bucket: str, asked: dict[str, str]) -> None:
    where = {"Bucket": bucket, "Key": "free"}
    where["UploadId"] = s3.create_multipart_upload(**where, **asked)["UploadId"]
    sent = s3.upload_part(**where, PartNumber=1, Body=BODY)
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]})


def test_listings_of_uploads_tell_their_checksums(s3: Any, bucket: str, upload: dict[str, str]) -> None:
    expected = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "COMPOSITE"}
    assert expected.items() <= s3.list_parts(**upload).items()
    listed = {each["UploadId"]: each for each in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]}
    assert expected.items() <= listed[upload["UploadId"]].items()
    plain = s3.create_multipart_upload(Bucket=bucket, Key="plain")["UploadId"]
    listed = {each["UploadId"]: each for each in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]}
    assert "ChecksumAlgorithm" not in listed[plain]


def test_a_copy_has_the_etag_of_a_whole(s3: Any, bucket: str, upload: dict[str, str]) -> None:
    sent = s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumSHA256=SHA256)
    part = {"PartNumber": 1, "ETag": sent["ETag"], "ChecksumSHA256": SHA256}
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    plain = f'"{hashlib.md5(BODY).hexdigest()}"'  # noqa: S324
    copied = s3.copy_object(Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "parts"})
    assert copied["CopyObjectResult"]["ETag"] == plain
    assert s3.head_object(Bucket=bucket, Key="copied")["ETag"] == plain
    assert s3.head_object(Bucket=bucket, Key="parts")["ETag"].endswith('-1"')
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="copied")["Contents"]
    assert [each["ETag"] for each in listed] == [plain]


def test_one_checksum_of_the_right_length(s3: Any, bucket: str) -> None:
    write = {"Bucket": bucket, "Key": "k", "Body": BODY}
    several = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    assert refused(s3.put_object, **write, ChecksumCRC32=CRC32, ChecksumSHA256=SHA256) == ("InvalidRequest", several)
    for wrong in ("abc", CRC32, "*" * 44):
        malformed = "Value for x-amz-checksum-sha256 header is invalid."
        assert refused(s3.put_object, **write, ChecksumSHA256=wrong) == ("InvalidRequest", malformed)
    s3.put_object(**write, ChecksumSHA256=SHA256)


def test_a_key_of_kms_is_for_kms(s3: Any, bucket: str) -> None:
    write = {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "AES256", "SSEKMSKeyId": "abc"}
    message = (
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
    )
    for call in (s3.put_object, s3.create_multipart_upload):
        assert refused(call, **write) == ("InvalidArgument", message)


def test_an_empty_token_of_a_listing(s3: Any, bucket: str) -> None:
    message = "The continuation token provided is incorrect"
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="") == ("InvalidArgument", message)


def test_attributes_of_objects(s3: Any, bucket: str, upload: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html"""
    s3.put_object(Bucket=bucket, Key="single", Body=BODY)
    found = s3.get_object_attributes(Bucket=bucket, Key="single", ObjectAttributes=["ObjectParts", "ObjectSize"])
    assert (found.get("ObjectParts"), found["ObjectSize"]) == (None, len(BODY))
    wrong = ("InvalidArgument", "Invalid attribute name specified.")
    assert refused(s3.get_object_attributes, Bucket=bucket, Key="single", ObjectAttributes=["Foo"]) == wrong
    sent = s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumSHA256=SHA256)
    part = {"PartNumber": 1, "ETag": sent["ETag"], "ChecksumSHA256": SHA256}
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    found = s3.get_object_attributes(Bucket=bucket, Key="parts", ObjectAttributes=["ObjectParts"])
    assert found["ObjectParts"]["TotalPartsCount"] == 1
