"""Small JSON objects in S3 that several tasks or tries may write at once: conditional writes, read back on conflict.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: 412 means that the condition failed (the
object may be our own, written by a request whose answer was lost), 409 that another conditional write is under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from tenacity import (
    retry,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from urllib3.exceptions import ProtocolError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def error_code(error: BaseException) -> str:
    """The AWS error code of a ClientError, such as ``NoSuchKey``; empty for any other exception."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_missing(error: BaseException) -> bool:
    """Whether S3 says that there is no such object."""
    return error_code(error) in {"NoSuchKey", "404", "NotFound"}


def is_precondition_failed(error: BaseException) -> bool:
    """Whether a conditional write found the object otherwise than its condition says."""
    return error_code(error) in {"PreconditionFailed", "412"}


def is_upload_gone(error: BaseException) -> bool:
    """Whether S3 knows a multipart upload no more: it was completed or aborted, perhaps by a request of our own."""
    return error_code(error) == "NoSuchUpload"


def _is_conflict(error: BaseException) -> bool:
    return error_code(error) in {"ConditionalRequestConflict", "409"}


retry_on_conflict = retry(
    retry=retry_if_exception(_is_conflict),
    stop=stop_after_attempt(6),
    wait=wait_exponential_jitter(multiplier=0.2, max=5),
    reraise=True,
)


# botocore's own retries end with the answer's headers: a body that breaks off is the reader's to ask for again. That of
# a 404 breaks off with urllib3's own error (botocore 1.43.106; drop ProtocolError once botocore translates it).
_retry_broken_body = retry(
    retry=retry_if_exception_type((IncompleteReadError, ReadTimeoutError, ResponseStreamingError, ProtocolError)),
    stop=stop_after_attempt(4),
    wait=wait_exponential_jitter(multiplier=0.2, max=5),
    reraise=True,
)


@dataclass(frozen=True)
class Stored:
    """An object as read: its bytes, the ETag that an ``If-Match`` needs, and when that was by S3's clock."""

    body: bytes
    etag: str
    read_at: datetime


@_retry_broken_body
def read(client: S3Client, bucket: str, key: str) -> Stored | None:
    """The object, or None if there is none."""
    try:
        response = client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    # https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
    read_at = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
    return Stored(response["Body"].read(), response["ETag"], read_at)


@retry_on_conflict
def write(client: S3Client, bucket: str, key: str, body: bytes, *, replaces: Stored | None) -> bool:
    """Write a JSON object only if it is still what it was: ``replaces`` as read, or absent (None).

    :return: True if the object now holds ``body``, even where an earlier request of ours wrote it; False if another
        writer was faster.
    """
    condition: dict[str, Any] = {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}
    try:
        client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if not (is_precondition_failed(error) or is_missing(error)):  # If-Match on a deleted object is a 404
            raise
        now = read(client, bucket, key)
        return now is not None and now.body == body
    return True
