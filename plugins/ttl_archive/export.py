"""One segment of a table into parts in S3: scan, select, encode, count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from ttl_archive import objects
from ttl_archive.claims import Claim
from ttl_archive.codec import Item, encode
from ttl_archive.layout import part_name
from ttl_archive.manifest import KEYS_LISTED, SegmentRecord, TtlCounts
from ttl_archive.parts import PartWriter
from ttl_archive.scan import SegmentScan
from ttl_archive.selection import Judge, Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FIVE_YEARS = 5 * 366 * 86400
_LATEST_SECONDS = 100_000_000_000  # the year 5138; DynamoDB reads larger values as far-off seconds


@dataclass
class TtlTally:
    """Counts TTL values as it meets them.

    :param now: epoch seconds; an item that expired over five years before isn't deleted by TTL
        (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
    """

    attribute: str
    now: int
    counts: dict[str, int] = field(default_factory=dict)
    first: int | None = None
    last: int | None = None

    def add(self, item: Item) -> None:
        """Count one archived item."""
        typed = item.get(self.attribute)
        if typed is None:
            self._count("missing")
            return
        try:
            expiry = int(float(typed["N"]))
        except (KeyError, ValueError, OverflowError):
            self._count("not_a_number")
            return
        if expiry >= _LATEST_SECONDS:
            self._count("milliseconds")
        elif expiry < self.now - _FIVE_YEARS:
            self._count("over_five_years_old")
        else:
            self._count("usable")
            if self.first is None or expiry < self.first:
                self.first = expiry
            if self.last is None or expiry > self.last:
                self.last = expiry

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def result(self) -> TtlCounts:
        """What was counted."""
        return TtlCounts(first_expiry=self.first, last_expiry=self.last, **self.counts)


@dataclass
class SegmentExport:
    """Exports one segment under ``prefix``: ``part-SSSSS-NNNNN.jsonl.gz``, then ``_segment-SSSSS.json``.

    :param scan: the segment's pages.
    :param prefix: where parts go; nothing outside it is written but the quarantine.
    :param quarantine_prefix: where items without a readable timestamp go.
    :param judge: which items belong here; None takes all.
    :param line_of: an item's line.
    :param key_attributes: the table's primary key, listed for quarantined items.
    :param target_bytes: compressed size at which a part is rolled.
    """

    client: S3Client
    bucket: str
    prefix: str
    scan: SegmentScan
    try_number: int = 1
    judge: Judge | None = None
    line_of: Callable[[Item], bytes] = encode
    quarantine_prefix: str | None = None
    key_attributes: tuple[str, ...] = ()
    ttl_attribute: str | None = None
    target_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        segment = self.scan.segment
        self._claim = Claim(self.client, self.bucket, f"{self.prefix}_claim-{segment:05d}.json", self.try_number)
        self._parts = self._writer(self.prefix)
        self._quarantine = self._writer(self.quarantine_prefix or f"{self.prefix}_quarantine/")

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
        self.client.put_object(Bucket=self.bucket, Key=self.record_key, Body=record.to_bytes())
        return record

    def abort(self) -> None:
        """Give up what is half written."""
        self._parts.abort()
        self._quarantine.abort()

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
        for prefix in (self.prefix, self.quarantine_prefix):
            if prefix is None:
                continue
            for name in own:
                remove(self.client, self.bucket, prefix + name)

    def _export(self) -> SegmentRecord:
        started_at = datetime.now(UTC).replace(microsecond=0)
        tally = _Tally(self.ttl_attribute, int(started_at.timestamp()))
        for page in self.scan.pages():
            lines = self._sort_out(page.items, tally)
            self._parts.write(lines)
            tally.add_page(page.scanned, len(page.items), page.read_units)
        return SegmentRecord(
            segment=self.scan.segment,
            total_segments=self.scan.total_segments,
            started_at=started_at,
            parts=self._parts.close(),
            quarantine_parts=self._quarantine.close(),
            **tally.result(),
        )

    def _sort_out(self, items: list[Item], tally: _Tally) -> list[bytes]:
        """The lines of the items that belong here; the others are counted, and the bad ones kept in quarantine."""
        if self.judge is None:
            inside = items
        else:
            verdicts = [self.judge(item) for item in items]
            inside = [item for item, verdict in zip(items, verdicts, strict=True) if verdict is Verdict.INSIDE]
            bad = [item for item, verdict in zip(items, verdicts, strict=True) if verdict is Verdict.BAD]
            if bad:
                self._quarantine.write(map(encode, bad))
                tally.add_bad([{name: item.get(name) for name in self.key_attributes} for item in bad])
        tally.add_archived(inside)
        return list(map(self.line_of, inside))


class _Tally:
    """The counts of a segment."""

    def __init__(self, ttl_attribute: str | None, now: int) -> None:
        self._ttl = TtlTally(ttl_attribute, now) if ttl_attribute else None
        self._types: dict[str, dict[str, int]] = {}
        self._keys: list[dict[str, Any]] = []
        self.pages = self.scanned = self.returned = self.archived = self.quarantined = 0
        self.read_units = 0.0

    def add_page(self, scanned: int, returned: int, read_units: float) -> None:
        self.pages += 1
        self.scanned += scanned
        self.returned += returned
        self.read_units += read_units

    def add_archived(self, items: list[Item]) -> None:
        self.archived += len(items)
        for item in items:
            for name, typed in item.items():
                kinds = self._types.setdefault(name, {})
                for kind in typed:
                    kinds[kind] = kinds.get(kind, 0) + 1
        if self._ttl:
            for item in items:
                self._ttl.add(item)

    def add_bad(self, keys: list[dict[str, Any]]) -> None:
        self.quarantined += len(keys)
        self._keys.extend(keys[: KEYS_LISTED - len(self._keys)])

    def result(self) -> dict[str, Any]:
        return {
            "pages": self.pages,
            "scanned": self.scanned,
            "archived": self.archived,
            "outside": self.returned - self.archived - self.quarantined,
            "quarantined": self.quarantined,
            "filtered": self.scanned - self.returned,
            "read_units": self.read_units,
            "types": self._types,
            "ttl": self._ttl.result() if self._ttl else TtlCounts(),
            "quarantined_keys": tuple(self._keys),
        }


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
    for listing in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in listing.get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            removed += 1
    return removed
