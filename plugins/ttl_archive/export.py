"""One segment of a table into parts in S3: scan, select, encode, count."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import ClientError

from ttl_archive import objects
from ttl_archive.claims import Claim
from ttl_archive.layout import part_name
from ttl_archive.manifest import Part, SegmentRecord
from ttl_archive.page import Items
from ttl_archive.page_codec import Kinds
from ttl_archive.parts import PartWriter
from ttl_archive.scan import SegmentScan
from ttl_archive.selection import Judge
from ttl_archive.tally import Tally

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


Encode = Callable[[Items], tuple[bytes, Kinds]]


def whole(items: Items) -> tuple[bytes, Kinds]:
    """Encodes items with all their attributes."""
    return items.encode()


def keys_of(key_attributes: Sequence[str]) -> Encode:
    """Encodes of each item no more than its primary key."""
    names = tuple(key_attributes)
    return lambda items: items.encode(names)


@dataclass(frozen=True)
class OpenMonth:
    """A published month that the scan passes: its items, or their keys alone, are staged under a prefix of its own.

    :param encode: the items' lines: ``whole`` for a refresh, ``keys_of`` where it is only looked for late items.
    """

    prefix: str
    judge: Judge
    encode: Encode = whole


class _Passing:
    """What one segment stages of an open month."""

    def __init__(self, month: OpenMonth, parts: PartWriter, tally: Tally) -> None:
        self.prefix, self.parts, self.tally = month.prefix, parts, tally
        self._judge, self._encode = month.judge, month.encode

    def take(self, items: Items) -> None:
        mine = self._judge.sort(items)[0]
        lines, kinds = self._encode(mine)
        self.parts.write(lines)
        self.tally.add_archived(mine, kinds)
        self.tally.add_page(len(mine), len(mine), 0.0)


@dataclass
class SegmentExport:
    """Exports one segment under ``prefix``: ``part-SSSSS-NNNNN.jsonl.gz``, then ``_segment-SSSSS.json``.

    :param scan: the segment's pages.
    :param prefix: where parts go; nothing outside it is written but the quarantine.
    :param quarantine_prefix: where items without a readable timestamp go.
    :param judge: which items belong here; None takes all.
    :param encode: the lines of a page's items, and the types of their attributes.
    :param key_attributes: the table's primary key, listed for quarantined items.
    :param target_bytes: compressed size at which a part is rolled.
    :param open_months: published months whose items are staged on the way, each with a record of its own.
    """

    client: S3Client
    bucket: str
    prefix: str
    scan: SegmentScan
    try_number: int = 1
    judge: Judge | None = None
    encode: Encode = whole
    quarantine_prefix: str | None = None
    key_attributes: tuple[str, ...] = ()
    ttl_attribute: str | None = None
    target_bytes: int = 64 * 1024 * 1024
    open_months: tuple[OpenMonth, ...] = ()

    def __post_init__(self) -> None:
        segment = self.scan.segment
        self._claim = Claim(self.client, self.bucket, f"{self.prefix}_claim-{segment:05d}.json", self.try_number)
        self._parts = self._writer(self.prefix)
        self._quarantine = self._writer(self.quarantine_prefix or f"{self.prefix}_quarantine/")
        self._passing: list[_Passing] = []
        self._passed: list[SegmentRecord] = []

    def run(self) -> SegmentRecord:
        """Export the segment. What an earlier try left is removed first, and a later try stops this one.

        :raises Superseded: if a later try has taken over.
        """
        self._claim.take()
        self._remove_leftovers()
        try:
            record = self._export()
        except BaseException:
            self.abort()
            raise
        self._claim.check()
        self._abort_uploads()
        for month, passed in zip(self.open_months, self._passed, strict=True):
            self._put_record(month.prefix, passed)
        self._put_record(self.prefix, record)
        return record

    def abort(self) -> None:
        """Give up what is half written."""
        for parts in (self._parts, self._quarantine, *(one.parts for one in self._passing)):
            parts.abort()

    @property
    def record_key(self) -> str:
        """Where the segment's record lies; Athena skips names that start with an underscore."""
        return record_key(self.prefix, self.scan.segment)

    def _writer(self, prefix: str) -> PartWriter:
        return PartWriter(
            self.client,
            self.bucket,
            prefix,
            lambda number: part_name(self.scan.segment, number),
            self.target_bytes,
            self._claim.check,
        )

    def _remove_leftovers(self) -> None:
        """Delete the parts and abort the uploads of earlier tries of this segment."""
        own = [self.record_key.removeprefix(self.prefix), f"part-{self.scan.segment:05d}-"]
        for prefix in self._prefixes():
            for name in own:
                remove(self.client, self.bucket, prefix + name)

    def _prefixes(self) -> Iterator[str]:
        """Where this segment writes."""
        yield from filter(None, (self.prefix, self.quarantine_prefix, *(month.prefix for month in self.open_months)))

    def _abort_uploads(self) -> None:
        """Abort the uploads that a request of this try began and whose id was lost with the answer."""
        for prefix in self._prefixes():
            abort_uploads(self.client, self.bucket, f"{prefix}part-{self.scan.segment:05d}-")

    def _export(self) -> SegmentRecord:
        started_at = datetime.now(UTC).replace(microsecond=0)
        now = int(started_at.timestamp())
        tally = Tally(self.ttl_attribute, now)
        self._passing = [
            _Passing(month, self._writer(month.prefix), Tally(self.ttl_attribute, now)) for month in self.open_months
        ]
        with _no_cyclic_garbage():
            for page in self.scan.pages():
                self._parts.write(self._sort_out(page.items, tally))
                tally.add_page(page.scanned, len(page.items), page.read_units)
        parts, quarantine_parts = self._parts.close(), self._quarantine.close()
        self._passed = [self._record(started_at, one.parts.close(), (), one.tally) for one in self._passing]
        return self._record(started_at, parts, quarantine_parts, tally)

    def _record(
        self, started_at: datetime, parts: tuple[Part, ...], quarantine_parts: tuple[Part, ...], tally: Tally
    ) -> SegmentRecord:
        return SegmentRecord(
            segment=self.scan.segment,
            total_segments=self.scan.total_segments,
            started_at=started_at,
            finished_at=datetime.now(UTC).replace(microsecond=0),
            parts=parts,
            quarantine_parts=quarantine_parts,
            **tally.result(),
        )

    def _put_record(self, prefix: str, record: SegmentRecord) -> None:
        self.client.put_object(Bucket=self.bucket, Key=record_key(prefix, record.segment), Body=record.to_bytes())

    def _sort_out(self, items: Items, tally: Tally) -> bytes:
        """The lines of the items that belong here; the others are counted, and the bad ones kept in quarantine."""
        inside = items
        if self.judge:
            inside, outside, bad = self.judge.sort(items)
            for month in self._passing:
                month.take(outside)
            if bad:
                self._quarantine.write(bad.encode()[0])
                tally.add_bad(bad, self.key_attributes)
        lines, kinds = self.encode(inside)
        tally.add_archived(inside, kinds)
        return lines


@contextlib.contextmanager
def _no_cyclic_garbage() -> Iterator[None]:
    """Keep Python's cycle collector off: pages are trees of many small objects, and walking them finds no cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def record_key(prefix: str, segment: int) -> str:
    """``<prefix>_segment-00003.json``."""
    return f"{prefix}_segment-{segment:05d}.json"


def read_record(client: S3Client, bucket: str, key: str) -> SegmentRecord | None:
    """The record of a finished segment, or None."""
    found = objects.read(client, bucket, key)
    return SegmentRecord.model_validate(orjson.loads(found.body)) if found else None


def remove(client: S3Client, bucket: str, prefix: str) -> int:
    """Delete every object and abort every multipart upload whose key starts with the prefix; return how many."""
    removed = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=found["Key"])
            removed += 1
    return removed + abort_uploads(client, bucket, prefix)


def abort_uploads(client: S3Client, bucket: str, prefix: str) -> int:
    """Abort every multipart upload whose key starts with the prefix; return how many."""
    aborted = 0
    for listing in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in listing.get("Uploads", []):
            try:
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            except ClientError as error:
                if not objects.is_upload_gone(error):
                    raise
            aborted += 1
    return aborted
