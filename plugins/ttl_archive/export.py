"""One segment of a table into parts in S3: scan, select, encode, count."""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import ClientError

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

ATTRIBUTES_LISTED = 1000  # in a record's types
FURTHER_ATTRIBUTES = "(further attributes)"
_Shape = tuple[tuple[str, ...], tuple[str, ...]]  # the attributes' names, and their types
_SHAPES_HELD = 10_000
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
    counts: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None

    def add(self, items: list[Item]) -> None:
        """Count archived items."""
        usable = []
        oldest = self.now - _FIVE_YEARS
        for item in items:
            typed = item.get(self.attribute)
            if typed is None:
                self.counts["missing"] += 1
                continue
            try:
                expiry = int(float(typed["N"]))
            except (KeyError, ValueError, OverflowError):
                self.counts["not_a_number"] += 1
                continue
            if oldest <= expiry < _LATEST_SECONDS:
                usable.append(expiry)
            else:
                self.counts["milliseconds" if expiry >= _LATEST_SECONDS else "over_five_years_old"] += 1
        if usable:
            self.counts["usable"] += len(usable)
            self.first = min(usable) if self.first is None else min(self.first, *usable)
            self.last = max(usable) if self.last is None else max(self.last, *usable)

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
        self._abort_uploads()
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

    def _abort_uploads(self) -> None:
        """Abort the uploads that a request of this try began and whose id was lost with the answer."""
        for prefix in filter(None, (self.prefix, self.quarantine_prefix)):
            abort_uploads(self.client, self.bucket, f"{prefix}part-{self.scan.segment:05d}-")

    def _export(self) -> SegmentRecord:
        started_at = datetime.now(UTC).replace(microsecond=0)
        tally = _Tally(self.ttl_attribute, int(started_at.timestamp()))
        with _no_cyclic_garbage():
            for page in self.scan.pages():
                self._parts.write(self._sort_out(page.items, tally))
                tally.add_page(page.scanned, len(page.items), page.read_units)
        parts, quarantine_parts = self._parts.close(), self._quarantine.close()
        return SegmentRecord(
            segment=self.scan.segment,
            total_segments=self.scan.total_segments,
            started_at=started_at,
            finished_at=datetime.now(UTC).replace(microsecond=0),
            parts=parts,
            quarantine_parts=quarantine_parts,
            **tally.result(),
        )

    def _sort_out(self, items: list[Item], tally: _Tally) -> Iterable[bytes]:
        """The lines of the items that belong here; the others are counted, and the bad ones kept in quarantine."""
        inside, bad = items, []
        if self.judge:
            inside = []
            for item in items:
                verdict = self.judge(item)
                if verdict is Verdict.INSIDE:
                    inside.append(item)
                elif verdict is Verdict.BAD:
                    bad.append(item)
        if bad:
            self._quarantine.write(map(encode, bad))
            tally.add_bad([{name: item.get(name) for name in self.key_attributes} for item in bad])
        tally.add_archived(inside)
        return map(self.line_of, inside)


class _Tally:
    """The counts of a segment."""

    def __init__(self, ttl_attribute: str | None, now: int) -> None:
        self._ttl = TtlTally(ttl_attribute, now) if ttl_attribute else None
        self._shapes: Counter[_Shape] = Counter()
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
        # Most items of a table have one of a few shapes, so these are counted, and attributes only when it ends.
        self._shapes.update([(tuple(item), tuple(chain.from_iterable(item.values()))) for item in items])
        if len(self._shapes) > _SHAPES_HELD:
            self._fold_shapes()
        if self._ttl:
            self._ttl.add(items)

    def _fold_shapes(self) -> None:
        for (names, kinds), count in self._shapes.items():
            for name, kind in zip(names, kinds, strict=True):
                if name not in self._types and len(self._types) >= ATTRIBUTES_LISTED:
                    name = FURTHER_ATTRIBUTES  # a table may have names without end
                counted = self._types.setdefault(name, {})
                counted[kind] = counted.get(kind, 0) + count
        self._shapes.clear()

    def add_bad(self, keys: list[dict[str, Any]]) -> None:
        self.quarantined += len(keys)
        self._keys.extend(keys[: KEYS_LISTED - len(self._keys)])

    def result(self) -> dict[str, Any]:
        self._fold_shapes()
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
