"""Rolled, gzipped parts of JSON Lines, streamed to S3 with a checksum that S3 verifies over the whole object."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from isal import isal_zlib

from ttl_archive.errors import ArchiveCorrupt, ExportInterrupted
from ttl_archive.manifest import Part
from ttl_archive.objects import is_missing, is_precondition_failed, is_upload_gone, retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

UPLOAD_BYTES = 5 * 1024 * 1024  # of one UploadPart: the least that S3 takes, since so much is held in memory
BLOCK_BYTES = 256 * 1024  # lines go to the compressor in blocks that don't depend on the pages they came in
GZIP_LEVEL = 1
_GZIP = 31  # zlib's wbits for a gzip stream, whose header then holds no time


def crc32_text(crc: int) -> str:
    """A CRC-32 as S3 writes it: base64 of its four big-endian bytes."""
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


class PartWriter:
    """Writes lines into parts of about ``target_bytes`` compressed, each an object that appears whole or not at all.

    The same lines in the same order give the same parts, byte for byte.

    :param name_of: part number -> object name; numbers start at 1.
    :param may_write: called before each part is committed; raises if a later try has taken over.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        prefix: str,
        name_of: Callable[[int], str],
        target_bytes: int,
        may_write: Callable[[], None],
    ) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._name_of, self._target_bytes, self._may_write = name_of, target_bytes, may_write
        self._parts: list[Part] = []
        self._block: list[bytes] = []
        self._block_bytes = 0
        self._upload: _Upload | None = None
        self._aborted = False

    def write(self, lines: bytes) -> None:
        """Add whole lines, each with its newline; a block ends with the line that fills it."""
        start = 0
        while len(lines) - start >= BLOCK_BYTES - self._block_bytes:
            end = lines.index(b"\n", start + BLOCK_BYTES - self._block_bytes - 1) + 1
            self._add(lines[start:end])
            start = end
            self._flush_block()
            if self._upload and self._upload.bytes >= self._target_bytes:
                self._finish_part()
        self._add(lines[start:])

    def close(self) -> tuple[Part, ...]:
        """Commit the last part and return all of them, in order; no lines make no part."""
        self._flush_block()
        if self._upload:
            self._finish_part()
        return tuple(self._parts)

    def abort(self) -> None:
        """Give up the part under way; nothing of it stays in S3, and nothing more can be written."""
        self._aborted = True
        if self._upload:
            self._upload.abort()
            self._upload = None

    def _add(self, lines: bytes) -> None:
        if lines:
            self._block.append(lines)
            self._block_bytes += len(lines)

    def _flush_block(self) -> None:
        if self._aborted:
            # Airflow calls on_kill and lets the task run on: a part begun anew would lack what was given up.
            raise ExportInterrupted(f"{self._prefix}: this try was told to stop; a retry exports the segment anew")
        if not self._block:
            return
        if self._upload is None:
            key = self._prefix + self._name_of(len(self._parts) + 1)
            self._upload = _Upload(self._client, self._bucket, key)
        block = b"".join(self._block)
        self._upload.add(block, block.count(b"\n"))
        self._block.clear()
        self._block_bytes = 0

    def _finish_part(self) -> None:
        upload = self._upload
        if self._aborted:
            raise ExportInterrupted(f"{self._prefix}: this try was told to stop; a retry exports the segment anew")
        assert upload is not None  # noqa: S101 - for the type checker: both callers looked
        self._may_write()
        upload.commit(self._may_write)
        self._parts.append(upload.part(self._name_of(len(self._parts) + 1)))
        self._upload = None


class _Upload:
    """One part on its way: compressed as it comes, a multipart upload once it outgrows one request."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._object: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._gzip = isal_zlib.compressobj(level=GZIP_LEVEL, wbits=_GZIP)
        # Taken whole at once, so that memory which isn't there is missed on the first page and not hours later. Any,
        # since botocore sends a bytearray as it is, without a copy, and its stubs don't know.
        self._buffer: Any = bytearray(UPLOAD_BYTES)
        self._filled = 0
        self._multipart: dict[str, Any] | None = None
        self._uploaded: list[CompletedPartTypeDef] = []
        self._crc = 0
        self.bytes = self.items = self.uncompressed_bytes = 0

    def add(self, block: bytes, items: int) -> None:
        self.items += items
        self.uncompressed_bytes += len(block)
        self._take(self._gzip.compress(block))

    def commit(self, may_write: Callable[[], None]) -> None:
        """Make the object appear, if there is none yet; a foreign one in its place is of a superseded try."""
        self._take(self._gzip.flush())
        del self._buffer[self._filled :]
        if self._multipart:
            self._send()
        for _ in range(3):
            try:
                self._complete() if self._multipart else self._put()
            except ClientError as error:
                if not (is_precondition_failed(error) or is_upload_gone(error)):
                    raise
                if self._is_ours():
                    return
                if is_upload_gone(error):
                    raise self._gone() from error
                may_write()
                self._client.delete_object(**self._object)
            else:
                return
        raise ArchiveCorrupt(
            f"s3://{self._object['Bucket']}/{self._object['Key']} keeps being written by somebody else: "
            "look for another worker of this run, then clear the task"
        )

    def abort(self) -> None:
        if self._multipart:
            multipart, self._multipart = self._multipart, None
            try:
                self._client.abort_multipart_upload(**multipart)
            except ClientError as error:
                if not is_upload_gone(error):
                    raise

    def part(self, name: str) -> Part:
        return Part(
            name=name,
            items=self.items,
            bytes=self.bytes,
            uncompressed_bytes=self.uncompressed_bytes,
            crc32=crc32_text(self._crc),
        )

    def _take(self, compressed: bytes) -> None:
        self.bytes += len(compressed)
        self._crc = isal_zlib.crc32(compressed, self._crc)
        while compressed:
            if self._filled == len(self._buffer):  # and there is more: it outgrows one request
                self._send()
            taken = compressed[: len(self._buffer) - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            compressed = compressed[len(taken) :]

    def _send(self) -> None:
        if self._multipart is None:
            created = self._client.create_multipart_upload(
                **self._object, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
            )
            self._multipart = {**self._object, "UploadId": created["UploadId"]}
        number = len(self._uploaded) + 1
        crc = crc32_text(isal_zlib.crc32(self._buffer))
        try:
            sent = self._client.upload_part(**self._multipart, PartNumber=number, Body=self._buffer, ChecksumCRC32=crc)
        except ClientError as error:
            if is_upload_gone(error):
                raise self._gone() from error
            raise
        self._filled = 0
        self._uploaded.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": crc})

    @retry_on_conflict
    def _put(self) -> None:
        checksum = crc32_text(self._crc)
        self._client.put_object(**self._object, Body=self._buffer, IfNoneMatch="*", ChecksumCRC32=checksum)

    @retry_on_conflict
    def _complete(self) -> None:
        assert self._multipart is not None  # noqa: S101 - for the type checker: the caller looked
        self._client.complete_multipart_upload(
            **self._multipart,
            MultipartUpload={"Parts": self._uploaded},
            IfNoneMatch="*",
            ChecksumCRC32=crc32_text(self._crc),
            ChecksumType="FULL_OBJECT",
        )

    def _gone(self) -> ExportInterrupted:
        return ExportInterrupted(
            f"s3://{self._object['Bucket']}/{self._object['Key']}: its upload is gone, aborted by another try of "
            "this task or by whoever tidies up; a retry exports the segment anew"
        )

    def _is_ours(self) -> bool:
        """Whether the object holds our very bytes: an earlier request of ours was carried out, its answer lost."""
        try:
            head = self._client.head_object(**self._object, ChecksumMode="ENABLED")
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return head["ContentLength"] == self.bytes and head.get("ChecksumCRC32") == crc32_text(self._crc)
