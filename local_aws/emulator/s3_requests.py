"""Requests that S3 refuses, or answers otherwise.

Seen in ministack 1.5.33: an upload is completed from any list of parts, in any order and of any size; a listing takes
every continuation token, tells MaxKeys above 1000, and is truncated when MaxKeys is 0; If-None-Match takes an ETag on a
write; an object is copied onto itself unchanged; DeleteObjects takes no keys, and any number; a key that doesn't exist
is told to callers who may not list the bucket; any key is short enough, any owner of a bucket the expected one, and a
new bucket may have a reserved name; uploads are listed without their common prefixes, which is refused here, and who
pays for requests is answered with a listing. Exit condition: the functions of `ministack.services.s3` that are wrapped
here do each.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
"""

import base64
import os
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from local_aws.emulator import Response

# A test that has no 5 MiB to spare for each part can ask for less.
LEAST_PART_BYTES = int(os.environ.get("LOCAL_AWS_LEAST_PART_BYTES", 5 * 1024 * 1024))
MOST_KEYS = 1000
MOST_KEY_BYTES = 1024
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
Headers = dict[str, str]
Query = dict[str, Any]


def install() -> None:
    """Refuse before ministack's functions see the request, or correct what they answer."""
    from ministack.services import s3

    refusals: dict[str, Callable[..., Response | None]] = {
        "_put_object": lambda bucket, key, body, headers: _conditional_write(headers),
        "_copy_object": lambda bucket, key, headers: (
            _conditional_write(headers) or _copy_onto_itself(bucket, key, headers)
        ),
        "_complete_multipart_upload": _completion,
        "_delete_objects": _deletion,
        "_create_bucket": lambda name, *rest, **named: name_refusal(name),
        "_list_multipart_uploads": _uploads_of_a_folder,
        "_dispatch": _unexpected,
    }
    for name, refusal in refusals.items():
        setattr(s3, name, _refusing(refusal, getattr(s3, name)))
    for name in ("_list_objects_v1", "_list_objects_v2", "_list_object_versions"):
        setattr(s3, name, _listing(getattr(s3, name)))
    for name in ("_get_object", "_head_object"):
        setattr(s3, name, _reading(getattr(s3, name)))


def error(code: str, message: str, status: int = 400, **members: str) -> Response:
    from ministack.services.s3 import _error

    answer: Response = _error(code, message, status, extra=members)
    return answer


def malformed() -> Response:
    return error(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def children(body: bytes, tag: str) -> list[Element]:
    """The elements of this name below a document's root, whatever its namespace; [] if it is none."""
    try:
        return list(fromstring(body).findall(f"{{*}}{tag}"))
    except ParseError:
        return []


def _refusing(refusal: Callable[..., Response | None], original: Callable[..., Response]) -> Callable[..., Response]:
    return lambda *given, **named: refusal(*given, **named) or original(*given, **named)


def name_refusal(name: str) -> Response | None:
    """For a new bucket."""
    from ministack.services import s3

    right = s3._validate_bucket_name(name) and not _RESERVED.fullmatch(name)
    return None if right else error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


def _unexpected(
    method: str, bucket: str, key: str, headers: Headers, body: bytes, query: Query
) -> Response | None:  # fmt: skip
    """A key that is too long, or a bucket that isn't whose the request says."""
    from ministack.services import s3

    if (size := len(key.encode())) > MOST_KEY_BYTES:
        return error("KeyTooLongError", "Your key is too long", Size=str(size), MaxSizeAllowed=str(MOST_KEY_BYTES))
    source = unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("/")[0]
    for name, header in (
        (bucket, "x-amz-expected-bucket-owner"),
        (source, "x-amz-source-expected-bucket-owner"),
    ):
        expected, owner = headers.get(header), s3._bucket_owner_account(name)
        if expected and not re.fullmatch(r"\d{12}", expected):
            message = "The value of the expected bucket owner parameter must be an AWS account ID"
            return error("InvalidBucketOwnerAWSAccountID", message)
        if expected and owner not in (None, expected):
            return error("AccessDenied", "Access Denied", 403)
    if method == "GET" and bucket and not key and "requestPayment" in query:
        answer: Response = s3._get_bucket_request_payment(bucket)
        return answer
    return None


def _uploads_of_a_folder(bucket: str, query: Query) -> Response | None:
    from ministack.services import s3

    if not s3._qp(query, "delimiter", ""):
        return None
    return error("NotImplemented", "The embedded AWS lists uploads without a delimiter only", 501)


def _conditional_write(headers: Headers) -> Response | None:
    if headers.get("if-none-match", "*").strip() in ("", "*"):
        return None
    implied = "A header you provided implies functionality that is not implemented"
    return error("NotImplemented", implied, 501, Header="If-None-Match")


def _completion(
    bucket: str, key: str, body: bytes, query: Query, headers: Headers | None = None
) -> Response | None:  # fmt: skip
    from ministack.services import s3

    if refused := _conditional_write(headers or {}):
        return refused
    numbers = [int(each.findtext("{*}PartNumber") or 0) for each in children(body, "Part")]
    if not numbers:
        return malformed()
    if any(number >= after for number, after in pairwise(numbers)):
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        return error("InvalidPartOrder", message)
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
    parts = upload["parts"] if upload else {}
    for number in numbers[:-1]:
        if number in parts and len(parts[number]["body"]) < LEAST_PART_BYTES:
            message = "Your proposed upload is smaller than the minimum allowed size"
            return error("EntityTooSmall", message, PartNumber=str(number), MinSizeAllowed=str(LEAST_PART_BYTES))
    return None


def _deletion(bucket: str, body: bytes, headers: Headers | None = None) -> Response | None:
    return None if 1 <= len(children(body, "Object")) <= MOST_KEYS else malformed()


def _copy_onto_itself(bucket: str, key: str, headers: Headers) -> Response | None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""
    source = unquote(headers.get("x-amz-copy-source", "")).lstrip("/")  # with ?versionId=, it is another object
    changes = ("storage-class", "website-redirect-location", "server-side-encryption", "checksum-algorithm")
    changed = headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE" or any(
        name.startswith(tuple(f"x-amz-{each}" for each in changes)) for name in headers
    )
    if source != f"{bucket}/{key}" or changed:
        return None
    return error(
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.",
    )


def _listing(original: Callable[..., Response]) -> Callable[..., Response]:
    def wrapped(bucket: str, query: Query) -> Response:
        from ministack.services import s3

        asked, token = s3._qp(query, "max-keys", "") or str(MOST_KEYS), s3._qp(query, "continuation-token", "")
        if not asked.isdecimal():
            message = "Provided max-keys not an integer or within integer range"
            return error("InvalidArgument", message, ArgumentName="max-keys", ArgumentValue=asked)
        if not _is_token(token) or query.get("continuation-token") == [""]:
            message = "The continuation token provided is incorrect"
            return error("InvalidArgument", message, ArgumentName="continuation-token")
        status, headers, body = original(bucket, {**query, "max-keys": [str(min(int(asked), MOST_KEYS))]})
        if int(asked) == 0:
            body = body.replace(b"<IsTruncated>true<", b"<IsTruncated>false<")
        return status, headers, body

    return wrapped


def _is_token(text: str) -> bool:
    """Whether ministack can have made this token: it is the last key of a page, in base64."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True).decode().encode()).decode() == text
    except ValueError:
        return False


def _reading(original: Callable[..., Response]) -> Callable[..., Response]:
    def wrapped(bucket: str, key: str, headers: Headers | None = None, query: Query | None = None) -> Response:
        from ministack.app import _enforce_data_plane
        from ministack.core.router import extract_access_key_id

        answer = original(bucket, key, headers, query)
        # A caller without an access key is one of ministack's own services, or anonymous.
        if answer[0] != 404 or b"<Code>NoSuchKey<" not in answer[2] or not extract_access_key_id(headers, query):
            return answer
        denied: Response | None = _enforce_data_plane(
            "s3", "s3:ListBucket", headers, query, "", f"arn:aws:s3:::{bucket}"
        )
        return denied or answer

    return wrapped
