"""The checksum of a whole object that was uploaded in parts.

Seen in ministack 1.5.33: an upload's `ChecksumType` is ignored, so that completing it with the CRC-32 of the whole
object is a BadDigest, and the object would report the composite of its parts' checksums. Exit condition:
`ministack.services.s3._create_multipart_upload` reads `x-amz-checksum-type`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#Full-object-checksums
"""

import re
from contextvars import ContextVar
from typing import Any

from defusedxml.ElementTree import fromstring

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import error

# What a type of checksum can't be made with.
_ONLY = {"FULL_OBJECT": ("sha1", "sha256"), "COMPOSITE": ("crc64nvme",)}
_whole: ContextVar[bytes | None] = ContextVar("_whole", default=None)


def install() -> None:
    """Keep the type with the upload, and answer with the whole object's checksum if it is that."""
    from ministack.services import s3

    create, complete, composite = s3._create_multipart_upload, s3._complete_multipart_upload, s3._composite_checksum

    def create_multipart_upload(bucket: str, key: str, headers: dict[str, str]) -> Response:
        algorithm = str(s3._resolve_multipart_checksum_algorithm(headers)[0] or "").lower()
        kind = headers.get("x-amz-checksum-type") or ("FULL_OBJECT" if algorithm == "crc64nvme" else "COMPOSITE")
        if algorithm in _ONLY.get(kind, ()):
            message = f"The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
            return error("InvalidRequest", message)
        status, answered, text = create(bucket, key, headers)
        if status < 300 and algorithm:
            s3._multipart_uploads[fromstring(text).findtext("{*}UploadId")]["checksum_type"] = kind
            answered["x-amz-checksum-type"] = kind
        return status, answered, text

    def composite_checksum(algorithm: str, part_checksums: list[Any]) -> Any:
        body = _whole.get()
        return composite(algorithm, part_checksums) if body is None else s3._compute_s3_checksum(algorithm, body)

    def complete_multipart_upload(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        kind = upload.get("checksum_type", "COMPOSITE") if upload else None
        if kind and (headers or {}).get("x-amz-checksum-type", kind) != kind:
            message = f"The upload was created using the {kind} checksum mode."
            return error("InvalidRequest", f"{message} The complete request must use the same checksum mode.")
        if kind != "FULL_OBJECT":
            return complete(bucket, key, body, query, headers)
        bodies = {number: part["body"] for number, part in upload["parts"].items()} if upload else {}
        numbers = sorted(int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body))
        token = _whole.set(b"".join(bodies[number] for number in numbers if number in bodies))
        try:
            status, answered, text = complete(bucket, key, body, query, headers)
        finally:
            _whole.reset(token)
        if status == 200 and upload:
            stored = s3._ensure_bucket(bucket)["objects"][key]
            stored["checksum_type"] = "FULL_OBJECT"
            if s3.S3_PERSIST:
                s3._persist_object(bucket, key, stored)
            answer = (status, answered, text.replace(b"COMPOSITE", b"FULL_OBJECT"))
            s3._completed_multipart_uploads[s3._qp(query, "uploadId")]["response"] = answer  # to a repeated request
            return answer
        return status, answered, text

    s3._create_multipart_upload, s3._composite_checksum = create_multipart_upload, composite_checksum
    s3._complete_multipart_upload = complete_multipart_upload
