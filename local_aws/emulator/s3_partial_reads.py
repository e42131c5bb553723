"""Reading a range or a part of an object.

Seen in ministack 1.5.33: HeadObject knows neither; of several ranges the first one is answered, and a Range that is
none is refused; a part that isn't there is the whole object, and so is part 1 of an object without parts; versions of
objects are answered whole. Exit condition: `_get_object` and `_head_object` of `ministack.services.s3` do each.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
https://www.rfc-editor.org/rfc/rfc9110.html#name-range
"""

import re
from collections.abc import Callable
from typing import Any

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import Headers, Query, error

MOST_PARTS = 10_000


def install() -> None:
    from ministack.services import s3

    for name in ("_get_object", "_head_object"):
        setattr(s3, name, _partial(getattr(s3, name)))


def _partial(original: Callable[..., Response]) -> Callable[..., Response]:
    """Cut from the whole what is asked for; a Range that is none counts as absent."""

    def read(bucket: str, key: str, headers: Headers | None = None, query: Query | None = None) -> Response:
        from ministack.services import s3

        headers, query = headers or {}, query or {}
        span = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("range", "").strip())
        part = s3._qp(query, "partNumber", "")
        plain = {name: value for name, value in headers.items() if name != "range"}
        if span and any(span.groups()):
            if part:
                message = "Cannot specify both Range header and partNumber query parameter"
                return error("InvalidRequest", message)
            # A checksum is of the whole, and clients would compare it.
            plain = {name: value for name, value in plain.items() if name != "x-amz-checksum-mode"}
            whole = original(bucket, key, plain, query)
            return _cut(whole, *_bounds(span, _size(whole)), headers["range"]) if whole[0] == 200 else whole
        if not part:
            return original(bucket, key, plain, query)
        if not part.isdecimal() or not 1 <= int(part) <= MOST_PARTS:
            message = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive"
            return error("InvalidArgument", message, ArgumentName="partNumber", ArgumentValue=part)
        whole = original(bucket, key, plain, {name: value for name, value in query.items() if name != "partNumber"})
        return (
            _part(whole, int(part), _parts(bucket, key, s3._qp(query, "versionId", ""))) if whole[0] == 200 else whole
        )

    return read


def _size(whole: Response) -> int:
    """Of the object: what HeadObject answers has no body."""
    return len(whole[2]) or int(whole[1].get("Content-Length", 0))


def _bounds(span: re.Match[str], size: int) -> tuple[int, int]:
    """The first and the last byte of a range; of one without a beginning, the last bytes are meant."""
    first, last = span.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size)
    return int(first), min(int(last), size - 1) if last else size - 1


def _cut(whole: Response, first: int, last: int, asked: str) -> Response:
    _, headers, body = whole
    size = _size(whole)
    if first >= size or first > last:
        told = {"RangeRequested": asked, "ActualObjectSize": str(size)}
        status, answered, text = error("InvalidRange", "The requested range is not satisfiable", 416, **told)
        return status, {**answered, "Content-Range": f"bytes */{size}"}, text
    told = {"Content-Length": str(last - first + 1), "Content-Range": f"bytes {first}-{last}/{size}"}
    return 206, {**headers, **told}, body[first : last + 1]


def _parts(bucket: str, key: str, version: str) -> list[dict[str, Any]]:
    """The parts that an object was uploaded in; none if it was written at once."""
    from ministack.services import s3

    current: dict[str, Any] = s3._ensure_bucket(bucket)["objects"].get(key) or {}
    versions = {each["version_id"]: each for each in s3._object_versions.get((bucket, key), [])}
    found = current if version in ("", "null", current.get("version_id")) else versions.get(version, {})
    return found.get("parts") or []


def _part(whole: Response, number: int, parts: list[dict[str, Any]]) -> Response:
    size, first = _size(whole), 0
    sizes = {part["PartNumber"]: part["Size"] for part in parts} or {1: size}
    if number not in sizes:
        told = {"ActualPartCount": str(len(sizes)), "PartNumberRequested": str(number)}
        return error("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, **told)
    if not size:
        return whole
    first = sum(length for each, length in sizes.items() if each < number)
    status, headers, body = _cut(whole, first, first + sizes[number] - 1, "")
    return status, {**headers, **({"x-amz-mp-parts-count": str(len(parts))} if parts else {})}, body
