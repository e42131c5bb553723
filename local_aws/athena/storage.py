"""Objects: listing what a table's location holds, copying it to a scratch folder, and writing results back."""

import codecs
import re
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import cramjam
from botocore.exceptions import ClientError, ParamValidationError

from local_aws.athena.decompression import decompressed
from local_aws.athena.errors import Cancelled, CannotTranslate, QueryFailed

_CHUNK = 8 << 20
# What stands for an empty line in the copies: DuckDB's CSV reader, which reads the lines, drops empty ones.
EMPTY_LINE = "\x1d(empty line)\x1d"
# Athena skips what must be restored first. https://docs.aws.amazon.com/athena/latest/ug/restore-from-glacier.html
_UNREADABLE = {"GLACIER", "DEEP_ARCHIVE"}
# So many locations are listed together: a caller may be allowed to list no more than his own.
_MANY = 100


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
    bucket, prefix = _folder(location)
    return [
        S3Object(bucket, item["Key"], item["Size"])
        for item in _list(s3, bucket, prefix, location)
        if _is_visible(item["Key"][len(prefix) :]) and _has_data(item)
    ]


def list_locations(s3: Any, locations: list[str]) -> list[list[S3Object]]:
    """The same for each of several locations: if they are many, from one listing of what they have in common."""
    folders = [_folder(location) for location in locations]
    buckets = {bucket for bucket, _ in folders}
    if len(locations) > _MANY and len(buckets) == 1:
        common = _common_folder([prefix for _, prefix in folders])
        try:
            return _shared_out(_list(s3, folders[0][0], common, locations[0]), folders)
        except QueryFailed as error:
            if not error.message.startswith("PERMISSION_DENIED"):
                raise
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(lambda location: list_objects(s3, location), locations))


def _shared_out(items: Iterable[dict[str, Any]], folders: list[tuple[str, str]]) -> list[list[S3Object]]:
    """The data objects below each folder."""
    found: list[list[S3Object]] = [[] for _ in folders]
    places: dict[str, list[int]] = {}
    for number, (_, prefix) in enumerate(folders):
        places.setdefault(prefix, []).append(number)
    for item in filter(_has_data, items):
        key = item["Key"]
        for end in [0, *(match.end() for match in re.finditer("/", key))]:
            if key[:end] in places and _is_visible(key[end:]):
                for number in places[key[:end]]:
                    found[number].append(S3Object(folders[0][0], key, item["Size"]))
    return found


def _folder(location: str) -> tuple[str, str]:
    """The bucket of a location and the prefix of what lies below it."""
    if not location:
        raise QueryFailed("GENERIC_INTERNAL_ERROR: Can not create a Path from an empty string")
    if not is_s3_uri(location):
        raise CannotTranslate(f"the location {location}, which is not in S3")
    bucket, prefix = split_uri(location)
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def _common_folder(prefixes: list[str]) -> str:
    """
    >>> _common_folder(["a/b/c1/", "a/b/c2/", "a/b/"]), _common_folder(["a/", "b/"])
    ('a/b/', '')
    """
    first, last = (prefix.split("/")[:-1] for prefix in (min(prefixes), max(prefixes)))
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(f"{part}/" for part, _ in alike)


def _list(s3: Any, bucket: str, prefix: str, location: str) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in _guard(lambda: list(pages), location):
        yield from page.get("Contents", [])


def _is_visible(below: str) -> bool:
    return bool(below) and not any(part.startswith(("_", ".")) for part in below.split("/"))


def _has_data(item: dict[str, Any]) -> bool:
    return item["Size"] > 0 and item.get("StorageClass") not in _UNREADABLE


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
        """DuckDB reads UTF-8; Hadoop takes any bytes for text, compressed ones too if the name doesn't tell."""
        chunks = _without_lines(_lf_ended(decompressed(item.key, self._chunks(item))), skip)
        decoder = codecs.getincrementaldecoder("utf-8")()
        with target.open("wb") as file:
            last = b"\n"
            try:
                for chunk in chunks:
                    decoder.decode(chunk)
                    if last == b"\n" and chunk.startswith(b"\n"):
                        chunk = EMPTY_LINE.encode() + chunk
                    while b"\n\n" in chunk:
                        chunk = chunk.replace(b"\n\n", b"\n" + EMPTY_LINE.encode() + b"\n")
                    self._unseen -= {mark for mark in tuple(self._unseen) if mark.encode() in chunk}
                    file.write(chunk)
                    last = chunk[-1:] or last
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                what = "text that is not UTF-8, such as compressed text without its ending (.gz, .bz2, ...)"
                raise CannotTranslate(f"{what}: {item.uri}") from error
            except (zlib.error, EOFError, OSError, ValueError, cramjam.DecompressionError) as error:
                raise QueryFailed(f"HIVE_CURSOR_ERROR: Failed to read file at {item.uri}: {error}") from error
            if last != b"\n":
                file.write(b"\n")


def _without_lines(chunks: Iterator[bytes], skip: int) -> Iterator[bytes]:
    """All but the first lines."""
    for chunk in chunks:
        while skip and chunk:
            _, newline, chunk = chunk.partition(b"\n")
            skip -= bool(newline)
        yield chunk


def _lf_ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Hadoop's TextInputFormat ends a line at LF, CR LF and CR."""
    carriage_return = False
    for chunk in chunks:
        if carriage_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        if chunk:
            carriage_return = chunk.endswith(b"\r")
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def _guard(call: Any, location: str) -> Any:
    """Run an S3 call; a refusal becomes Athena's words."""
    try:
        return call()
    except ParamValidationError as error:
        raise QueryFailed(f"GENERIC_INTERNAL_ERROR: The specified bucket is not valid: {location}") from error
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
