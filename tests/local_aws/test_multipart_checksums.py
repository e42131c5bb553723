"""Checksums over whole objects that were uploaded in parts."""

import base64
import zlib

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

CHUNKS = (b"a" * 5 * 1024 * 1024, b"the end")


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def upload(aws: Aws, bucket: str, checksum: str) -> None:
    s3 = aws.client("s3")
    where = {"Bucket": bucket, "Key": "whole"}
    opened = s3.create_multipart_upload(**where, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    where["UploadId"] = opened["UploadId"]
    parts = []
    for number, chunk in enumerate(CHUNKS, 1):
        sent = s3.upload_part(**where, PartNumber=number, Body=chunk, ChecksumCRC32=crc32(chunk))
        parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": crc32(chunk)})
    for _ in range(2):  # a repeated request gets the same answer
        done = s3.complete_multipart_upload(
            **where, MultipartUpload={"Parts": parts}, ChecksumCRC32=checksum, ChecksumType="FULL_OBJECT"
        )
        assert (done["ChecksumCRC32"], done["ChecksumType"]) == (checksum, "FULL_OBJECT")


def test_the_checksum_of_the_whole_object_is_checked_and_kept(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    with pytest.raises(ClientError, match="BadDigest"):
        upload(aws, bucket, crc32(CHUNKS[0]))
    upload(aws, bucket, crc32(b"".join(CHUNKS)))
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "whole"})
    for key in ("whole", "copy"):
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        assert head["ChecksumCRC32"] == crc32(b"".join(CHUNKS))
        assert head["ChecksumType"] == "FULL_OBJECT"
