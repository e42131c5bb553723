"""What S3 asks of objects that are written, and what it answers and keeps of them.

Seen in ministack 1.5.33: metadata and tags may be of any size, tags twice of one name, and too many of them refuse what
has been written already; those of an upload in parts are lost, and refused here; a copy isn't conditional, and keeps
its source's type where it replaces the metadata; content is application/octet-stream by default and encrypted only if
the bucket says so; PutObject doesn't tell the checksum. Exit condition: the functions of `ministack.services.s3` that
are wrapped here do each.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from collections.abc import Callable
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import Headers, children, error

MOST_METADATA_BYTES = 2048
MOST_TAGS = 10
_METADATA = "x-amz-meta-"
Tags = list[tuple[str, str]]


def install() -> None:
    from ministack.services import s3

    default_encryption = s3._bucket_default_sse_headers
    s3._bucket_default_sse_headers = lambda bucket: (
        default_encryption(bucket) or {"x-amz-server-side-encryption": "AES256"}
    )
    s3._put_object = _with_checksum(s3._put_object)
    s3._copy_object = _conditional(s3._copy_object)
    for name in ("_put_object", "_copy_object", "_create_multipart_upload"):
        setattr(s3, name, _checked(getattr(s3, name)))
    put_tags, create_upload = s3._put_object_tagging, s3._create_multipart_upload

    def put_object_tagging(bucket: str, key: str, body: bytes, query: Any = None) -> Response:
        tags = [
            (tag.findtext("{*}Key") or "", tag.findtext("{*}Value") or "") for tag in children(body, "TagSet/{*}Tag")
        ]
        if len({name for name, _ in tags}) < len(tags):
            return error("InvalidTag", "Cannot provide multiple Tags with the same key")
        answer: Response = _tags_refusal(tags) or put_tags(bucket, key, body, query)
        return answer

    def create_multipart_upload(bucket: str, key: str, headers: Headers) -> Response:
        if headers.get("x-amz-tagging"):
            return error("NotImplemented", "The embedded AWS gives no tags to an upload in parts", 501)
        answer: Response = create_upload(bucket, key, headers)
        return answer

    s3._put_object_tagging, s3._create_multipart_upload = put_object_tagging, create_multipart_upload


def _checked(original: Callable[..., Response]) -> Callable[..., Response]:
    """With the headers' limits and defaults; they are the last argument."""

    def write(*given: Any) -> Response:
        headers = {"content-type": "binary/octet-stream", **given[-1]}
        told = {name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)}
        size = sum(len(text.encode()) for text in chain(told, told.values()))
        if size > MOST_METADATA_BYTES:
            message = "Your metadata headers exceed the maximum allowed metadata size"
            return error("MetadataTooLarge", message, Size=str(size), MaxSizeAllowed=str(MOST_METADATA_BYTES))
        return _tag_header_refusal(headers.get("x-amz-tagging", "")) or original(*given[:-1], headers)

    return write


def _tag_header_refusal(text: str) -> Response | None:
    tags = parse_qsl(text, keep_blank_values=True)
    if len({name for name, _ in tags}) < len(tags):
        message = (
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates."
        )
        return error("InvalidArgument", message, ArgumentName="x-amz-tagging", ArgumentValue=text)
    return _tags_refusal(tags)


def _tags_refusal(tags: Tags) -> Response | None:
    if len(tags) > MOST_TAGS:
        return error("BadRequest", f"Object tags cannot be greater than {MOST_TAGS}")
    for name, value in tags:
        if not 1 <= len(name) <= 128:
            return error("InvalidTag", "The TagKey you have provided is invalid", TagKey=name)
        if len(value) > 256:
            return error("InvalidTag", "The TagValue you have provided is invalid", TagKey=name, TagValue=value)
    return None


def _conditional(original: Callable[..., Response]) -> Callable[..., Response]:
    def copy(bucket: str, key: str, headers: Headers) -> Response:
        from ministack.services import s3

        if headers.get("x-amz-metadata-directive", "").upper() == "REPLACE":
            headers = {"content-encoding": "", **headers}
        there = (s3._ensure_bucket(bucket) or {"objects": {}})["objects"].get(key)
        answer: Response = s3._check_put_preconditions(headers, there) or original(bucket, key, headers)
        return answer

    return copy


def _with_checksum(original: Callable[..., Response]) -> Callable[..., Response]:
    def put(bucket: str, key: str, body: bytes, headers: Headers) -> Response:
        from ministack.services import s3

        status, answered, text = original(bucket, key, body, headers)
        checksums = s3._ensure_bucket(bucket)["objects"][key]["checksums"] if status < 300 else {}
        for algorithm, checksum in checksums.items():
            answered[f"x-amz-checksum-{algorithm.lower()}"] = checksum
            answered["x-amz-checksum-type"] = "FULL_OBJECT"
        return status, answered, text

    return put
