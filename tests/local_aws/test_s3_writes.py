"""What S3 asks of objects that are written, and what it answers and keeps of them.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import base64
import hashlib
import zlib
from typing import Any

import pytest

from tests.local_aws.harness import ACCOUNT, Aws
from tests.local_aws.test_s3_requests import LEAST, refused

OTHER = "111122223333"


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def test_the_owner_of_a_bucket_can_be_expected(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="owned", Body=b"", ExpectedBucketOwner=ACCOUNT)
    named = {"Bucket": bucket, "Key": "owned"}
    for call, request in (
        (s3.get_object, named),
        (s3.put_object, named),
        (s3.delete_object, named),
        (s3.list_objects_v2, {"Bucket": bucket}),
        (s3.head_bucket, {"Bucket": bucket}),
        (s3.get_bucket_lifecycle_configuration, {"Bucket": bucket}),
        (s3.create_multipart_upload, named),
    ):
        status, code = refused(call, **request, ExpectedBucketOwner=OTHER)
        assert (status, code) == (403, "403" if call == s3.head_bucket else "AccessDenied")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": named}
    assert refused(s3.copy_object, **copy, ExpectedSourceBucketOwner=OTHER) == (403, "AccessDenied")
    s3.copy_object(**copy, ExpectedSourceBucketOwner=ACCOUNT, ExpectedBucketOwner=ACCOUNT)
    assert refused(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="me") == (
        400, "InvalidBucketOwnerAWSAccountID",
    )  # fmt: skip


def test_a_copy_is_conditional_on_its_destination(aws: Aws, bucket: str) -> None:
    s3, source = aws.client("s3"), {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=b"new")
    etag = s3.put_object(Bucket=bucket, Key="there", Body=b"old")["ETag"]
    there = {"Bucket": bucket, "Key": "there", "CopySource": source}
    assert refused(s3.copy_object, **there, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.copy_object, **there, IfMatch='"x"') == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"old"
    s3.copy_object(**there, IfMatch=etag)
    s3.copy_object(Bucket=bucket, Key="not there yet", CopySource=source, IfNoneMatch="*")


def test_the_default_type_of_content(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "plain"}
    s3.put_object(**where, Body=b"")
    assert s3.head_object(**where)["ContentType"] == "binary/octet-stream"
    s3.put_object(**where, Body=b"", ContentType="text/plain", ContentEncoding="gzip")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": where}
    s3.copy_object(**copy)
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert (head["ContentType"], head["ContentEncoding"]) == ("text/plain", "gzip")
    s3.copy_object(**copy, MetadataDirective="REPLACE")
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert (head["ContentType"], head.get("ContentEncoding")) == ("binary/octet-stream", None)


def test_the_checksum_of_a_write_is_answered(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "checked"}
    sha = base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    written = s3.put_object(**where, Body=b"abc", ChecksumSHA256=sha)
    assert (written["ChecksumSHA256"], written["ChecksumType"]) == (sha, "FULL_OBJECT")
    assert s3.put_object(**where, Body=b"abc", ChecksumAlgorithm="SHA256")["ChecksumSHA256"] == sha
    written = s3.put_object(**where, Body=b"abc")  # boto3 sends a CRC-32 by itself
    assert (written["ChecksumCRC32"], written["ChecksumType"]) == (crc32(b"abc"), "FULL_OBJECT")


def test_every_object_is_encrypted(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "encrypted"}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")
    answers = [s3.put_object(**where, Body=b""), s3.head_object(**where), s3.get_object(**where), upload]
    answers.append(s3.copy_object(Bucket=bucket, Key="copy", CopySource=where))
    assert [each.get("ServerSideEncryption") for each in answers] == ["AES256"] * 5


def test_encryption_by_the_key_of_aws(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "by kms"}
    asked = {**where, "ServerSideEncryption": "aws:kms"}
    answers = [s3.put_object(**asked, Body=b""), s3.head_object(**where), s3.get_object(**where)]
    answers.append(s3.copy_object(**{**asked, "Key": "copy"}, CopySource=where))
    answers.append(s3.create_multipart_upload(**asked))
    assert [each.get("ServerSideEncryption") for each in answers] == ["aws:kms"] * 5
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    assert s3.put_object(**asked, Body=b"", SSEKMSKeyId=key)["SSEKMSKeyId"] == key


def test_the_kind_of_checksum_is_said_when_an_upload_begins(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "whole"}
    whole = {**where, "ChecksumType": "FULL_OBJECT"}
    assert refused(s3.create_multipart_upload, **whole, ChecksumAlgorithm="SHA256") == (400, "InvalidRequest")
    composite = {**where, "ChecksumType": "COMPOSITE", "ChecksumAlgorithm": "CRC64NVME"}
    assert refused(s3.create_multipart_upload, **composite) == (400, "InvalidRequest")
    opened = s3.create_multipart_upload(**whole, ChecksumAlgorithm="CRC32")
    assert opened["ChecksumType"] == "FULL_OBJECT"
    upload = {**where, "UploadId": opened["UploadId"]}
    chunks = (b"a" * LEAST, b"the end")
    parts = [
        {"PartNumber": number, **s3.upload_part(**upload, PartNumber=number, Body=chunk)}
        for number, chunk in enumerate(chunks, 1)
    ]
    sent = {"Parts": [{key: part[key] for key in ("PartNumber", "ETag")} for part in parts]}
    wrong = {**upload, "MultipartUpload": sent, "ChecksumType": "COMPOSITE"}
    assert refused(s3.complete_multipart_upload, **wrong) == (400, "InvalidRequest")
    done = s3.complete_multipart_upload(**upload, MultipartUpload=sent)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (crc32(b"".join(chunks)), "FULL_OBJECT")


def test_the_limits_of_a_key_and_of_metadata(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="é" * 512, Body=b"")
    for call in (s3.put_object, s3.get_object, s3.create_multipart_upload):
        assert refused(call, Bucket=bucket, Key="é" * 512 + "x") == (400, "KeyTooLongError")
    where = {"Bucket": bucket, "Key": "told"}
    s3.put_object(**where, Body=b"", Metadata={"ab": "c" * 2046})
    for call in (s3.put_object, s3.create_multipart_upload):
        assert refused(call, **where, Metadata={"ab": "c" * 2047}) == (400, "MetadataTooLarge")


def test_the_tags_of_an_object(aws: Aws, bucket: str) -> None:
    s3, where = aws.client("s3"), {"Bucket": bucket, "Key": "tagged"}
    s3.put_object(**where, Body=b"")

    def tags(*pairs: tuple[str, str]) -> Any:
        return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}

    for wrong in (
        tags(("a", "1"), ("a", "2")), tags(("a" * 129, "1")), tags(("a", "1" * 257)), tags(("aws:x", "1")),
        tags(("a", "v<>")), tags(("a#", "1")),
    ):  # fmt: skip
        assert refused(s3.put_object_tagging, **where, Tagging=wrong) == (400, "InvalidTag")
        assert refused(s3.put_bucket_tagging, Bucket=bucket, Tagging=wrong) == (400, "InvalidTag")
    assert refused(s3.get_bucket_tagging, Bucket=bucket)[1] == "NoSuchTagSet"
    many = tags(*((str(number), "é +-=._:/@") for number in range(51)))
    assert refused(s3.put_bucket_tagging, Bucket=bucket, Tagging=many) == (400, "BadRequest")
    many["TagSet"].pop()
    s3.put_bucket_tagging(Bucket=bucket, Tagging=many)
    assert len(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]) == 50
    s3.put_object_tagging(**where, Tagging=tags(("a" * 128, "1" * 256)))
    for header, code in {
        "a=1&a=2": "InvalidArgument",
        "a" * 129 + "=1": "InvalidTag",
        "aws:x=1": "InvalidTag",
        "a=v%3C": "InvalidTag",
        "&".join(f"{n}=1" for n in range(11)): "BadRequest",
    }.items():
        assert refused(s3.put_object, Bucket=bucket, Key="never", Body=b"", Tagging=header) == (400, code)
    assert refused(s3.head_object, Bucket=bucket, Key="never")[0] == 404
    s3.put_object(**where, Body=b"", Tagging="a=1&b=")
    assert s3.get_object_tagging(**where)["TagSet"] == tags(("a", "1"), ("b", ""))["TagSet"]
    # Ministack would lose them.
    assert refused(s3.create_multipart_upload, **where, Tagging="a=1") == (501, "NotImplemented")


@pytest.mark.parametrize("name", ["xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap"])
def test_reserved_names_of_buckets(aws: Aws, name: str) -> None:
    assert refused(aws.client("s3").create_bucket, Bucket=name) == (400, "InvalidBucketName")
