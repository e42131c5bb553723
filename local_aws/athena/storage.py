"""Objects: listing what a table's location holds, copying it to a scratch folder, and writing results back."""

import bz2
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import cramjam
from botocore.exceptions import ClientError

from local_aws.athena.errors import Cancelled, QueryFailed

_CHUNK = 8 << 20
# What stands for an empty line in the copies: DuckDB's CSV reader, which reads the lines, drops empty ones.
EMPTY_LINE = "\x1d(empty line)\x1d"
# Athena skips what must be restored first. https://docs.aws.amazon.com/athena/latest/ug/restore-from-glacier.html
_UNREADABLE = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass(frozen=True)
class S3Object:
    """An object under a table's or a partition's location."""

    bucket: str
    key: str
    size: int

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/a/b` -> (`bucket`, `a/b`)."""
    bucket, _, key = uri.removeprefix("s3a://").removeprefix("s3n://").removeprefix("s3://").partition("/")
    return bucket, key


def is_s3_uri(uri: str) -> bool:
    return urlsplit(uri).scheme in ("s3", "s3a", "s3n") and bool(split_uri(uri)[0])


def list_objects(s3: Any, location: str) -> list[S3Object]:
    """Every data object below a location: nested folders too, hidden names (`_`, `.`) below it not."""
    bucket, prefix = split_uri(location)
    prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    found = []
    for page in _guard(
        lambda: list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)), location
    ):
        for item in page.get("Contents", []):
            below = item["Key"][len(prefix) :]
            hidden = any(part.startswith(("_", ".")) for part in below.split("/"))
            if below and item["Size"] and not hidden and item.get("StorageClass") not in _UNREADABLE:
                found.append(S3Object(bucket, item["Key"], item["Size"]))
    return found


def put_file(s3: Any, uri: str, path: Path, content_type: str = "application/octet-stream") -> None:
    """Upload a local file to an S3 address."""
    bucket, key = split_uri(uri)
    with path.open("rb") as body:
        _guard(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type), uri)


class Scratch:
    """A temporary folder for one query's copies, removed when the query ends."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.cancelled = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="local-athena-")
        self._count = 0
        self._unseen = {chr(code) for code in (0x1F, 0x1E, 0x1C, 0x05, 0x06, 0x07, 0x0E, 0x0F, 0x10, 0x11)}
        self.path = Path(self._folder.name)

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._folder.cleanup()

    def new_path(self, suffix: str = "") -> Path:
        self._count += 1
        return self.path / f"{self._count}{suffix}"

    def copy(self, objects: list[S3Object]) -> list[Path]:
        """Copy objects here as they are."""
        targets = [self.new_path() for _ in objects]
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._copy, objects, targets))
        return targets

    def copy_lines(self, objects: list[S3Object], skip: int = 0) -> list[Path]:
        """Copy text objects here: decompressed, each line ended by one LF, without their first `skip` lines."""
        targets = [self.new_path(".txt") for _ in objects]
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._copy_lines, objects, targets, [skip] * len(objects)))
        return targets

    def delimiter(self) -> str:
        """A character that occurs in no line copied so far, so that DuckDB reads a line as one value."""
        if not self._unseen:
            raise QueryFailed("NOT_SUPPORTED: the local Athena found no unused control character in the data")
        return max(self._unseen)

    def _chunks(self, item: S3Object) -> Iterator[bytes]:
        body = _guard(lambda: self._s3.get_object(Bucket=item.bucket, Key=item.key), item.uri)["Body"]
        for chunk in body.iter_chunks(_CHUNK):
            if self.cancelled.is_set():
                raise Cancelled("Query cancelled by user")
            yield chunk

    def _copy(self, item: S3Object, target: Path) -> None:
        with target.open("wb") as file:
            for chunk in self._chunks(item):
                file.write(chunk)

    def _copy_lines(self, item: S3Object, target: Path, skip: int) -> None:
        with target.open("wb") as file:
            last = b"\n"
            try:
                for chunk in _lf_ended(_decompressed(item.key, self._chunks(item))):
                    while skip and chunk:
                        _, newline, chunk = chunk.partition(b"\n")
                        skip -= bool(newline)
                    if last == b"\n" and chunk.startswith(b"\n"):
                        chunk = EMPTY_LINE.encode() + chunk
                    while b"\n\n" in chunk:
                        chunk = chunk.replace(b"\n\n", b"\n" + EMPTY_LINE.encode() + b"\n")
                    self._unseen -= {mark for mark in tuple(self._unseen) if mark.encode() in chunk}
                    file.write(chunk)
                    last = chunk[-1:] or last
            except (zlib.error, EOFError, OSError, ValueError, cramjam.DecompressionError) as error:
                raise QueryFailed(f"HIVE_CURSOR_ERROR: Failed to read file at {item.uri}: {error}") from error
            if last != b"\n":
                file.write(b"\n")


def _lf_ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Hadoop's TextInputFormat ends a line at LF, CR LF and CR."""
    carriage_return = False
    for chunk in chunks:
        if carriage_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        if chunk:
            carriage_return = chunk.endswith(b"\r")
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def _decompressed(key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Hive goes by the file's extension."""
    if key.endswith((".gz", ".gzip")):
        decoder, complete = zlib.decompressobj(wbits=31), False
        for chunk in chunks:
            while chunk:
                yield decoder.decompress(chunk)
                chunk = decoder.unused_data
                if decoder.eof:  # the next member of a file made of several
                    decoder, complete = zlib.decompressobj(wbits=31), True
                else:
                    complete = False
        if not complete:
            raise EOFError("Unexpected end of input stream")
        return
    name = key.rpartition(".")[2] if "." in key else ""
    if name in _WHOLE:
        yield _WHOLE[name](b"".join(chunks))
        return
    if name in ("lz4", "lzo"):
        raise QueryFailed(f"NOT_SUPPORTED: the local Athena does not decompress {name} text files: {key}")
    yield from chunks


def _unsnappy(data: bytes) -> bytes:
    """Snappy with its own frames, or in Hadoop's blocks: the size of a block, then chunks with their sizes."""
    if data[:10] == b"\xff\x06\x00\x00sNaPpY":
        return bytes(cramjam.snappy.decompress(data))
    result, at = bytearray(), 0
    while at < len(data):
        wanted = len(result) + int.from_bytes(data[at : at + 4], "big")
        at += 4
        while len(result) < wanted:
            size = int.from_bytes(data[at : at + 4], "big")
            result += bytes(cramjam.snappy.decompress_raw(data[at + 4 : at + 4 + size]))
            at += 4 + size
    return bytes(result)


_WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.decompress,
    "deflate": zlib.decompress,
    "snappy": _unsnappy,
    "zst": lambda data: bytes(cramjam.zstd.decompress(data)),
}


def _guard(call: Any, location: str) -> Any:
    """Run an S3 call; a refusal becomes Athena's words."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("AccessDenied", "403", "AllAccessDisabled"):
            raise QueryFailed(
                f"PERMISSION_DENIED: Permission denied on S3 path: {location}. Access Denied (Service: Amazon S3; "
                f"Status Code: 403; Error Code: AccessDenied)"
            ) from error
        if code == "NoSuchBucket":
            raise QueryFailed(
                f"GENERIC_INTERNAL_ERROR: Amazon S3 bucket of {location} does not exist (Error Code: NoSuchBucket)"
            ) from error
        raise QueryFailed(
            f"HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split {location}: {code}", retryable=True
        ) from error
