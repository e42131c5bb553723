"""The checksums that a write, and an upload in parts, must have, and what is told of them.

Seen in ministack 1.5.33: PutObject and UploadPart take several checksums, and one that can be none is a BadDigest; the
parts of an upload have any algorithm's checksum or none, its completion needs none; ListParts and ListMultipartUploads
don't tell the algorithm; GetObjectAttributes answers parts of an object that has none, and takes any attribute. Exit
condition: the functions of `ministack.services.s3` that are wrapped here do each.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

import base64
import re
from collections.abc import Callable
from typing import Any

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import Headers, Query, children, error

_BYTES = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
_ATTRIBUTES = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}


def install() -> None:
    """After `multipart_checksums`, which keeps an upload's type of checksum."""
    from ministack.services import s3

    put, upload_part, complete = s3._put_object, s3._upload_part, s3._complete_multipart_upload
    list_parts, list_uploads = s3._list_parts, s3._list_multipart_uploads

    def put_object(bucket: str, key: str, body: bytes, headers: Headers) -> Response:
        answer: Response = header_refusal(headers) or put(bucket, key, body, headers)
        return answer

    def upload_a_part(bucket: str, key: str, body: bytes, query: Query, headers: Headers) -> Response:
        refused = header_refusal(headers) or _part_refusal(_upload(query), headers)
        answer: Response = refused or upload_part(bucket, key, body, query, headers)
        return answer

    def complete_upload(bucket: str, key: str, body: bytes, query: Query, headers: Headers | None = None) -> Response:
        answer: Response = _completion_refusal(_upload(query), body) or complete(bucket, key, body, query, headers)
        return answer

    def parts(bucket: str, key: str, query: Query) -> Response:
        status, headers, text = list_parts(bucket, key, query)
        return status, headers, text.replace(b"</ListPartsResult>", _told(_upload(query)) + b"</ListPartsResult>")

    def uploads(bucket: str, query: Query) -> Response:
        status, headers, text = list_uploads(bucket, query)
        return status, headers, re.sub(rb"<UploadId>([^<]+)</UploadId>(?=<Initiator>)", _with_checksum, text)

    s3._put_object, s3._upload_part, s3._complete_multipart_upload = put_object, upload_a_part, complete_upload
    s3._list_parts, s3._list_multipart_uploads = parts, uploads
    s3._get_object_attributes = _attributes(s3._get_object_attributes)


def header_refusal(headers: Headers) -> Response | None:
    """For a request with a body."""
    given = {name: value for name in _BYTES if (value := headers.get(f"x-amz-checksum-{name}")) is not None}
    if len(given) > 1:
        several = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        return error("InvalidRequest", several)
    for name, value in given.items():
        if not _is_of_length(value, _BYTES[name]):
            return error("InvalidRequest", f"Value for x-amz-checksum-{name} header is invalid.")
    return None


def _is_of_length(text: str, length: int) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == length
    except ValueError:
        return False


def _upload(query: Query) -> dict[str, Any]:
    """The upload that a request names; {} if there is none."""
    from ministack.services import s3

    return s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}


def _algorithm(upload: dict[str, Any]) -> str:
    return str(upload.get("checksum_algorithm") or "").lower()


def _part_refusal(upload: dict[str, Any], headers: Headers) -> Response | None:
    """A part's checksum is of the upload's algorithm; S3 computes what is missing for that of a whole object only."""
    expected = _algorithm(upload)
    actual = next((name for name in _BYTES if f"x-amz-checksum-{name}" in headers), "null")
    if not expected or actual == expected or (actual == "null" and upload.get("checksum_type") == "FULL_OBJECT"):
        return None
    mismatch = f"expected checksum Type: {expected}, actual checksum Type: {actual}"
    return error("InvalidRequest", f"Checksum Type mismatch occurred, {mismatch}")


def _completion_refusal(upload: dict[str, Any], body: bytes) -> Response | None:
    algorithm = _algorithm(upload)
    if not algorithm or upload.get("checksum_type") == "FULL_OBJECT":
        return None
    for part in children(body, "Part"):
        if not part.findtext(f"{{*}}Checksum{algorithm.upper()}"):
            return error(
                "InvalidRequest",
                f"The upload was created using a {algorithm} checksum. The complete request must include the checksum "
                f"for each part. It was missing for part {part.findtext('{*}PartNumber')} in the request.",
            )
    return None


def _told(upload: dict[str, Any]) -> bytes:
    """What a listing tells of an upload's checksum."""
    if not (algorithm := _algorithm(upload)):
        return b""
    kind = upload.get("checksum_type", "COMPOSITE")
    algorithm = algorithm.upper()
    return f"<ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm><ChecksumType>{kind}</ChecksumType>".encode()


def _with_checksum(found: re.Match[bytes]) -> bytes:
    return found[0] + _told(_upload({"uploadId": [found[1].decode()]}))


def _attributes(original: Callable[..., Response]) -> Callable[..., Response]:
    """ObjectParts is told of objects that were uploaded in parts."""

    def get_object_attributes(bucket: str, key: str, headers: Headers, query: Query) -> Response:
        asked = [each.strip() for each in headers.get("x-amz-object-attributes", "").split(",") if each.strip()]
        if wrong := [each for each in asked if each not in _ATTRIBUTES]:
            message = "Invalid attribute name specified."
            names = {"ArgumentName": "x-amz-object-attributes", "ArgumentValue": wrong[0]}
            return error("InvalidArgument", message, **names)
        status, answered, text = original(bucket, key, headers, query)
        if b"<PartsCount>" not in text:
            text = re.sub(rb"<ObjectParts>.*?</ObjectParts>", b"", text, flags=re.S)
        return status, answered, text

    return get_object_attributes
