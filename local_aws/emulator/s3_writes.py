"""What S3 asks of objects that are written, and what it answers and keeps of them.

Seen in ministack 1.5.33: metadata and tags may be of any size, tags twice of one name, and too many of them refuse what
has been written already; those of an upload in parts are lost, and refused here; a copy isn't conditional, has the ETag
of its source's parts, and keeps its source's type where it replaces the metadata; a key of KMS may be given for other
encryption; content is application/octet-stream by default and encrypted only if the bucket says so, and by AWS's own
key of KMS never; PutObject doesn't tell the checksum; a bucket's tags aren't checked. Exit condition: the functions of
`ministack.services.s3` that are wrapped here do each.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

import unicodedata
from collections.abc import Callable
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from local_aws.emulator import Response, multipart_uploads
from local_aws.emulator.s3_requests import Headers, children, error

MOST_METADATA_BYTES = 2048
MOST_TAGS = 10
MOST_TAGS_OF_A_BUCKET = 50
_KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"
_METADATA = "x-amz-meta-"
Tags = list[tuple[str, str]]


def install() -> None:
    from ministack.services import s3

    multipart_uploads.install()
    default_encryption = s3._bucket_default_sse_headers
    s3._bucket_default_sse_headers = lambda bucket: (
        default_encryption(bucket) or {"x-amz-server-side-encryption": "AES256"}
    )
    s3._resolve_sse_write_headers = _with_the_key_of_aws(s3._resolve_sse_write_headers)
    s3._put_object = _with_checksum(s3._put_object)
    s3._copy_object = _conditional(s3._copy_object)
    for name in ("_put_object", "_copy_object", "_create_multipart_upload"):
        setattr(s3, name, _checked(getattr(s3, name)))
    put_tags, create_upload = s3._put_object_tagging, s3._create_multipart_upload

    put_bucket_tags = s3._put_bucket_tagging

    def put_object_tagging(bucket: str, key: str, body: bytes, query: Any = None) -> Response:
        answer: Response = _tag_set_refusal(body, MOST_TAGS) or put_tags(bucket, key, body, query)
        return answer

    def put_bucket_tagging(bucket: str, body: bytes) -> Response:
        answer: Response = _tag_set_refusal(body, MOST_TAGS_OF_A_BUCKET) or put_bucket_tags(bucket, body)
        return answer

    def create_multipart_upload(bucket: str, key: str, headers: Headers) -> Response:
        if headers.get("x-amz-tagging"):
            return error("NotImplemented", "The embedded AWS gives no tags to an upload in parts", 501)
        answer: Response = create_upload(bucket, key, headers)
        return answer

    s3._put_object_tagging, s3._create_multipart_upload = put_object_tagging, create_multipart_upload
    s3._put_bucket_tagging = put_bucket_tagging


def _checked(original: Callable[..., Response]) -> Callable[..., Response]:
    """With the headers' limits and defaults; they are the last argument."""

    def write(*given: Any) -> Response:
        headers = {"content-type": "binary/octet-stream", **given[-1]}
        told = {name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)}
        size = sum(len(text.encode()) for text in chain(told, told.values()))
        if size > MOST_METADATA_BYTES:
            message = "Your metadata headers exceed the maximum allowed metadata size"
            return error("MetadataTooLarge", message, Size=str(size), MaxSizeAllowed=str(MOST_METADATA_BYTES))
        encryption = headers.get("x-amz-server-side-encryption", "")
        if headers.get(_KEY_ID) and not encryption.startswith("aws:kms"):
            message = "Server Side Encryption with AWS KMS managed key requires HTTP header "
            message += "x-amz-server-side-encryption : aws:kms"
            return error("InvalidArgument", message, ArgumentName="x-amz-server-side-encryption")
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
    return _tags_refusal(tags, MOST_TAGS)


def _tag_set_refusal(body: bytes, most: int) -> Response | None:
    tags = [(tag.findtext("{*}Key") or "", tag.findtext("{*}Value") or "") for tag in children(body, "TagSet/{*}Tag")]
    if len({name for name, _ in tags}) < len(tags):
        return error("InvalidTag", "Cannot provide multiple Tags with the same key")
    return _tags_refusal(tags, most)


def _tags_refusal(tags: Tags, most: int) -> Response | None:
    if len(tags) > most:
        of_an_object = f"Object tags cannot be greater than {most}"
        return error(
            "BadRequest", of_an_object if most == MOST_TAGS else f"Bucket tag count cannot be greater than {most}"
        )
    for name, value in tags:
        if name.startswith("aws:"):
            message = (
                'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove '
                '"aws:" from your tag keys and try again.'
            )
            return error("InvalidTag", message)
        if not 1 <= len(name) <= 128 or not _is_tag_text(name):
            return error("InvalidTag", "The TagKey you have provided is invalid", TagKey=name)
        if len(value) > 256 or not _is_tag_text(value):
            return error("InvalidTag", "The TagValue you have provided is invalid", TagKey=name, TagValue=value)
    return None


def _is_tag_text(text: str) -> bool:
    """Letters, digits, spaces and a few signs."""
    return all(unicodedata.category(each)[0] in "LNZ" or each in "_.:/=+-@" for each in text)


def _with_the_key_of_aws(original: Callable[..., Any]) -> Callable[..., Any]:
    """Encryption with KMS by the key `aws/s3`, where none is named; the key's ARN is not told."""

    def resolve(headers: Headers, bucket: str) -> Any:
        if headers.get("x-amz-server-side-encryption") != "aws:kms" or headers.get(_KEY_ID):
            return original(headers, bucket)
        kept, refused = original({**headers, _KEY_ID: "alias/aws/s3"}, bucket)
        return {name: value for name, value in (kept or {}).items() if name != _KEY_ID}, refused

    return resolve


def _conditional(original: Callable[..., Response]) -> Callable[..., Response]:
    def copy(bucket: str, key: str, headers: Headers) -> Response:
        from ministack.services import s3

        if headers.get("x-amz-metadata-directive", "").upper() == "REPLACE":
            headers = {"content-encoding": "", **headers}
        there = (s3._ensure_bucket(bucket) or {"objects": {}})["objects"].get(key)
        answer: Response = s3._check_put_preconditions(headers, there) or original(bucket, key, headers)
        return _with_etag_of_a_whole(bucket, key, answer) if answer[0] == 200 else answer

    return copy


def _with_etag_of_a_whole(bucket: str, key: str, answer: Response) -> Response:
    """A copy is written in one, whatever parts its source was uploaded in."""
    from ministack.services import s3

    copied = s3._ensure_bucket(bucket)["objects"][key]
    parted = copied["etag"]
    if "-" not in parted:
        return answer
    plain = f'"{s3.md5_hash(s3._read_body(bucket, key, copied))}"'
    versions = s3._object_versions.get((bucket, key), [])
    for record in (copied, *(each for each in versions if each["version_id"] == copied.get("version_id"))):
        record["etag"] = plain
    if s3.S3_PERSIST:
        s3._persist_object(bucket, key, copied)
    return answer[0], answer[1], answer[2].replace(parted.encode(), plain.encode())


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
